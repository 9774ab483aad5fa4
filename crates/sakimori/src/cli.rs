//! The command line, declared once: parsing, `--help`, completion and the man page come from this table.

mod japanese;
mod key;
mod model;
mod witness;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use sakimori_model::{Lang, Severity, Tlp};
use sakimori_proof::{BucketAddress, VerifierKey};

pub use self::key::{LogKey, Token};
pub use self::model::{
    BomFormat, Entry, Judge, Model, ModelBom, ModelCommand, ModelSign, ModelState, ModelVerify, Trusted, Until, Vet,
    VetFailOn,
};
pub use self::witness::{Witness, WitnessCommand};
use crate::failure::Failure;
use crate::paint::Paint;

/// AI cyberdefence as one program: hand it anything, and it decides, explains, records and proves it.
#[derive(Parser)]
#[command(name = "sakimori", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Arguments {
    /// The node's folder: its key, its state and its log. It is made when it is missing.
    /// [default: $XDG_DATA_HOME/sakimori or ~/.local/share/sakimori]
    #[arg(long, global = true, env = "SAKIMORI_HOME", value_name = "DIR")]
    home: Option<PathBuf>,

    /// The language of texts for people. [default: that of the locale, otherwise Japanese]
    #[arg(long, global = true, env = "SAKIMORI_LANG", value_name = "LANG")]
    lang: Option<Lang>,

    /// Print data and errors only: no progress and no summary.
    #[arg(long, short, global = true)]
    quiet: bool,

    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sakimori check model.pt mails/ events.evtx     what is it, and may it be used?
  sakimori check --format jsonl DIR | jq .       one JSON object a line for each input
  cat message.eml | sakimori check -             standard input
  sakimori detect --rules sigma/ events.evtx     every Sigma match in a log
  sakimori prove 3c4d5e6f --out proof.json       evidence for somebody else, who checks it offline:
  sakimori verify proof.json --key node.pub
  sakimori explain SKM-ART-0101                  what a finding code means and what to do

Exit status: 0 clean or done, 1 findings at or above --fail-on (or a proof that does not hold), 2 could not do it.";

#[derive(Subcommand)]
pub enum Command {
    /// Examine files, folders or standard input: decide, explain, record.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Vet a model or an agent's package: may it go live? Decide, explain, record, and tell the register.
    #[command(after_help = model::VET_EXAMPLES)]
    Vet(Vet),
    /// The register of models: list, show, admit, refuse, revoke, vet again.
    Model(Model),
    /// Print every match of Sigma rules in logs (JSON lines, EVTX). Nothing is recorded.
    Detect(Detect),
    /// Write the evidence bundle of a record, which a stranger verifies offline.
    Prove(Prove),
    /// Verify an evidence bundle offline, with a key that you trust.
    Verify(Verify),
    /// The transparency log of this node: its key, its checkpoint, its integrity.
    Log(Log),
    /// Compare every row of the tables with the log.
    Audit(Audit),
    /// Show the policy, or try another one on recorded decisions.
    Policy(Policy),
    /// Hand findings to others, with their marking.
    Share(Share),
    /// Copy the node into a new folder, also while others use it.
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup(Backup),
    /// Make a node from a backup, after everything in it was verified.
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(Restore),
    /// What a finding code means; or why a recorded decision came out as it did, recomputed.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Where a thing came from and what came of it: files, decisions, judgements, admissions, shares.
    #[command(after_help = TRACE_EXAMPLES)]
    Trace(Trace),
    /// Destroy what is kept of a decision: its text, its findings and the bytes. Its place in the log stays, and so do proofs.
    #[command(after_help = ERASE_EXAMPLES)]
    Erase(Erase),
    /// Cosign the checkpoints of other logs, so that nobody can show two histories of them.
    #[command(after_help = witness::EXAMPLES)]
    Witness(Witness),
    /// Serve the pages and the HTTP interface of this node.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Serve),
    /// Print a completion script for a shell.
    Completions(Completions),
    /// Print the man page.
    Man(Man),
    /// Print the help of a command.
    Help(Help),
}

const CHECK_EXAMPLES: &str = "\
Examples:
  sakimori check model.pt
  sakimori check --fail-on medium --format sarif models/ > sakimori.sarif
  sakimori check --policy strict.toml --rules sigma/rules incoming/";

const ERASE_EXAMPLES: &str = "\
Examples:
  sakimori erase 3c4d5e6f --note 'request 2026-114'
  sakimori erase 3c4d5e6f --same-bytes --note 'request 2026-114' --yes

It can't be undone. The judgements and shares that rest on the decision are erased with it. What was shared before, and copies of the
node's folder, are out of its reach.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sakimori explain SKM-ART-0101                  what the code means and what to do
  sakimori explain 3c4d5e6f                      the points of a decision, added up and decided again
  sakimori explain 3c4d5e6f --without SKM-MAIL-0060
                                                 what it would have been without this finding";

const TRACE_EXAMPLES: &str = "\
Examples:
  sakimori trace 3c4d5e6f
  sakimori trace --down $(sha256sum model.safetensors | cut -d' ' -f1)
  sakimori trace --format prov 3c4d5e6f > provenance.json";

const SERVE_EXAMPLES: &str = "\
Examples:
  sakimori serve                                 http://127.0.0.1:8710, for this machine only
  sakimori serve --config /etc/sakimori/sakimori.toml
  sakimori serve --openapi > openapi.json        the description of the interface, without serving

The first start prints an address with a one-time code, under which the first administrator is made.
SIGTERM ends it in order, SIGHUP reads the certificate again.";

#[derive(Args)]
pub struct Serve {
    /// A configuration file (TOML). Without one, everything has its default.
    #[arg(long, value_name = "FILE", env = "SAKIMORI_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where to listen, instead of what the configuration says.
    #[arg(long, value_name = "ADDRESS", env = "SAKIMORI_LISTEN")]
    pub listen: Option<String>,
    /// Print the OpenAPI document and end.
    #[arg(long)]
    pub openapi: bool,
}

#[derive(Args)]
pub struct Check {
    /// Files or folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// Exit with 1 when a finding is at least this severe: informational, low, medium, high, critical, or never.
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: FailOn,
    /// A policy file instead of the node's policy.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Sigma rules for logs, beside the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// One JSON object a line for each input, as soon as it is recorded.
    Jsonl,
    /// SARIF 2.1.0, for code hosting and CI.
    Sarif,
    /// JUnit XML, for CI.
    Junit,
    /// Markdown, as a report for people.
    Markdown,
}

/// From which severity on the exit status is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailOn(Option<Severity>);

impl FailOn {
    /// False for `never`.
    pub fn is_wanted(self) -> bool {
        self.0.is_some()
    }

    /// True when a finding of this severity is reason enough.
    pub fn reached(self, severity: Severity) -> bool {
        self.0.is_some_and(|least| severity >= least)
    }
}

impl std::str::FromStr for FailOn {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "never" => Ok(Self(None)),
            _ => word
                .parse()
                .map(|severity| Self(Some(severity)))
                .map_err(|e: sakimori_model::UnknownLevel| format!("{e}, or never")),
        }
    }
}

#[derive(Args)]
pub struct Detect {
    /// Log files or folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Sigma rules: files or folders. [default: the built-in rules]
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub format: DataFormat,
    /// Exit with 1 when a match is at least this severe: informational, low, medium, high, critical, or never.
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
}

#[derive(Args)]
pub struct Prove {
    /// The id of the record, or its beginning or its end.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where the bundle goes; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// What is written. A COSE receipt proves the same entry; for what the entry commits to, the bundle is needed beside it.
    #[arg(long, value_enum, default_value_t = ProofFormat::Bundle)]
    pub format: ProofFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProofFormat {
    /// The evidence bundle, as JSON (docs/log.md).
    Bundle,
    /// A COSE receipt of inclusion (RFC 9942), as CBOR.
    Cose,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  sakimori verify proof.json --key node.pub
  sakimori verify proof.json --key node.pub --receipt proof.cbor
  sakimori verify proof.json --key node.pub --witness w1.pub --witness w2.pub --witness w3.pub --quorum 2

The keys come from you, never from the bundle. Get them from those who keep them: `sakimori log key --public > node.pub`,
`sakimori witness key --public > w1.pub`.";

#[derive(Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub struct Verify {
    /// The evidence bundle, or what `log export` wrote; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub bundle: PathBuf,
    /// A file with the public keys that you trust, one a line.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// A file with the public keys of witnesses that you trust, one a line. Their cosignatures are required.
    #[arg(long, value_name = "FILE")]
    pub witness: Vec<PathBuf>,
    /// A COSE receipt that must be for the same entry, by one of the keys.
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    /// How many of these witnesses must have cosigned. [default: all of them]
    #[arg(long, value_name = "NUMBER", requires = "witness")]
    pub quorum: Option<usize>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocumentFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Args)]
pub struct Log {
    #[command(subcommand)]
    pub command: LogCommand,
}

#[derive(Subcommand)]
pub enum LogCommand {
    /// Print the key of this node.
    #[command(after_help = key::EXAMPLES)]
    Key(LogKey),
    /// Print the newest signed checkpoint.
    Checkpoint,
    /// Hash the whole log again and name every bad file.
    Verify {
        /// A file with the log's public key, for a copy of a log without its private key.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The form of the output.
        #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
        format: DocumentFormat,
    },
    /// Write all records of a stretch of the log, with the proof that none is missing. `verify` reads it.
    Export(ExportedLog),
    /// Sources that number what they send: what came in, and what is missing. Ends with 1 when something is.
    Sources {
        /// The form of the output.
        #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
        format: DocumentFormat,
    },
    /// Follow the log of somebody else: does each checkpoint continue the one seen before?
    Monitor(FollowedLog),
    /// Move the log into a bucket of an object store that speaks S3, or back; the service must not run.
    Move(MovedLog),
}

const MOVE_EXAMPLES: &str = "\
Examples:
  sakimori log move s3://city-log/sakimori
  sakimori log move s3://city-log/sakimori --endpoint https://s3.example.jp --region jp-east-1
  sakimori log move --back

Credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or the machine's role), now and whenever
this node runs. Everything is copied, read back and hashed again before the log goes on in its new place.";

#[derive(Args)]
#[command(after_help = MOVE_EXAMPLES)]
pub struct MovedLog {
    /// Where it goes, such as s3://bucket/name. Nothing else may lie there.
    #[arg(value_name = "ADDRESS", required_unless_present = "back")]
    pub to: Option<BucketAddress>,
    /// Move it back into the node's folder. What is in the bucket is left there.
    #[arg(long, conflicts_with_all = ["to", "endpoint", "region"])]
    pub back: bool,
    /// The address of an object store that is not Amazon's. [default: AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub endpoint: Option<String>,
    /// The region, as the store names it.
    #[arg(long)]
    pub region: Option<String>,
}

fn endpoint(text: &str) -> Result<String, &'static str> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host.is_some_and(|host| !host.trim_matches('/').is_empty()) {
        true => Ok(text.to_owned()),
        false => Err("an address such as https://s3.example.jp is needed"),
    }
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  sakimori log export --since 2026-10-01 --until 2027-01-01 --out autumn.jsonl
  sakimori log export --from 1200 --out since-the-last-audit.jsonl
  sakimori verify autumn.jsonl --key node.pub

The file holds what the records hold: paths, findings, names. Where witnesses cosign the log, those who verify can demand that.";

#[derive(Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub struct ExportedLog {
    /// From this place in the log on, counted from 0. [default: the beginning]
    #[arg(long, value_name = "PLACE")]
    pub from: Option<u64>,
    /// Up to the place before this one. [default: the end]
    #[arg(long, value_name = "PLACE")]
    pub to: Option<u64>,
    /// From the first record on that was made then: a day (UTC) or an RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Up to the last record that was made before then.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Where it goes; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
}

const MONITOR_EXAMPLES: &str = "\
Examples:
  sakimori log monitor --key peer.pub https://peer.example.jp/log
  sakimori log monitor --key peer.pub --entries --every 300 https://peer.example.jp/log

What was seen is kept in the folder `monitor` of --home, with the evidence against a log that shows two histories.

Exit status: 0 the log goes on as it was seen, 1 it does not, 2 that can't be told.";

#[derive(Args)]
#[command(after_help = MONITOR_EXAMPLES)]
pub struct FollowedLog {
    /// The address below which the log serves `checkpoint` and `tile/` (C2SP tlog-tiles). A node serves them below `/log`.
    pub url: String,
    /// A file with the public keys of the log, as `sakimori log key --public` prints them there.
    #[arg(long, value_name = "FILE", required_unless_present = "log")]
    pub key: Vec<PathBuf>,
    /// A public key of the log itself.
    #[arg(long, value_name = "KEY")]
    pub log: Vec<VerifierKey>,
    /// Hash all entries again that are new since the last look, too.
    #[arg(long)]
    pub entries: bool,
    /// Look again after so many seconds, until a signal ends it.
    #[arg(long, value_name = "SECONDS")]
    pub every: Option<std::num::NonZero<u64>>,
    /// A file with the certificates to trust, instead of those of the machine.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Args)]
pub struct Audit {
    /// A file with the log's public key, instead of that in the folder. Then nothing is written.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Args)]
pub struct Policy {
    #[command(subcommand)]
    pub command: PolicyCommand,
}

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Print the default policy, as a start for your own.
    Show,
    /// Decide all recorded decisions again and show what would change. Nothing is recorded.
    Test {
        /// The policy to try. [default: the default policy]
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// The form of the output.
        #[arg(long, value_enum, default_value_t = DataFormat::Text)]
        format: DataFormat,
    },
}

#[derive(Args)]
pub struct Share {
    #[command(subcommand)]
    pub command: ShareCommand,
}

#[derive(Subcommand)]
pub enum ShareCommand {
    /// Write the findings of a decision as a STIX 2.1 bundle. The share itself is recorded first.
    Export {
        /// The id of the decision's record, or its beginning or its end.
        #[arg(value_name = "ID")]
        id: String,
        /// Who may see it (TLP 2.0).
        #[arg(long, value_enum, ignore_case = true, default_value_t = Marking::Amber)]
        tlp: Marking,
        /// Where the bundle goes; `-` is standard output.
        #[arg(long, value_name = "FILE", default_value = "-")]
        out: PathBuf,
    },
}

/// A marking of TLP 2.0 on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Marking {
    /// No limit on disclosure.
    Clear,
    /// The community.
    Green,
    /// The organisation and its clients, by need to know.
    Amber,
    /// The organisation only.
    #[value(name = "amber+strict")]
    AmberStrict,
    /// Named recipients in person: always refused here.
    Red,
}

impl From<Marking> for Tlp {
    fn from(marking: Marking) -> Self {
        match marking {
            Marking::Clear => Self::Clear,
            Marking::Green => Self::Green,
            Marking::Amber => Self::Amber,
            Marking::AmberStrict => Self::AmberStrict,
            Marking::Red => Self::Red,
        }
    }
}

const BACKUP_EXAMPLES: &str = "\
Examples:
  sakimori backup /backup/sakimori/$(date +%F)
  sakimori backup --config /etc/sakimori/sakimori.toml /backup/sakimori/today
  sakimori log checkpoint > /elsewhere/checkpoint     the proof of how far the log has come

The backup holds the private key: keep it where only you can read it. The bytes that were examined are not in it.";

#[derive(Args)]
pub struct Backup {
    /// The folder of the backup: new or empty, and not inside of the node's own.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The configuration of the service: it names the node's folder, and is kept with the backup. [default: sakimori.toml
    /// in the node's folder, if there is one]
    #[arg(long, value_name = "FILE", env = "SAKIMORI_CONFIG")]
    pub config: Option<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

const RESTORE_EXAMPLES: &str = "\
Examples:
  sakimori restore --dry-run /backup/sakimori/today
  sakimori restore --checkpoint /elsewhere/checkpoint /backup/sakimori/today
  sakimori --home /srv/sakimori restore --set-aside /backup/sakimori/today

Stop the service first. Restore the newest backup only: a log that is signed on from an older one has two histories.";

#[derive(Args)]
pub struct Restore {
    /// The folder of the backup.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The newest checkpoint that was kept elsewhere (`sakimori log checkpoint`): the backup must reach it.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Restore the backup although it is older than the checkpoint.
    #[arg(long, requires = "checkpoint")]
    pub older: bool,
    /// Where there is a node already, keep it under another name.
    #[arg(long)]
    pub set_aside: bool,
    /// Verify the backup, and restore nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Args)]
pub struct Explain {
    /// A finding code (SKM-ART-0101), an error code (SKM-E-0001), or the id of a record, or its beginning or its end.
    /// [default: list all finding codes]
    #[arg(value_name = "CODE|ID")]
    pub what: Option<String>,
    /// Where the bytes lie that were decided on, if not where they were.
    #[arg(long, value_name = "FILE", requires = "what")]
    pub file: Option<PathBuf>,
    /// What the decision would have been without this finding (its code) or this feature. May be repeated.
    #[arg(long, value_name = "CODE|FEATURE", requires = "what")]
    pub without: Vec<String>,
    /// A folder or file of Sigma rules that were applied besides those that are built in. May be repeated.
    #[arg(long, value_name = "PATH", requires = "what")]
    pub rules: Vec<PathBuf>,
    /// The form of the output, for a record.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Args)]
pub struct Trace {
    /// The id of a record, or its beginning or its end; or the SHA-256 of a file or of a model.
    #[arg(value_name = "ID|SHA256")]
    pub what: String,
    /// Only what it came from.
    #[arg(long, conflicts_with = "down")]
    pub up: bool,
    /// Only what came of it.
    #[arg(long)]
    pub down: bool,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    pub format: TraceFormat,
}

#[derive(Args)]
pub struct Erase {
    /// The ids of decisions, or their beginnings or their ends.
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// On what ground. It stays in the record of the erasure, so name nobody.
    #[arg(long, value_name = "TEXT")]
    pub note: String,
    /// All other decisions on the same bytes, too.
    #[arg(long)]
    pub same_bytes: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// For people.
    Text,
    /// One JSON document: things and links.
    Json,
    /// PROV-JSON (W3C), for tools of provenance.
    Prov,
}

#[derive(Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Args)]
pub struct Man {
    /// A folder for one page a command, instead of the main page on standard output.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Args)]
pub struct Help {
    /// The command, such as `log key`.
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// What every command works with.
pub struct Context {
    home: Option<PathBuf>,
    /// The language of texts for people.
    pub lang: Lang,
    /// How much is said on standard error.
    pub chatter: Chatter,
    /// Colours of standard output.
    pub paint: Paint,
}

/// How much is said on standard error besides errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chatter {
    /// Progress and a summary.
    Normal,
    /// Nothing.
    Quiet,
}

impl Arguments {
    /// The arguments of this process. Help and errors are in the language that was asked for.
    pub fn of_process() -> Self {
        let lang = lang_asked_for();
        let parsed = Self::command_in(lang).try_get_matches().and_then(|matches| Self::from_arg_matches(&matches));
        parsed.unwrap_or_else(|error| match lang {
            Lang::En => error.exit(),
            Lang::Ja => japanese::exit(&error, &words_of_process(), Self::command_in(lang)),
        })
    }

    /// The table of the command line with its texts in this language.
    pub fn command_in(lang: Lang) -> clap::Command {
        match lang {
            Lang::En => Self::command(),
            Lang::Ja => japanese::command(Self::command()),
        }
    }

    /// What every command works with, from the arguments and the environment.
    pub fn context(&self) -> Context {
        Context {
            home: self.home.clone(),
            lang: self.lang.unwrap_or_else(lang_of_locale),
            chatter: if self.quiet { Chatter::Quiet } else { Chatter::Normal },
            paint: Paint::of_stdout(),
        }
    }
}

impl Context {
    /// The node's folder. Without a home folder of the user there is no default: a key must not land anywhere.
    pub fn home(&self) -> Result<PathBuf, Failure> {
        self.home_or(None)
    }

    /// The node's folder: what the user named, what the configuration names, or the default.
    ///
    /// # Errors
    /// When there is none of them.
    pub fn home_or(&self, configured: Option<PathBuf>) -> Result<PathBuf, Failure> {
        let of_home = || std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/share"));
        let of_data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let default = || of_data.or_else(of_home).map(|data| data.join("sakimori"));
        self.home
            .clone()
            .or(configured)
            .or_else(default)
            .ok_or_else(|| Failure::said("SKM-E-0024", "failure.no-home", &[]))
    }
}

/// The language for help, before the arguments are parsed.
fn lang_asked_for() -> Lang {
    let arguments = words_of_process();
    let option =
        arguments.iter().zip(arguments.iter().skip(1)).find(|(name, _)| *name == "--lang").map(|(_, lang)| lang);
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--lang=")).map(str::to_owned);
    let variable = std::env::var("SAKIMORI_LANG").ok();
    let asked = option.cloned().or(joined).or(variable);
    asked.and_then(|lang| lang.parse().ok()).unwrap_or_else(lang_of_locale)
}

fn words_of_process() -> Vec<String> {
    std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// The language of the locale (POSIX: `LC_ALL` before `LC_MESSAGES` before `LANG`). Where it names none, as `C` does,
/// it is Japanese.
fn lang_of_locale() -> Lang {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_default();
    match locale.split(['_', '.', '@']).next() {
        None | Some("" | "C" | "POSIX" | "ja") => Lang::Ja,
        Some(_) => Lang::En,
    }
}
