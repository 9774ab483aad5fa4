//! `docs/coverage.md`: what the program finds, misses and does not examine in real data. No figure in it is written
//! by hand; the data sets are not part of the project, and what they are stands beside each table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::messages;

/// Names of misses or false alarms that are listed; of more, the number is given.
const NAMES_MAX: usize = 40;

/// Runs the program over every data set and writes the tables.
pub fn run(data: &Path, program: &Path) -> Result<()> {
    let program = if program.is_absolute() { program.to_owned() } else { crate::root().join(program) };
    ensure!(program.is_file(), "{}: build it first (`make build`)", program.display());
    let home = std::env::temp_dir().join(format!("sakimori-coverage-{}", std::process::id()));
    let bench = Runner { data: data.to_owned(), program, home: home.clone() };
    let mut text = HEAD.to_owned();
    text += &artefacts(&bench)?;
    text += &mail(&bench)?;
    text += &messages::section(&bench.data)?;
    for section in [sigma_regression, attack_samples, event_streams, others] {
        text += &section(&bench)?;
    }
    text += &bench.soundness()?;
    fs::write(crate::root().join("docs/coverage.md"), text)?;
    fs::remove_dir_all(home).context("the node of this run")
}

const HEAD: &str = "# Coverage of real data\n\n\
Written by `make coverage SAKIMORI_DATA=…` with the release build; every figure is counted, none is written by hand.\n\
*allow*, *review* and *block* are the decisions of the default policy. *Not wholly examined* are inputs for which\n\
`examined` is not `true`: they are never *allow*. The data sets are not part of the project; each keeps its licence.\n";

/// The program on the data sets, with a node of its own.
struct Runner {
    data: PathBuf,
    program: PathBuf,
    home: PathBuf,
}

impl Runner {
    fn has(&self, folder: &str) -> bool {
        self.data.join(folder).exists()
    }

    /// The objects that a command prints for a folder of the data, and the seconds that it took.
    fn lines(&self, command: &[&str], path: &str) -> Result<(Vec<Value>, f64)> {
        let start = Instant::now();
        let output = Command::new(&self.program)
            .args(command)
            .args(["--quiet", "--format", "jsonl"])
            .arg(self.data.join(path))
            .env("SAKIMORI_HOME", &self.home)
            .env("SAKIMORI_LANG", "en")
            .output()?;
        let seconds = start.elapsed().as_secs_f64();
        if output.status.code().is_none_or(|code| code > 2) {
            bail!("{command:?} {path} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok((lines, seconds))
    }

    fn check(&self, path: &str) -> Result<(Vec<Value>, f64)> {
        self.lines(&["check", "--fail-on", "never"], path)
    }

    /// All of these decisions are in the log, and everything fits.
    fn soundness(&self) -> Result<String> {
        let mut text = "\n## The records of this run\n\n".to_owned();
        for arguments in [&["log", "verify"][..], &["audit"]] {
            let output = Command::new(&self.program)
                .args(arguments)
                .env("SAKIMORI_HOME", &self.home)
                .env("SAKIMORI_LANG", "en")
                .output()?;
            ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
            let _ = writeln!(
                text,
                "- `sakimori {}`: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stdout).trim()
            );
        }
        Ok(text)
    }
}

/// How many inputs of one group got which decision.
#[derive(Default)]
struct Row {
    inputs: usize,
    block: usize,
    review: usize,
    allow: usize,
    partial: usize,
}

impl Row {
    const HEAD: &str = "| set | inputs | block | review | allow | not wholly examined |\n|---|---|---|---|---|---|\n";

    fn count(&mut self, result: &Value) {
        self.inputs += 1;
        match result["decision"].as_str() {
            Some("block") => self.block += 1,
            Some("review") => self.review += 1,
            _ => self.allow += 1,
        }
        self.partial += usize::from(result["examined"] != true);
    }

    fn line(&self, name: &str) -> String {
        let share = |count: usize| {
            if self.inputs == 0 {
                "0".to_owned()
            } else {
                format!("{count} ({:.1} %)", 100.0 * count as f64 / self.inputs as f64)
            }
        };
        format!(
            "| {name} | {} | {} | {} | {} | {} |\n",
            self.inputs,
            share(self.block),
            share(self.review),
            share(self.allow),
            share(self.partial)
        )
    }
}

fn table(groups: &BTreeMap<String, Row>) -> String {
    groups.iter().fold(Row::HEAD.to_owned(), |text, (name, row)| text + &row.line(name))
}

fn artefacts(bench: &Runner) -> Result<String> {
    if !bench.has("artefact") {
        return Ok(skipped("Model artefacts", "artefact"));
    }
    let labels: BTreeMap<String, Value> =
        serde_json::from_str(&fs::read_to_string(bench.data.join("artefact/labels.json"))?)?;
    let (results, seconds) = bench.check("artefact")?;
    let mut groups: BTreeMap<String, Row> = BTreeMap::new();
    let (mut missed, mut alarmed) = (Vec::new(), Vec::new());
    for result in &results {
        let name = relative(result, &bench.data.join("artefact"));
        let Some(label) = labels.get(&name).and_then(|label| label["label"].as_str()) else { continue };
        groups.entry(label.to_owned()).or_default().count(result);
        let decision = result["decision"].as_str().unwrap_or_default();
        match (label, decision) {
            ("mal", "allow") => missed.push(name),
            ("ben", "block" | "review") => alarmed.push(format!("{name} ({decision}: {})", codes(result))),
            _ => {}
        }
    }
    let silent = results.iter().filter(|r| r["decision"] == "allow" && r["examined"] != true).count();
    Ok(format!(
        "\n## Model artefacts\n\nTest files of picklescan, modelscan, modelaudit, joblib and pickle_injector, llama.cpp vocabularies, small\n\
         models from PyPI and harmless proofs of concept, labelled `mal`, `ben`, `hazard-text` or `other` by their source.\n\
         They were at hand while the examiners were built.\n\
         {} files in {seconds:.1} s. Passed as *allow* without a whole examination: {silent}.\n\n{}\n{}{}{}",
        results.len(),
        table(&groups),
        listing("Malicious and allowed", &missed),
        listing("Benign and not allowed", &alarmed),
        peers()?,
    ))
}

/// What other scanners say of the same files, as `docs/peers.md` has it.
fn peers() -> Result<String> {
    let path = crate::root().join("docs/peers.md");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let table: Vec<&str> =
        text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).collect();
    ensure!(table.len() > 2, "{}: there is no table", path.display());
    Ok(format!(
        "\n### Beside other scanners\n\nOne process a file; what counts as which answer stands in [peers.md](peers.md), \
         which `make peers` writes.\n\n{}\n",
        table.join("\n")
    ))
}

fn mail(bench: &Runner) -> Result<String> {
    let sets = [
        ("mail/phishing-to-2024", "phishing to 2024 (used to build)"),
        ("mail/phishing-2025", "phishing 2025 (held out)"),
        ("mail/sa-easy-ham-1", "easy ham 2002"),
        ("mail/sa-hard-ham-1", "hard ham 2002 (not built on, but its totals were seen)"),
        ("mail/sa-spam-1", "spam 2002 (held out; not phishing)"),
    ];
    let mut groups: BTreeMap<String, Row> = BTreeMap::new();
    let (mut missed, mut alarmed, mut count, mut seconds) = (Vec::new(), Vec::new(), 0, 0.0);
    for (folder, name) in sets {
        if !bench.has(folder) {
            return Ok(skipped("Mail", "mail"));
        }
        let (results, took) = bench.check(folder)?;
        count += results.len();
        seconds += took;
        for result in &results {
            let group = match folder {
                "mail/sa-easy-ham-1" if half(result) == 0 => format!("{name}, even half (used to build)"),
                "mail/sa-easy-ham-1" => format!("{name}, odd half (held out)"),
                _ => name.to_owned(),
            };
            let held_out = group.contains("held out");
            let allowed = result["decision"] == "allow";
            match folder {
                "mail/phishing-2025" if allowed => missed.push(relative(result, &bench.data)),
                "mail/sa-easy-ham-1" if held_out && !allowed => {
                    alarmed.push(format!("{} ({})", relative(result, &bench.data), codes(result)));
                }
                _ => {}
            }
            groups.entry(group).or_default().count(result);
        }
    }
    Ok(format!(
        "\n## Mail\n\nphishing_pot (CC BY-NC, testing only) and the SpamAssassin public corpus. Ham is halved by the first digit of the\n\
         file's SHA-256: even was used to build, odd only to report. Classes differ in era and headers, so these figures\n\
         say little about modern benign mail. {count} mails in {seconds:.1} s.\n\n{}\n{}{}",
        table(&groups),
        listing("Phishing of 2025 and allowed", &missed),
        listing("Held-out easy ham and not allowed", &alarmed),
    ))
}

fn sigma_regression(bench: &Runner) -> Result<String> {
    if !bench.has("logs/sigma-regression") || !bench.has("rules/sigma") {
        return Ok(skipped("Sigma regression pairs", "logs, rules"));
    }
    let rules = bench.data.join("rules/sigma").display().to_string();
    let (matches, seconds) =
        bench.lines(&["detect", "--fail-on", "never", "--rules", &rules], "logs/sigma-regression")?;
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for hit in &matches {
        let key = (relative(hit, &bench.data), hit["rule"].as_str().unwrap_or_default().to_owned());
        *found.entry(key).or_default() += 1;
    }
    let (mut pairs, mut hits, mut missed) = (0, 0, Vec::new());
    for entry in walkdir::WalkDir::new(bench.data.join("logs/sigma-regression")).sort_by_file_name() {
        let entry = entry?;
        let is_event = entry.path().extension().is_some_and(|e| e == "evtx" || e == "json");
        let Some(folder) = entry.path().parent().filter(|_| is_event) else { continue };
        let Some(rule) = expected_rule(&folder.join("info.yml")) else { continue };
        pairs += 1;
        let name = entry.path().strip_prefix(&bench.data)?.display().to_string();
        if found.contains_key(&(name.clone(), rule.clone())) {
            hits += 1
        } else {
            missed.push(format!("{name} ({rule})"))
        }
    }
    Ok(format!(
        "\n## Sigma regression pairs\n\nSigmaHQ's regression data: the rule that `info.yml` names must match the EVTX file and the JSON event beside it.\n\
         {hits} of {pairs} matched, in {seconds:.1} s with all rules of the set.\n\n{}",
        listing("Not matched", &missed)
    ))
}

/// The id below `rule_metadata` of an `info.yml`.
fn expected_rule(info: &Path) -> Option<String> {
    let text = fs::read_to_string(info).ok()?;
    let after = text.split_once("rule_metadata:")?.1;
    let line = after.lines().find(|line| line.trim_start().starts_with("- id:"))?;
    Some(line.split_once("id:")?.1.trim().trim_matches(['\'', '"']).to_owned())
}

fn attack_samples(bench: &Runner) -> Result<String> {
    if !bench.has("logs/evtx-attack-samples") || !bench.has("rules/sigma") {
        return Ok(skipped("EVTX attack samples", "logs, rules"));
    }
    let rules = bench.data.join("rules/sigma").display().to_string();
    let (results, seconds) =
        bench.lines(&["check", "--fail-on", "never", "--rules", &rules], "logs/evtx-attack-samples")?;
    let mut groups: BTreeMap<String, Row> = BTreeMap::new();
    let mut silent = Vec::new();
    for result in results.iter().filter(|result| result["kind"] == "evtx") {
        let name = relative(result, &bench.data.join("logs/evtx-attack-samples"));
        let tactic = name.split_once('/').map_or("(none)", |(tactic, _)| tactic);
        groups.entry(tactic.to_owned()).or_default().count(result);
        if result["decision"] == "allow" {
            silent.push(name.clone());
        }
    }
    Ok(format!(
        "\n## EVTX attack samples\n\nEvery file holds an attack (folder = tactic), examined with the built-in rules and all of SigmaHQ's, in {seconds:.1} s.\n\n{}\n{}",
        table(&groups),
        listing("Nothing at medium or above", &silent),
    ))
}

fn event_streams(bench: &Runner) -> Result<String> {
    if !bench.has("logs/security-datasets") || !bench.has("rules/sigma") {
        return Ok(skipped("Event streams", "logs, rules"));
    }
    let rules = bench.data.join("rules/sigma").display().to_string();
    let mut text = "\n## Event streams (OTRF Security Datasets, no labels)\n\n| file | MB | matches | rules that matched | seconds |\n|---|---|---|---|---|\n".to_owned();
    for file in ["logs/security-datasets/windows-40k.jsonl", "logs/security-datasets/aws.jsonl"] {
        let (matches, seconds) = bench.lines(&["detect", "--fail-on", "never", "--rules", &rules], file)?;
        let rules: std::collections::BTreeSet<&str> = matches.iter().filter_map(|m| m["rule"].as_str()).collect();
        let size = fs::metadata(bench.data.join(file))?.len() as f64 / 1e6;
        let _ = writeln!(text, "| {file} | {size:.1} | {} | {} | {seconds:.1} |", matches.len(), rules.len());
    }
    Ok(text)
}

fn others(bench: &Runner) -> Result<String> {
    let mut groups: BTreeMap<String, Row> = BTreeMap::new();
    for set in ["media", "message", "prompts", "stix", "url"] {
        if bench.has(set) {
            let (results, _) = bench.check(set)?;
            results.iter().for_each(|result| groups.entry(set.to_owned()).or_default().count(result));
        }
    }
    Ok(format!(
        "\n## Files of forms without an examiner\n\nTables (CSV) of messages and of addresses, collections of prompts, STIX bundles, pictures and sound: given as files they\n\
         are searched for secrets and hidden text where they are text, and told as not examined otherwise. (A single message is\n\
         examined when it comes as one: see above.)\n\n{}",
        table(&groups)
    ))
}

/// 0 or 1 by the first digit of the digest.
fn half(result: &Value) -> u32 {
    result["sha256"].as_str().and_then(|digest| digest.chars().next()?.to_digit(16)).unwrap_or_default() % 2
}

fn relative(result: &Value, root: &Path) -> String {
    let path = Path::new(result["path"].as_str().unwrap_or_default());
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

fn codes(result: &Value) -> String {
    let mut codes: Vec<&str> = result["findings"]
        .as_array()
        .map(|findings| findings.iter().filter_map(|finding| finding["code"].as_str()).collect())
        .unwrap_or_default();
    codes.sort_unstable();
    codes.dedup();
    codes.join(" ")
}

fn listing(title: &str, names: &[String]) -> String {
    if names.is_empty() {
        return format!("{title}: none.\n\n");
    }
    let mut text = format!("{title}: {}\n\n", names.len());
    for name in names.iter().take(NAMES_MAX) {
        let _ = writeln!(text, "- {name}");
    }
    if names.len() > NAMES_MAX {
        let _ = writeln!(text, "- … and {} more", names.len() - NAMES_MAX);
    }
    text + "\n"
}

fn skipped(title: &str, pack: &str) -> String {
    format!("\n## {title}\n\nSkipped: the data set {pack} was not there.\n")
}
