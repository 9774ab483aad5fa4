//! Passwords: what is accepted, how they are kept, and that a wrong name costs as much time as a wrong password.
//!
//! Source: NIST SP 800-63B-4 section 3.1.1.2 (length, every character allowed, normalisation, a blocklist, no rules of
//! composition, no expiry, never cut short) and OWASP Password Storage Cheat Sheet (argon2id, m = 19 MiB, t = 2, p = 1).

use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use super::password_common::is_common;

/// Fewest characters of a new password, after normalisation.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most characters of a password, after normalisation.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// Most bytes of a password as it comes in. A character has at most four, and normalisation seldom makes them fewer.
pub const PASSWORD_BYTES_MAX: usize = 4 * PASSWORD_CHARS_MAX;
/// Bytes of a salt (RFC 9106 section 3.1).
const SALT_BYTES: usize = 16;
/// Memory for one hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at the same time: each takes [`MEMORY_KIB`] and one core for some 20 ms.
const AT_ONCE_MAX: usize = 2;
/// Requests that wait for their turn to hash. One more is told to come again.
const WAITING_MAX: usize = 64;

/// A new password that was accepted, normalised by NFKC: an input method's full-width `Ａ` and `A` are one character, so that
/// what was set on one keyboard can be typed on another. Its text can't be shown.
pub struct Password(String);

/// What somebody typed as the password at sign-in. Not judged, so that a password from before a stricter rule still works.
/// Too long a text matches nothing.
pub struct Attempt(Option<String>);

/// An argon2id hash as PHC string with its salt and parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PasswordError {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("the password has fewer than {PASSWORD_CHARS_MIN} characters")]
    Short,
    /// More than [`PASSWORD_CHARS_MAX`] characters.
    #[error("the password has more than {PASSWORD_CHARS_MAX} characters")]
    Long,
    /// It has a character that can't be typed (Unicode category Cc).
    #[error("the password has a control character")]
    Control,
    /// It is one that is guessed first.
    #[error("the password is a commonly used one or a simple pattern")]
    Common,
    /// It is the name of the account, or made of it.
    #[error("the password is made of the name of the account")]
    Name,
}

impl PasswordError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Short | Self::Long => "SKM-E-0150",
            Self::Control => "SKM-E-0151",
            Self::Common => "SKM-E-0152",
            Self::Name => "SKM-E-0153",
        }
    }
}

/// A hash could not be computed or read.
#[derive(Debug, Error)]
pub enum HashError {
    /// The stored text is no argon2id hash.
    #[error("the stored password is no argon2id hash")]
    NotAHash,
    /// No random numbers, or no memory.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
    /// Too many are being checked at once.
    #[error("{WAITING_MAX} passwords are waiting to be checked")]
    Busy,
}

impl HashError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAHash | Self::Failed(_) => "SKM-E-0154",
            Self::Busy => "SKM-E-0155",
        }
    }
}

/// What came of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right,
    /// It is the password, and its hash has weaker parameters than those of today: store this one.
    RightAndRehashed(PasswordHash),
    /// It is not, or there is no such account.
    Wrong,
}

/// Hashes and checks passwords, a few at a time, away from the threads that answer requests.
pub struct Passwords {
    turns: Semaphore,
    waiting: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE_MAX), waiting: Semaphore::new(WAITING_MAX) }
    }
}

impl Passwords {
    /// Hashes a new password with a new salt.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait, and when the system has no random numbers or no memory.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        self.in_turn(move || hash(&password.0)).await
    }

    /// Compares with the hash of the account. Give `None` when there is no such account, or none that may sign in with a
    /// password: it takes the same time, so that names can't be probed (OWASP Authentication Cheat Sheet).
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait, and when the stored text is no hash.
    pub async fn check(&self, attempt: Attempt, stored: Option<PasswordHash>) -> Result<Verdict, HashError> {
        self.in_turn(move || attempt.check(stored.as_ref())).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let _place = self.waiting.try_acquire().map_err(|_| HashError::Busy)?;
        let _turn = self.turns.acquire().await.map_err(|e| HashError::Failed(e.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|e| HashError::Failed(e.to_string()))?
    }
}

impl Password {
    /// Accepts a new password for the account of this name.
    ///
    /// # Errors
    /// One for each rule; there is none about which kinds of characters it has.
    pub fn new(text: &str, account: &str) -> Result<Self, PasswordError> {
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::Long);
        }
        let text = normalised(text);
        match text.chars().count() {
            n if n < PASSWORD_CHARS_MIN => return Err(PasswordError::Short),
            n if n > PASSWORD_CHARS_MAX => return Err(PasswordError::Long),
            _ => {}
        }
        if text.chars().any(char::is_control) {
            return Err(PasswordError::Control);
        }
        let folded = text.to_lowercase();
        if is_made_of(&folded, &normalised(account).to_lowercase()) {
            return Err(PasswordError::Name);
        }
        if is_common(&folded) {
            return Err(PasswordError::Common);
        }
        Ok(Self(text))
    }
}

impl Attempt {
    /// What was typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = (text.len() <= PASSWORD_BYTES_MAX).then(|| normalised(text));
        Self(text.filter(|text| text.chars().count() <= PASSWORD_CHARS_MAX))
    }

    fn check(&self, stored: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        let text = self.0.as_deref().unwrap_or_default();
        let nobody = &*NOBODY;
        let phc = stored.or(nobody.as_ref()).ok_or(HashError::NotAHash)?.parsed()?;
        // The parameters of the stored hash are used, and not those of today.
        let fits = Argon2::default().verify_password(text.as_bytes(), &phc).is_ok();
        if !fits || stored.is_none() || self.0.is_none() {
            return Ok(Verdict::Wrong);
        }
        if is_of_today(&phc) { Ok(Verdict::Right) } else { hash(text).map(Verdict::RightAndRehashed) }
    }
}

impl PasswordHash {
    /// Reads a stored hash.
    ///
    /// # Errors
    /// When the text is no argon2id hash in PHC form.
    pub fn new(text: &str) -> Result<Self, HashError> {
        let hash = Self(text.to_owned());
        hash.parsed()?;
        Ok(hash)
    }

    /// The PHC string, for the table of accounts and nothing else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parsed(&self) -> Result<Phc<'_>, HashError> {
        let phc = Phc::new(&self.0).map_err(|_| HashError::NotAHash)?;
        let whole = phc.salt.is_some() && phc.hash.is_some();
        if phc.algorithm == argon2::ARGON2ID_IDENT && whole { Ok(phc) } else { Err(HashError::NotAHash) }
    }
}

/// The hash that stands in for an account that is not there.
static NOBODY: LazyLock<Option<PasswordHash>> = LazyLock::new(|| hash("there is no such account").ok());

fn hash(text: &str) -> Result<PasswordHash, HashError> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|e| HashError::Failed(e.to_string()))?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| HashError::Failed(e.to_string()))?;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| HashError::Failed(e.to_string()))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let phc = argon.hash_password(text.as_bytes(), &salt).map_err(|e| HashError::Failed(e.to_string()))?;
    Ok(PasswordHash(phc.to_string()))
}

/// At least as strong as [`hash`] makes them.
fn is_of_today(phc: &Phc<'_>) -> bool {
    Params::try_from(phc).is_ok_and(|params| {
        phc.version == Some(Version::V0x13.into()) && params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES
    })
}

fn normalised(text: &str) -> String {
    text.nfkc().collect()
}

/// True when the text is the name, repeated or with digits and signs around it.
fn is_made_of(folded: &str, name: &str) -> bool {
    let letters = folded.trim_matches(|c: char| !c.is_alphabetic());
    let bare = name.trim_matches(|c: char| !c.is_alphabetic());
    let repeated = |text: &str, unit: &str| !text.is_empty() && !unit.is_empty() && text.replace(unit, "").is_empty();
    repeated(folded, name) || repeated(letters, bare)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt(…)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<PasswordError> {
        Password::new(text, "hanako").err()
    }

    fn weaker(text: &str) -> PasswordHash {
        let params = Params::new(64, 1, 1, None).expect("parameters");
        let salt = SaltString::encode_b64(&[7; SALT_BYTES]).expect("a salt");
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        PasswordHash(argon.hash_password(text.as_bytes(), &salt).expect("a hash").to_string())
    }

    #[test]
    fn what_is_accepted() {
        for text in [
            "plum tree 42",
            "梅の木の下で本を読む夕方に",
            "bxqvzkwjtmpr",
            "tulip harbor kettle",
            "🌊🗻🌾🏮🍵🎏🎐🌸🍡🐟🦀🐙",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
        assert_eq!(refused(&"あいうえおかき5".repeat(32)), None);
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(refused("short one"), Some(PasswordError::Short));
        assert_eq!(refused(&format!("{}!", "あいうえおかき5".repeat(32))), Some(PasswordError::Long));
        assert_eq!(refused(&"x".repeat(PASSWORD_BYTES_MAX + 1)), Some(PasswordError::Long));
        // One character that normalisation makes eighteen of.
        assert_eq!(refused(&"\u{fdfa}".repeat(200)), Some(PasswordError::Long));
        assert_eq!(refused("tulip\nharbor kettle"), Some(PasswordError::Control));
        for text in ["hanakohanako", "Hanako202611!", "ＨＡＮＡＫＯhanako", "123hanakohanako"] {
            assert_eq!(refused(text), Some(PasswordError::Name), "{text}");
        }
        for text in [
            "Password1234",
            "passwordpassword",
            "aaaaaaaaaaaa",
            "123456789012",
            "qwertyuiopas",
            "パスワードパスワード12",
        ] {
            assert_eq!(refused(text), Some(PasswordError::Common), "{text}");
        }
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let password = Password::new("tulip harbor kettle", "hanako").expect("accepted");
        let shown = format!("{password:?} {:?} {:?}", Attempt::new("tulip"), weaker("tulip"));
        assert!(!shown.contains("tulip") && !shown.contains("argon2"), "{shown}");
    }

    #[test]
    fn only_argon2id_is_read() {
        assert!(PasswordHash::new(weaker("tulip").as_str()).is_ok());
        for text in [
            "",
            "tulip",
            "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=64,t=1,p=1",
        ] {
            assert!(PasswordHash::new(text).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn the_right_password_and_no_other() {
        let passwords = Passwords::default();
        let password = Password::new("ﾄﾘ tulip ＨＡＲＢＯＲ", "hanako").expect("accepted");
        let stored = passwords.hash(password).await.expect("a hash");
        assert!(stored.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.as_str());
        // The same text from another input method.
        let same = Attempt::new("トリ tulip HARBOR");
        assert_eq!(passwords.check(same, Some(stored.clone())).await.expect("checked"), Verdict::Right);
        for wrong in ["トリ tulip harbor", "", &"x".repeat(2000)] {
            let verdict = passwords.check(Attempt::new(wrong), Some(stored.clone())).await.expect("checked");
            assert_eq!(verdict, Verdict::Wrong, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_weak_hash_is_made_anew() {
        let passwords = Passwords::default();
        let verdict = passwords.check(Attempt::new("tulip"), Some(weaker("tulip"))).await.expect("checked");
        let Verdict::RightAndRehashed(new) = verdict else { panic!("{verdict:?}") };
        assert_eq!(passwords.check(Attempt::new("tulip"), Some(new)).await.expect("checked"), Verdict::Right);
    }

    /// Not by the clock, which other tests disturb: both ways must compute a hash with the parameters of today.
    #[tokio::test]
    async fn an_account_that_is_not_there_costs_a_hash() {
        let nobody = NOBODY.clone().expect("made");
        assert!(is_of_today(&nobody.parsed().expect("a hash")));
        let passwords = Passwords::default();
        for text in ["there is no such account", "tulip"] {
            assert_eq!(passwords.check(Attempt::new(text), None).await.expect("checked"), Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn those_who_wait_are_counted() {
        let passwords = Passwords { turns: Semaphore::new(1), waiting: Semaphore::new(0) };
        let busy = passwords.check(Attempt::new("tulip"), None).await;
        assert!(matches!(busy, Err(HashError::Busy)), "{busy:?}");
    }
}
