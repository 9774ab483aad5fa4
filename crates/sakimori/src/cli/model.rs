//! The part of the table that is about models: `vet` and `model`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use sakimori_model::{AdmissionState, ModelRole, Timestamp};

use super::{CheckFormat, DataFormat, DocumentFormat};

pub const VET_EXAMPLES: &str = "\
Examples:
  sakimori vet model.safetensors
  sakimori vet ./my-model/ --owner 'AI team' --purpose 'summaries of meetings' --role user
  sakimori vet ./my-model/ --bom bom.json --format sarif > vet.sarif      in CI: one line
  sakimori vet ./my-model/ --fail-on refused                              what waits for a person may pass

Exit status: 0 every model is admitted, 1 one is refused (or waits for a person; see --fail-on), 2 could not do it.";

#[derive(Args)]
pub struct Vet {
    /// Models or agent packages: a file, or a folder as one.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// When the exit status is 1: a model is not admitted yet, or it is refused, or never.
    #[arg(long, value_enum, default_value_t = VetFailOn::Waiting)]
    pub fail_on: VetFailOn,
    /// A policy file instead of the node's policy.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Sigma rules for logs, beside the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Where the bill of materials goes (CycloneDX); `-` is standard output. For one model only.
    #[arg(long, value_name = "FILE")]
    pub bom: Option<PathBuf>,
    #[command(flatten)]
    pub entry: Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VetFailOn {
    /// It is not admitted.
    Waiting,
    /// It is refused or revoked.
    Refused,
    /// Only when it could not be done, which is 2.
    Never,
}

/// What the register is told of a model.
#[derive(Args)]
pub struct Entry {
    /// Who answers for it in your organisation.
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// What it is used for.
    #[arg(long, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// What you are to it: developer, provider or user.
    #[arg(long, value_name = "ROLE")]
    pub role: Option<ModelRole>,
    /// An answer to a question on its risk, as QUESTION=ANSWER. Several may be given.
    #[arg(long, value_name = "QUESTION=ANSWER")]
    pub risk: Vec<Answer>,
    /// Until when the admission holds: a day (2027-03-31) or a number of days (90).
    #[arg(long, value_name = "WHEN")]
    pub until: Option<Until>,
}

/// An answer to a question on a model's risk.
#[derive(Clone, Debug)]
pub struct Answer {
    pub question: String,
    pub answer: String,
}

impl FromStr for Answer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (question, answer) = text.split_once('=').ok_or("the form is QUESTION=ANSWER")?;
        if question.trim().is_empty() {
            return Err("the form is QUESTION=ANSWER");
        }
        Ok(Self { question: question.trim().to_owned(), answer: answer.trim().to_owned() })
    }
}

/// The end of an admission.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// So many days from now.
    Days(u32),
    /// A time.
    Time(Timestamp),
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(days) = text.parse() {
            return Ok(Self::Days(days));
        }
        // The end of the day is that of the last time zone on earth, so that nobody's day is cut short.
        let whole = if text.len() == 10 { format!("{text}T23:59:59.999999Z") } else { text.to_owned() };
        whole.parse().map(Self::Time).map_err(|_| "a day such as 2027-03-31, or a number of days".to_owned())
    }
}

#[derive(Args)]
pub struct Model {
    #[command(subcommand)]
    pub command: ModelCommand,
}

#[derive(Subcommand)]
pub enum ModelCommand {
    /// List the register: every model that was vetted, and whether it may go live.
    List {
        /// Only what is in this state: admitted, waiting, refused or revoked.
        #[arg(long, value_name = "STATE")]
        state: Option<AdmissionState>,
        /// The form of the output.
        #[arg(long, value_enum, default_value_t = DataFormat::Text)]
        format: DataFormat,
    },
    /// Show one model: what holds, since when, by whom, and why.
    Show {
        /// The model: its digest or that of one of its files, its record, or a path.
        #[arg(value_name = "MODEL")]
        model: String,
        /// The form of the output.
        #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
        format: DocumentFormat,
    },
    /// Admit a model: a person takes the responsibility.
    Admit(Judge),
    /// Refuse a model.
    Refuse(Judge),
    /// Take back an admission: the model may not run any more.
    Revoke(Judge),
    /// Vet again what was vetted with another policy, other rules or another version of the program.
    Revet {
        /// Everything in the register, and not only what is outdated.
        #[arg(long)]
        all: bool,
        /// The form of the output.
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
}

#[derive(Args)]
pub struct Judge {
    /// The model: its digest or that of one of its files, its record, or a path.
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub entry: Entry,
}
