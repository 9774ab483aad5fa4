//! `sakimori witness` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Token;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  sakimori witness key --public > w1.pub         for the keepers of logs, and for whoever verifies
  sakimori witness --logs peers.pub              http://127.0.0.1:8720/add-checkpoint, for this machine only
  sakimori witness --config witness.toml         with a certificate, for other machines

peers.pub has the public keys of the logs, one a line (`sakimori log key --public`). The state is kept below --home. A log that
signs two histories is refused, and both of its checkpoints are kept in witness/evidence.";

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Witness {
    /// A part of the work.
    #[command(subcommand)]
    pub command: Option<WitnessCommand>,
    /// Where to listen, instead of what the configuration says. Beyond this machine it needs a certificate. [default: 127.0.0.1:8720]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The public key of a log to watch.
    #[arg(long, value_name = "KEY")]
    pub log: Vec<String>,
    /// A file with the public keys of logs to watch, one a line.
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,
    /// The name of the witness, such as witness.example.jp/w1, when its key is made.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A configuration file (TOML): listen, [tls], [limits], [witness].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum WitnessCommand {
    /// Print the key of this witness. It is made when there is none.
    Key {
        /// The public half, as others need it. The private half is never printed.
        #[arg(long, required = true)]
        public: bool,
        /// The name of the witness, when the key is made.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Make an ML-DSA-44 key beside the Ed25519 key first. The witness then answers with both cosignatures.
        #[arg(long)]
        add_ml_dsa: bool,
        #[command(flatten)]
        token: Token,
    },
}
