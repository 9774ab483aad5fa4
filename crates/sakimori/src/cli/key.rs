//! Keys on the command line.

use clap::Args;
use sakimori_proof::KeyPlace;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  sakimori log key --public > node.pub               what others verify with
  sakimori log key --public --succeed > node.pub     a new key signs from now on, and the old one beside it
  sakimori log key --public --retire > node.pub      the old one signs no more
  sakimori log key --public --succeed --generate \\
    --token 'pkcs11:token=city;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/sakimori/pin'
                                                     the new key is made in a token, and never leaves it (docs/log.md)";

#[derive(Args)]
pub struct LogKey {
    /// The public half, as others need it for `verify`. The private half is never printed.
    #[arg(long, required = true)]
    pub public: bool,
    /// Make an ML-DSA-44 key beside the Ed25519 key first. Checkpoints then bear both signatures, and have 3.3 KB more.
    #[arg(long)]
    pub add_ml_dsa: bool,
    #[command(flatten)]
    pub change: KeyChange,
    #[command(flatten)]
    pub token: Token,
}

/// From one key to the next.
#[derive(Args)]
pub struct KeyChange {
    /// Let a new key take the place of this one first. Both sign until the earlier one is retired; the service must not run.
    #[arg(long, conflicts_with_all = ["retire", "add_ml_dsa"])]
    pub succeed: bool,
    /// Retire the earlier key first, when everybody who verifies has the new one; the service must not run.
    #[arg(long, conflicts_with_all = ["add_ml_dsa", "uri"])]
    pub retire: bool,
}

/// Where a new key is to lie.
#[derive(Args)]
pub struct Token {
    /// The new key lies in a token that speaks PKCS#11 (RFC 7512), and the token signs.
    #[arg(long = "token", value_name = "URI", conflicts_with = "add_ml_dsa")]
    pub uri: Option<String>,
    /// Make the key pair in the token. Its private half can't be taken out.
    #[arg(long, requires = "uri")]
    pub generate: bool,
}

impl Token {
    pub fn place(&self) -> KeyPlace<'_> {
        match &self.uri {
            None => KeyPlace::File,
            Some(uri) if self.generate => KeyPlace::NewInToken(uri),
            Some(uri) => KeyPlace::Token(uri),
        }
    }
}
