//! `sakimori detect`.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use sakimori_examine::limits::Limits;
use sakimori_examine::log::{self, Match};
use sakimori_examine::report::Report;
use sakimori_examine::sigma::RuleSet;
use sakimori_examine::{catalogue, codes, recognise};
use sakimori_node::flow::Progress as _;
use sakimori_node::observe::{Input, Opened, path_text, walk};
use sakimori_node::told::Told as _;
use serde_json::{Value, json};

use crate::cli::{Chatter, Context, DataFormat, Detect};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::{harmless, say};

/// Inputs that are no logs and are named; of more, the number is shown.
const NOT_LOGS_MAX: u64 = 10;

/// Runs the rules over logs and prints every match.
pub fn run(context: &Context, options: &Detect) -> Result<Exit, Failure> {
    let rules = match options.rules.as_slice() {
        [] => RuleSet::builtin().clone(),
        paths => super::rules::load(context, paths)?,
    };
    let inputs = walk(&options.paths, &context.home().unwrap_or_default());
    let bar = Bar::new(context);
    bar.inputs(inputs.len());
    let mut run = Run {
        context,
        options,
        rules: &rules,
        out: BufWriter::new(Box::new(io::stdout().lock())),
        written: 0,
        events: 0,
        reached: false,
        unread: 0,
        not_logs: 0,
    };
    for input in &inputs {
        run.input(input)?;
        bar.step(&name_of(input));
    }
    bar.finish();
    run.end()
}

struct Run<'a> {
    context: &'a Context,
    options: &'a Detect,
    rules: &'a RuleSet,
    out: BufWriter<Box<dyn Write>>,
    written: u64,
    events: u64,
    reached: bool,
    unread: u64,
    not_logs: u64,
}

impl Run<'_> {
    fn input(&mut self, input: &Input) -> Result<(), Failure> {
        let path = name_of(input);
        let opened = match input {
            Input::File(path) => Opened::file(path),
            Input::Stdin => Opened::spooled(&mut io::stdin().lock(), &std::env::temp_dir()),
            Input::Unreadable(unobserved) => {
                self.unread(&path, &unobserved.why.in_lang(self.context.lang));
                return Ok(());
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.unread(&path, &error.told(self.context.lang));
                return Ok(());
            }
        };
        let kind = match recognise::recognise(&opened.source) {
            Ok(kind) => kind,
            Err(error) => {
                self.unread(&path, &error.told(self.context.lang));
                return Ok(());
            }
        };
        let limits = Limits::default();
        let mut report = Report::new(&limits);
        let rules = self.rules;
        let mut failed = None;
        let summary = log::detect(&opened.source, &kind, rules, &mut report, &mut |found| {
            if failed.is_none() {
                failed = self.found(&path, &found).err();
            }
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        self.events += summary.events;
        for finding in report.finish(kind).unexamined() {
            if finding.code == codes::NO_EXAMINER {
                self.not_logs += 1;
                if self.context.chatter == Chatter::Normal && self.not_logs <= NOT_LOGS_MAX {
                    let title = catalogue::title(finding, self.context.lang);
                    eprintln!("{}: {}", harmless(&path), harmless(&title));
                }
                continue;
            }
            let why = catalogue::title(finding, self.context.lang);
            let text = say(self.context.lang, "detect.incomplete", &[("why", &why)]);
            self.unread(&path, &text);
        }
        Ok(())
    }

    /// Says that something was not read; the exit status will say so too.
    fn unread(&mut self, path: &str, why: &dyn Display) {
        self.unread += 1;
        let warning = say(self.context.lang, "failure.warning", &[]);
        eprintln!("{warning}: {}: {}", harmless(path), harmless(&why.to_string()));
    }

    fn found(&mut self, path: &str, found: &Match<'_>) -> io::Result<()> {
        self.reached |= self.options.fail_on.reached(found.rule.level);
        self.written += 1;
        match self.options.format {
            DataFormat::Text => self.text(path, found),
            DataFormat::Jsonl => {
                serde_json::to_writer(&mut self.out, &json_of(path, found))?;
                self.out.write_all(b"\n")
            }
            DataFormat::Json => {
                self.out.write_all(if self.written == 1 { b"{\"matches\":[\n" } else { b",\n" })?;
                Ok(serde_json::to_writer(&mut self.out, &json_of(path, found))?)
            }
        }
    }

    fn text(&mut self, path: &str, found: &Match<'_>) -> io::Result<()> {
        let Context { lang, paint, .. } = *self.context;
        let level = say(lang, &format!("severity.{}", found.rule.level.as_str()), &[]);
        let level = paint.severity(found.rule.level, &level);
        let time = found.time.as_deref().unwrap_or("-");
        let place = format!("{}#{}", harmless(path), found.record);
        writeln!(self.out, "{} {level} {}  {}", harmless(time), harmless(&found.rule.title), paint.dim(&place))?;
        for (field, value) in &found.matched {
            writeln!(self.out, "    {}", paint.dim(&harmless(&format!("{field}: {value}"))))?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<Exit, Failure> {
        if self.options.format == DataFormat::Json {
            self.out.write_all(if self.written == 0 { b"{\"matches\":[]}\n" } else { b"\n]}\n" })?;
        }
        self.out.flush()?;
        if self.context.chatter == Chatter::Normal {
            let values: [(&str, &dyn Display); 3] =
                [("events", &self.events), ("rules", &self.rules.len()), ("matches", &self.written)];
            eprintln!("{}", say(self.context.lang, "detect.summary", &values));
            if self.not_logs > 0 {
                eprintln!("{}", say(self.context.lang, "detect.not-logs", &[("count", &self.not_logs)]));
            }
        }
        // Nothing at all was a log: then nothing was detected in, which is no clean result.
        let nothing_done = self.events == 0 && self.not_logs > 0;
        Ok(match (self.unread + u64::from(nothing_done), self.reached) {
            (0, false) => Exit::Done,
            (0, true) => Exit::Findings,
            _ => Exit::CouldNot,
        })
    }
}

fn name_of(input: &Input) -> String {
    match input {
        Input::File(path) => path_text(path),
        Input::Stdin => "-".to_owned(),
        Input::Unreadable(unobserved) => unobserved.path.clone(),
    }
}

fn json_of(path: &str, found: &Match<'_>) -> Value {
    let matched: serde_json::Map<String, Value> =
        found.matched.iter().map(|(field, value)| (field.clone(), value.clone().into())).collect();
    json!({
        "path": path,
        "rule": found.rule.id,
        "title": found.rule.title,
        "level": found.rule.level,
        "record": found.record,
        "time": found.time,
        "techniques": found.rule.techniques,
        "matched": matched,
    })
}
