//! The command line in Japanese: help, and what is wrong with arguments. Its words stand in `words/cli.toml` under `help.` and the
//! names of command and argument, and in `words/errors.toml` under `error.usage.`.

use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use sakimori_model::Lang;

use crate::words::{harmless, knows, say};

/// As clap's own, but for the word for usage.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n使い方: {usage}\n\n{all-args}{after-help}";

/// The table of the command line with its texts in Japanese.
pub fn command(command: Command) -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let help = Arg::new("usage").short('h').long("help").action(ArgAction::Help).global(true);
    let command = command.disable_help_flag(true).disable_version_flag(true).arg(help).arg(version);
    translated(command, "help")
}

fn translated(command: Command, id: &str) -> Command {
    let text = |id: &str| knows(id).then(|| say(Lang::Ja, id, &[]));
    let mut command = match text(id) {
        Some(about) => command.about(about.clone()).long_about(about),
        None => command,
    };
    command = command.help_template(TEMPLATE).subcommand_help_heading("コマンド");
    if let Some(examples) = text(&format!("{id}.examples")) {
        command = command.after_help(examples);
    }
    let arguments: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    for name in arguments {
        let own = |part: &str| text(&format!("{id}.{name}{part}")).or_else(|| text(&format!("help.any.{name}{part}")));
        command = command.mut_arg(&name, |argument| described(argument, &own));
    }
    let commands: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    for name in commands {
        command = command.mut_subcommand(&name, |inner| translated(inner, &format!("{id}.{name}")));
    }
    command
}

/// An argument with its text, and with what clap would say in English about its values.
fn described(argument: Arg, own: &dyn Fn(&str) -> Option<String>) -> Arg {
    let mut help = own("").unwrap_or_default();
    let values = visible_values(&argument);
    let about: Vec<_> = values.iter().map(|value| own(&format!(".{}", value.get_name()))).collect();
    if about.iter().any(Option::is_some) {
        for (value, about) in values.iter().zip(about) {
            help += &format!("\n- {}: {}", value.get_name(), about.unwrap_or_default());
        }
    } else if !values.is_empty() {
        let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        help += &format!(" [値: {}]", names.join("、"));
    }
    let mut more = Vec::new();
    if argument.get_action().takes_values() {
        let defaults = argument.get_default_values().iter().map(|value| value.to_string_lossy());
        more.extend(defaults.filter(|value| !value.is_empty()).map(|value| format!("[既定: {value}]")));
    }
    more.extend(argument.get_env().map(|name| format!("[環境変数: {}]", name.to_string_lossy())));
    if !more.is_empty() {
        help += if help.contains('\n') { "\n" } else { " " };
        help += &more.join(" ");
    }
    let heading = if argument.is_positional() { "引数" } else { "オプション" };
    let argument = match argument.get_action().takes_values() {
        true => argument.hide_possible_values(true).hide_default_value(true).hide_env(true),
        false => argument,
    };
    argument.help_heading(heading).help(help.clone()).long_help(help)
}

fn visible_values(argument: &Arg) -> Vec<PossibleValue> {
    if !argument.get_action().takes_values() {
        return Vec::new();
    }
    argument.get_possible_values().into_iter().filter(|value| !value.is_hide_set()).collect()
}

/// Says what is wrong with the arguments of this process and ends it, as clap would; help and version are no errors.
pub fn exit(error: &clap::Error, arguments: &[String], mut command: Command) -> ! {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    command.build();
    eprintln!("{}", fault(error, arguments, &command));
    std::process::exit(error.exit_code());
}

fn fault(error: &clap::Error, arguments: &[String], command: &Command) -> String {
    let one = |kind| harmless(&words(error, kind).join(" "));
    let (argument, prior, value) =
        (one(ContextKind::InvalidArg), one(ContextKind::PriorArg), one(ContextKind::InvalidValue));
    let inner = one(ContextKind::InvalidSubcommand);
    let usage = |id: &str| {
        let values: [(&str, &dyn std::fmt::Display); 4] =
            [("argument", &argument), ("prior", &prior), ("value", &value), ("command", &inner)];
        say(Lang::Ja, &format!("error.usage.{id}"), &values)
    };
    let what = match error.kind() {
        ErrorKind::UnknownArgument => usage("unknown-argument"),
        ErrorKind::InvalidSubcommand => usage("unknown-command"),
        ErrorKind::MissingSubcommand => usage("missing-command"),
        ErrorKind::MissingRequiredArgument => usage("missing"),
        ErrorKind::ArgumentConflict if prior.is_empty() => usage("conflict"),
        ErrorKind::ArgumentConflict if prior == argument => usage("twice"),
        ErrorKind::ArgumentConflict => usage("conflict-with"),
        ErrorKind::InvalidValue if value.is_empty() => usage("no-value"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => usage("value"),
        ErrorKind::InvalidUtf8 => usage("not-utf8"),
        _ => usage("count"),
    };
    let mut lines = vec![format!("{}: {what}", say(Lang::Ja, "failure.error", &[]))];
    let valid = [ContextKind::ValidValue, ContextKind::ValidSubcommand].map(|kind| words(error, kind)).concat();
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .map(|kind| words(error, kind))
        .concat();
    // What a value looks like stands in the help of its argument.
    let form = innermost(arguments, command).get_arguments().find(|known| known.to_string() == argument);
    if error.kind() == ErrorKind::ValueValidation
        && let Some(help) = form.and_then(Arg::get_help)
    {
        lines.push(format!("  {argument}: {help}"));
    }
    for (id, words) in [("error.usage.valid", valid), ("error.usage.suggested", suggested)] {
        if !words.is_empty() {
            lines.push(format!("  {}", say(Lang::Ja, id, &[("words", &words.join("、"))])));
        }
    }
    let usage = words(error, ContextKind::Usage).concat();
    if let Some((_, usage)) = usage.trim().split_once(' ') {
        lines.push(format!("\n{}", say(Lang::Ja, "error.usage.usage", &[("usage", &usage)])));
    }
    lines.push(format!("\n{}", say(Lang::Ja, "error.usage.help", &[])));
    lines.join("\n")
}

/// What clap tells of an error under this kind.
fn words(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        Some(ContextValue::Number(number)) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

/// The command that these arguments name.
fn innermost<'a>(arguments: &[String], command: &'a Command) -> &'a Command {
    arguments.iter().fold(command, |found, word| found.find_subcommand(word).unwrap_or(found))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Arguments;

    #[test]
    fn every_command_and_argument_has_help_in_japanese() {
        let mut missing = Vec::new();
        untranslated(&Arguments::command(), "help", &mut missing);
        assert!(missing.is_empty(), "words/cli.toml lacks {missing:?}");
    }

    fn untranslated(command: &Command, id: &str, missing: &mut Vec<String>) {
        let mut need = |ids: [String; 2]| {
            if !ids.iter().any(|id| knows(id)) {
                missing.push(ids[0].clone());
            }
        };
        need([id.to_owned(), id.to_owned()]);
        if command.get_after_help().is_some() {
            need([format!("{id}.examples"), format!("{id}.examples")]);
        }
        for argument in command.get_arguments() {
            let name = argument.get_id();
            need([format!("{id}.{name}"), format!("help.any.{name}")]);
            for value in visible_values(argument).iter().filter(|value| value.get_help().is_some()) {
                let value = value.get_name();
                need([format!("{id}.{name}.{value}"), format!("help.any.{name}.{value}")]);
            }
        }
        for inner in command.get_subcommands() {
            untranslated(inner, &format!("{id}.{}", inner.get_name()), missing);
        }
    }

    #[test]
    fn no_help_in_japanese_has_an_english_sentence() {
        let mut all = command(Arguments::command());
        all.build();
        let mut pages = Vec::new();
        rendered(&mut all, &mut pages);
        assert!(pages.len() > 30);
        for page in pages {
            for english in [
                "Usage",
                "Options:",
                "Arguments:",
                "Commands:",
                "Print ",
                "[default",
                "[env",
                "ossible values",
                "Examples:",
            ] {
                assert!(!page.contains(english), "{english} in:\n{page}");
            }
        }
    }

    fn rendered(command: &mut Command, pages: &mut Vec<String>) {
        pages.push(command.render_long_help().to_string());
        for inner in command.get_subcommands_mut() {
            rendered(inner, pages);
        }
    }
}
