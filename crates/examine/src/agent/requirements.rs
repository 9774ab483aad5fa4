//! What a package needs to be installed: lists for pip, projects, environments of conda, manifests of npm.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::FactName;
use serde::Deserialize;
use url::Url;

use super::doc::Doc;
use super::judge::Judge;
use super::{codes, command, config, links};
use crate::prose::fold::fold;
use crate::prose::near::{Near, is_one_edit};

/// Letters of a name below which one letter makes too little of a difference.
const NAME_CHARS_MIN: usize = 5;
/// Requirements of one file that are judged; of more it is said.
const REQUIREMENTS_MAX: usize = 20_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    known: Vec<String>,
    own: HashSet<String>,
    indexes: HashSet<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("data/packages.toml")).unwrap_or_else(|e| panic!("packages.toml: {e}"))
});

/// A requirement as it is written (PEP 508), or an option of pip.
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:-{1,2}[A-Za-z][\w-]*(?:[ =].*)?|(?:git\+|https?://|file:)\S+.*|\.{0,2}/\S+|[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*(?:(?:===?|~=|!=|<=?|>=?)\s*[^\s,;]+(?:\s*,\s*(?:===?|~=|!=|<=?|>=?)\s*[^\s,;]+)*|@\s*\S+)?\s*(?:;.*)?(?:\s+--hash=\S+)*(?:\s+#.*)?\\?)$",
    )
    .expect("the pattern is a constant")
});

/// True for a list in which every line is a requirement, and at least one says so by a version, an address or an option.
pub fn looks_like(text: &str) -> bool {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).take(500).collect();
    let option = |l: &str| {
        [
            "-r ",
            "-e ",
            "-c ",
            "-i ",
            "-f ",
            "--index-url",
            "--extra-index-url",
            "--find-links",
            "--trusted-host",
            "--no-index",
            "--pre",
            "--hash",
            "--no-binary",
            "--only-binary",
            "--requirement",
            "--editable",
        ]
        .iter()
        .any(|o| l.starts_with(o))
    };
    let fits = |l: &str| if l.starts_with('-') { option(l) } else { LINE.is_match(l) };
    let says = |l: &&str| {
        l.contains("==") || l.contains(">=") || l.contains("~=") || l.contains("git+") || l.contains(" @ ") || option(l)
    };
    !lines.is_empty() && lines.iter().all(|l| fits(l)) && lines.iter().any(says)
}

/// Judges a list for pip.
pub fn judge_list(judge: &mut Judge<'_, '_>, text: &str) {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    for (number, line) in lines.enumerate() {
        if number >= REQUIREMENTS_MAX {
            judge.report.over("agent_requirements_max", REQUIREMENTS_MAX as u64);
            return;
        }
        requirement(judge, "requirements", line.split(" #").next().unwrap_or(line).trim());
    }
}

/// Judges one requirement or option of pip.
pub fn requirement(judge: &mut Judge<'_, '_>, path: &str, line: &str) {
    if line.starts_with('-') {
        option(judge, path, line);
        return;
    }
    if line.contains("://") || line.starts_with("git+") {
        from_address(judge, path, line);
        if !line.contains('@') || line.starts_with("git+") || line.starts_with("http") {
            return;
        }
    }
    let (name, rest) = line
        .split_at(line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(line.len()));
    if name.is_empty() || line.starts_with(['.', '/']) {
        return;
    }
    judge.report.fact(
        FactName::Dependency,
        line.split([';', '\\']).next().unwrap_or(line).split(" --hash").next().unwrap_or(line).trim(),
    );
    named(judge, path, name);
    let pinned = rest.contains("==") && !rest.contains(".*");
    if !pinned && !rest.contains('@') {
        judge.found(&codes::ANY_VERSION, path, line);
    }
}

fn option(judge: &mut Judge<'_, '_>, path: &str, line: &str) {
    let (flag, value) = line.split_once(['=', ' ']).map_or((line, ""), |(flag, value)| (flag, value.trim()));
    match flag {
        "--index-url" | "-i" | "--extra-index-url" | "--find-links" | "-f" => index(judge, path, flag, value),
        "--trusted-host" => judge.found(&codes::UNCHECKED_INDEX, path, line),
        "-e" | "--editable" if value.contains("://") => from_address(judge, path, value),
        _ => {}
    }
}

/// Another place that packages come from.
pub fn index(judge: &mut Judge<'_, '_>, path: &str, flag: &str, value: &str) {
    let Ok(url) = Url::parse(value) else { return };
    let host = url.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1");
    if url.scheme() == "http" && !local {
        judge.found(&codes::UNCHECKED_INDEX, path, value);
    } else if matches!(url.scheme(), "http" | "https") && !TABLE.indexes.contains(host) {
        judge.found(&codes::OTHER_INDEX, path, &format!("{flag} {value}"));
    }
    if url.password().is_some() {
        judge.found(&codes::LITERAL_SECRET, path, host);
    }
}

/// A package straight from an address: known only when the address names a commit, or the line a digest.
fn from_address(judge: &mut Judge<'_, '_>, path: &str, line: &str) {
    let start = line.find("git+").or_else(|| line.find("http")).or_else(|| line.find("file:")).unwrap_or(0);
    let address = &line[start..];
    let host = Url::parse(address.trim_start_matches("git+")).ok().and_then(|url| url.host_str().map(str::to_owned));
    let known = links::is_commit(address) || address.contains("sha256=") || address.contains("sha256:");
    let kept = host.is_some_and(|host| TABLE.indexes.contains(&host)) && !address.starts_with("git+");
    if !known && !kept {
        judge.found(&codes::NO_COMMIT, path, address);
    }
    links::judge(judge, path, address);
    judge.report.fact(FactName::Dependency, line);
}

/// Judges the name of a package.
fn named(judge: &mut Judge<'_, '_>, path: &str, name: &str) {
    let plain = name.to_lowercase().replace(['_', '.'], "-");
    if TABLE.known.contains(&plain) || TABLE.own.contains(&plain) {
        return;
    }
    let folded = fold(&plain);
    let imitates = |known: &str| {
        let near = known.len() >= NAME_CHARS_MIN
            && folded.len() >= NAME_CHARS_MIN
            && folded.is_ascii()
            && is_one_edit(&folded, known);
        (folded != plain && folded == known)
            || near && !only_a_digit(&folded, known)
            || known.len() >= NAME_CHARS_MIN && swapped(&folded) == swapped(known)
    };
    if let Some(known) = NEAR.of(&folded).into_iter().map(|at| &TABLE.known[at]).find(|known| imitates(known)) {
        judge.found(&codes::IMITATED_NAME, path, &format!("{name} / {known}"));
    }
}

static NEAR: LazyLock<Near> = LazyLock::new(|| Near::new(TABLE.known.iter().map(String::as_str), swapped));

/// A name with what is taken for one another at a glance made alike.
fn swapped(name: &str) -> String {
    name.replace('0', "o").replace('1', "l").replace("rn", "m").replace('-', "")
}

/// True for names such as `boto3` and `boto`, `httpx` and `httpx2`: a number at the end is a version.
fn only_a_digit(name: &str, known: &str) -> bool {
    name.trim_end_matches(|c: char| c.is_ascii_digit()) == known.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Judges the settings of a Python project.
pub fn judge_project(judge: &mut Judge<'_, '_>, doc: &Doc) {
    let project = doc.get("project").or_else(|| doc.get("tool").and_then(|t| t.get("poetry")));
    if let Some(project) = project {
        config::about(judge, project);
        for author in project.get("authors").map(Doc::items).unwrap_or_default() {
            if let Some(name) = author.text().or_else(|| author.text_of("name")) {
                judge.report.fact(FactName::Author, name);
            }
        }
    }
    config::walk(doc, "", &mut |path, key, value| {
        let above = path.rsplit('.').nth(1).unwrap_or_default();
        let list = matches!(key, "dependencies" | "requires" | "constraint-dependencies" | "dev-dependencies")
            || matches!(above, "optional-dependencies" | "dependency-groups");
        if list {
            value.items().iter().filter_map(Doc::text).for_each(|line| requirement(judge, path, line));
        }
        if matches!(key, "dependencies" | "dev-dependencies" | "sources") && path.starts_with("tool.") {
            for (name, spec) in value.entries().iter().filter(|(name, _)| name != "python") {
                of_poetry(judge, path, name, spec);
            }
        }
        if let (true, Some(url)) = (
            matches!(key, "index-url" | "extra-index-url" | "url")
                && (path.contains("index") || path.contains("source[") || path.contains("pip")),
            value.text(),
        ) {
            index(judge, path, key, url);
        }
    });
}

fn of_poetry(judge: &mut Judge<'_, '_>, path: &str, name: &str, spec: &Doc) {
    let version = spec.text().or_else(|| spec.text_of("version")).unwrap_or_default();
    if let Some(address) = spec.text_of("git").or_else(|| spec.text_of("url")) {
        let full = format!("git+{address}@{}", spec.text_of("rev").unwrap_or_default());
        from_address(judge, path, if spec.has_any(&["git"]) { &full } else { address });
        return;
    }
    judge.report.fact(FactName::Dependency, format!("{name} {version}"));
    named(judge, path, name);
    if !command::is_exact(version) {
        judge.found(&codes::ANY_VERSION, path, &format!("{name} {version}"));
    }
}

/// Judges an environment of conda.
pub fn judge_environment(judge: &mut Judge<'_, '_>, doc: &Doc) {
    config::about(judge, doc);
    for channel in doc.get("channels").map(Doc::words).unwrap_or_default() {
        if channel.contains("://") {
            index(judge, "channels", "channel", channel);
        }
    }
    for one in doc.get("dependencies").map(Doc::items).unwrap_or_default() {
        for line in one.get("pip").map(Doc::items).unwrap_or_default().iter().filter_map(Doc::text) {
            requirement(judge, "dependencies.pip", line);
        }
        let Some(line) = one.text() else { continue };
        judge.report.fact(FactName::Dependency, line);
        let name = line.rsplit("::").next().unwrap_or(line).split(['=', '<', '>', ' ', '!']).next().unwrap_or_default();
        named(judge, "dependencies", name);
        if !line.contains('=') || line.contains('>') {
            judge.found(&codes::ANY_VERSION, "dependencies", line);
        }
    }
}

/// Judges the manifest of an npm package.
pub fn judge_npm(judge: &mut Judge<'_, '_>, doc: &Doc) {
    config::about(judge, doc);
    for (name, script) in doc.get("scripts").map(Doc::entries).unwrap_or_default() {
        let Some(line) = script.text() else { continue };
        let path = format!("scripts.{name}");
        if let Some((_, harmful)) = command::harm(line) {
            judge.found(&codes::HARMFUL_COMMAND, &path, harmful);
        }
        if ["preinstall", "install", "postinstall"].contains(&name.as_str())
            || name == "prepare" && line.contains("node ")
        {
            judge.found(&codes::INSTALL_SCRIPT, &path, line);
        }
    }
    for table in ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] {
        for (name, version) in doc.get(table).map(Doc::entries).unwrap_or_default() {
            let version = version.text().unwrap_or_default();
            judge.report.fact(FactName::Dependency, format!("{name}@{version}"));
            named(judge, table, name);
            if version.contains("://") || version.starts_with("github:") || version.starts_with("git") {
                from_address(judge, table, version);
            } else if !command::is_exact(version)
                && !version.starts_with("file:")
                && !version.starts_with("workspace:")
                && !version.starts_with("npm:")
            {
                judge.found(&codes::ANY_VERSION, table, &format!("{name}@{version}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_for_pip_are_told_from_word_lists() {
        assert!(looks_like("# needs\ntorch==2.1.0\nnumpy>=1.26,<2 # why\nscipy\n"));
        assert!(looks_like("--index-url https://example.com\ntorch\n"));
        assert!(looks_like("x @ git+https://example.com/x.git@main\n"));
        assert!(!looks_like("a\nb\nc\n"));
        assert!(!looks_like("- one\n- two\n"));
        assert!(!looks_like("a sentence with >= in it\n"));
    }
}
