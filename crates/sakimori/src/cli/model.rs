//! The part of the table that is about models: `vet` and `model`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use sakimori_model::{AdmissionState, ModelRole, Timestamp};
use sakimori_node::register::Standing;

use super::{CheckFormat, DataFormat, DocumentFormat};

pub const VET_EXAMPLES: &str = "\
Examples:
  sakimori vet model.safetensors
  sakimori vet ./my-model/ --owner 'AI team' --purpose 'summaries of meetings' --role user
  sakimori vet ./my-model/ --bom bom.json --format sarif > vet.sarif      in CI: one line
  sakimori vet ./my-model/ --fail-on refused                              what waits for a person may pass
  sakimori vet ./my-model/ --trusted-root trusted_root.json --identity taro@example.jp --issuer https://accounts.google.com

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
    /// Its signature (OpenSSF Model Signing). [default: model.sig in the folder, or FILE.sig beside one file]
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    #[command(flatten)]
    pub trusted: Trusted,
    #[command(flatten)]
    pub entry: Entry,
}

/// Whom a signature must be by.
#[derive(Args)]
pub struct Trusted {
    /// A public key that you trust (PEM), to verify the signature with.
    #[arg(long, value_name = "FILE", conflicts_with = "root")]
    pub key: Vec<PathBuf>,
    /// Root certificates that you trust (PEM), to verify the signature with.
    #[arg(long, value_name = "FILE")]
    pub root: Vec<PathBuf>,
    /// The Sigstore that you trust (trusted_root.json), to verify a signature with a Sigstore identity.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "root"], requires_all = ["identity", "issuer"])]
    pub trusted_root: Option<PathBuf>,
    /// Who must have signed: the e-mail address or URI in the Sigstore certificate, exactly.
    #[arg(long, value_name = "ID", requires = "trusted_root")]
    pub identity: Option<String>,
    /// Who must have vouched for the identity: the URL of the OpenID provider, exactly.
    #[arg(long, value_name = "URL", requires = "trusted_root")]
    pub issuer: Option<String>,
}

impl Trusted {
    /// True when somebody is named.
    pub fn names_somebody(&self) -> bool {
        !self.key.is_empty() || !self.root.is_empty() || self.trusted_root.is_some()
    }
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
        /// Only what is in this state now.
        #[arg(long, value_enum, value_name = "STATE")]
        state: Option<ModelState>,
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
    /// Print the bill of materials of a model (AI-BOM). Nothing is recorded.
    #[command(after_help = MODEL_BOM_EXAMPLES)]
    Bom(ModelBom),
    /// Sign a model: a folder or one file (OpenSSF Model Signing).
    #[command(after_help = MODEL_SIGN_EXAMPLES)]
    Sign(ModelSign),
    /// Verify that a model is whole and unchanged, with a key, a root or a Sigstore that you trust (OpenSSF Model Signing).
    #[command(after_help = MODEL_VERIFY_EXAMPLES)]
    Verify(ModelVerify),
}

/// What holds for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelState {
    /// It may go live.
    Admitted,
    /// A person has to decide.
    Waiting,
    /// It must not go live.
    Refused,
    /// It was admitted, and may not run any more.
    Revoked,
    /// It was admitted, and the time is over.
    Expired,
}

impl From<ModelState> for Standing {
    fn from(state: ModelState) -> Self {
        match state {
            ModelState::Admitted => Self::Holds(AdmissionState::Admitted),
            ModelState::Waiting => Self::Holds(AdmissionState::Waiting),
            ModelState::Refused => Self::Holds(AdmissionState::Refused),
            ModelState::Revoked => Self::Holds(AdmissionState::Revoked),
            ModelState::Expired => Self::Expired,
        }
    }
}

const MODEL_BOM_EXAMPLES: &str = "\
Examples:
  sakimori model bom models/llama/ --out llama.cdx.json
  sakimori model bom --format spdx model.gguf > model.spdx.json

What it says of the model, but for digests, sizes and kinds of its files, are claims of the model's author.
Exit status: 0 done, 2 when a file could not be read: the bill is written all the same, and says that it is incomplete.";

#[derive(Args)]
pub struct ModelBom {
    /// A model: a file, or a folder with all that is in it.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The form of the bill.
    #[arg(long, value_enum, default_value_t = BomFormat::Cyclonedx)]
    pub format: BomFormat,
    /// Where the bill goes; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
}

/// The form of a bill of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BomFormat {
    /// CycloneDX 1.7, JSON.
    Cyclonedx,
    /// SPDX 3.0.1, JSON-LD.
    Spdx,
}

const MODEL_SIGN_EXAMPLES: &str = "\
Examples:
  openssl ecparam -name prime256v1 -genkey -noout -out key.pem      a key
  openssl ec -in key.pem -pubout -out key.pub                       its public half, for others
  sakimori model sign my-model/ --key key.pem
  sakimori model sign my-model/ --key key.pem --certificate cert.pem --chain between.pem --out my-model.sig";

#[derive(Args)]
pub struct ModelSign {
    /// The model: a folder or one file.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Your private key (PEM; ECDSA on P-256, P-384 or P-521).
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// A file with the password of the private key, in its first line.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The certificate for this key (PEM).
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Certificates between yours and the root (PEM), in order.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub chain: Vec<PathBuf>,
    /// Where the signature goes. [default: model.sig in the folder, or FILE.sig beside one file]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Files and folders of the model that are not signed. Those of git are never.
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<PathBuf>,
    /// Sign the files behind symbolic links, which are refused otherwise.
    #[arg(long)]
    pub follow_links: bool,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

const MODEL_VERIFY_EXAMPLES: &str = "\
Examples:
  sakimori model verify my-model/ --key signer.pub
  sakimori model verify my-model/ --signature my-model.sig --root company-ca.pem
  sakimori model verify my-model/ --trusted-root trusted_root.json --identity taro@example.jp --issuer https://accounts.google.com

What is trusted comes from you, never from the signature.";

#[derive(Args)]
pub struct ModelVerify {
    /// The model: a folder or one file.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The signature. [default: model.sig in the folder, or FILE.sig beside one file]
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    #[command(flatten)]
    pub trusted: Trusted,
    /// The time at which the certificates must be valid, as 2026-11-26T12:00:00Z. [default: now]
    #[arg(long, value_name = "TIME", requires = "root")]
    pub at: Option<Timestamp>,
    /// Files and folders that are not signed and may be there, beside those that the signer left out.
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

#[derive(Args)]
pub struct Judge {
    /// The model: its digest or that of one of its files, its record, or a path.
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// Why, for the record. What was blocked, refused or revoked is admitted with a note only.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub entry: Entry,
}
