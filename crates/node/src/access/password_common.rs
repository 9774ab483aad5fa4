//! Passwords that are guessed first: a short list of our own, and patterns. NIST SP 800-63B-4 section 3.1.1.2 asks for such a
//! list, and says that a long one gains little where guesses are throttled.

/// Words that people make passwords of. A password that is one of them, repeated or with digits and signs around it, is refused.
/// Only what can reach twelve characters in that way is worth a line.
const WORDS: &[&str] = &[
    "admin",
    "administrator",
    "aikotoba",
    "akimori",
    "anshin",
    "anshou",
    "asdfghjkl",
    "baseball",
    "changeme",
    "changeit",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "default",
    "doraemon",
    "dragon",
    "football",
    "guest",
    "himitsu",
    "iloveyou",
    "japan",
    "kawaii",
    "keiei",
    "konnichiwa",
    "letmein",
    "login",
    "master",
    "monkey",
    "naisho",
    "nippon",
    "ohayou",
    "operator",
    "passw0rd",
    "passphrase",
    "password",
    "pikachu",
    "p@ssw0rd",
    "p@ssword",
    "princess",
    "qazwsxedc",
    "qwerty",
    "qwertyuiop",
    "root",
    "sakimori",
    "sakura",
    "sample",
    "secret",
    "security",
    "superman",
    "supersecret",
    "sunshine",
    "system",
    "temporary",
    "test",
    "testing",
    "testtest",
    "tokyo",
    "toor",
    "trustno1",
    "user",
    "welcome",
    "yamato",
    "zaq1xsw2",
    "zxcvbnm",
    "1q2w3e4r",
    "1qaz2wsx",
    "1qaz2wsx3edc",
    "abc123",
    "admin123",
    "pass",
    "あいことば",
    "パスワード",
    "ぱすわーど",
    "暗証番号",
    "秘密",
    "防人",
    "さくら",
    "合言葉",
    "管理者",
];

/// Rows that fingers run along. A password that is a part of one of them, repeated or backwards, is refused.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
];

/// Longest part whose repetition is a pattern and no password: `abc1abc1abc1`.
const UNIT_CHARS_MAX: usize = 4;

/// So many digits and nothing else are a date or a telephone number.
const DIGITS_MAX: usize = 15;

/// True when a lower-case password is one that is guessed first.
pub(super) fn is_common(folded: &str) -> bool {
    is_made_of_a_word(folded) || is_a_short_unit_repeated(folded) || runs_along_a_row(folded)
}

fn is_made_of_a_word(folded: &str) -> bool {
    let inner = folded.trim_matches(|c: char| !c.is_alphabetic());
    let left = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    if inner.is_empty() {
        return folded.len() <= DIGITS_MAX && folded.bytes().all(|b| b.is_ascii_digit());
    }
    WORDS.iter().any(|word| [folded, inner, left].iter().any(|text| text.replace(word, "").is_empty()))
}

fn is_a_short_unit_repeated(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    (1..=UNIT_CHARS_MAX).any(|unit| chars.iter().skip(unit).zip(&chars).all(|(later, earlier)| later == earlier))
}

fn runs_along_a_row(folded: &str) -> bool {
    let backwards: String = folded.chars().rev().collect();
    ROWS.iter().any(|row| {
        // Twice as long, so that a run that starts again at the front is one.
        let row = row.repeat(2 + folded.len() / row.len());
        row.contains(folded) || row.contains(&backwards)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first() {
        for text in [
            "password2026!",
            "!!password!!",
            "passwordpassword",
            "sakimori2026",
            "administrator",
            "1qaz2wsx3edc",
            "abcabcabcabc",
            "abcdefghijkl",
            "zyxwvutsrqpo",
            "901234567890",
            "qwertyuiopasd",
            "あいうえおかきくけこさし",
            "199001011234",
            "correct horse battery staple",
            "adminadmin123",
            "パスワードパスワード",
            "p@ssword2026",
        ] {
            assert!(is_common(text), "{text}");
        }
    }

    #[test]
    fn what_is_not() {
        for text in [
            "plum tree 42",
            "my password is a plum",
            "tulip harbor",
            "abcd efgh ijkl",
            "abcdeabcdfabcdg",
            "3141592653589793",
            "!#%&()=-~^|+*?",
        ] {
            assert!(!is_common(text), "{text}");
        }
    }
}
