//! Finding codes of secrets and personal data; the texts stand in `codes.toml`.

use sakimori_model::Code;

/// A key or token in a form that its maker publishes.
pub const SECRET: Code = Code::new("SKM-DIS-0001");
/// A private key.
pub const PRIVATE_KEY: Code = Code::new("SKM-DIS-0002");
/// A password in an address or in a file of passwords.
pub const PASSWORD: Code = Code::new("SKM-DIS-0003");
/// A field for a secret whose value looks random.
pub const POSSIBLE_SECRET: Code = Code::new("SKM-DIS-0004");
/// Japanese individual numbers (My Number).
pub const MY_NUMBER: Code = Code::new("SKM-DIS-0101");
/// Numbers of payment cards.
pub const CARD: Code = Code::new("SKM-DIS-0102");
/// Many phone numbers.
pub const PHONES: Code = Code::new("SKM-DIS-0103");
/// Many postal addresses.
pub const ADDRESSES: Code = Code::new("SKM-DIS-0104");
/// Many mail addresses.
pub const MAILS: Code = Code::new("SKM-DIS-0105");
