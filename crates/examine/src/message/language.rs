//! Which language a message is in, as far as that decides whether its wording can be judged.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The language of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Japanese.
    Japanese,
    /// English, also as it is written on telephones.
    English,
    /// Any other.
    Other,
    /// There are hardly any letters, such as in a number or a link alone.
    None,
}

/// Letters below which nothing is said about the language.
const LETTERS_MIN: usize = 2;
/// Words in Latin letters from which on English has to show itself by its small words.
const WORDS_MIN: usize = 7;
/// One word in so many is one of the small ones in English; other languages share a few of them by accident.
const WORDS_FOR_A_SMALL_ONE: usize = 9;

/// The language of a folded text, which holds no links.
pub fn language(folded: &str) -> Language {
    let mut counts = Counts::default();
    folded.chars().for_each(|c| counts.count(c));
    if counts.letters() < LETTERS_MIN {
        return Language::None;
    }
    if counts.kana > 0 && (counts.kana + counts.han) * 3 >= counts.other {
        return Language::Japanese;
    }
    if counts.han * 3 > counts.latin && counts.han >= counts.other {
        let chinese = folded.chars().filter(|c| CHINESE.contains(*c)).count();
        return if chinese == 0 { Language::Japanese } else { Language::Other };
    }
    if counts.other > counts.latin || counts.kana + counts.han > counts.latin {
        return Language::Other;
    }
    latin(folded)
}

/// Characters that Chinese needs and Japanese hardly writes.
const CHINESE: &str = "的您请們们这這吗嗎了我你您们说說没沒给給还還从从个為为对對时电话线认识点击链联系账户号码银险务";

#[derive(Default)]
struct Counts {
    kana: usize,
    han: usize,
    latin: usize,
    other: usize,
}

impl Counts {
    fn count(&mut self, c: char) {
        match c {
            '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => self.kana += 1,
            '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
                self.han += 1;
            }
            _ if c.is_ascii_alphabetic() => self.latin += 1,
            _ if c.is_alphabetic() => self.other += 1,
            _ => {}
        }
    }

    fn letters(&self) -> usize {
        self.kana + self.han + self.latin + self.other
    }
}

/// English or another language in Latin letters, by the small words.
fn latin(folded: &str) -> Language {
    let (mut words, mut small) = (0_usize, 0_usize);
    for word in folded.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'').filter(|w| !w.is_empty()) {
        words += usize::from(word.bytes().any(|b| b.is_ascii_alphabetic()));
        small += usize::from(SMALL_WORDS.contains(word));
    }
    let enough = small * WORDS_FOR_A_SMALL_ONE >= words || small > 0 && words < 2 * WORDS_MIN;
    if words < WORDS_MIN || enough { Language::English } else { Language::Other }
}

/// Small words of English, and as they are written on telephones. None that is as common in other languages.
static SMALL_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "the and you your that this with for have has are was were will would can could not what when where from they \
     there their them been which who how our but its it's i'm i'll don't just get got out about now please call \
     is it of if as be by we my he she his her so up go then than too very all any some one send text free reply u \
     ur r 2 4 im dont cant wat wen hv gonna wanna need want know like time today tomorrow love good morning \
     night home come back see yes ok okay hi hello hey thanks thank sorry txt to claim account click"
        .split_whitespace()
        .collect()
});

/// True for text that is speech from somebody to somebody, in a language that is judged: sentences without the signs of
/// programs, tables and settings.
pub fn is_speech(text: &str) -> bool {
    const CODE: &[&str] = &[
        "();",
        "{",
        "}",
        "==",
        "://localhost",
        "import ",
        "#include",
        "$(",
        "</",
        "<?",
        "=>",
        "::",
        "|",
        "\t",
        "```",
        "copyright",
        "license",
    ];
    const ENGLISH: &[&str] = &["you", "your", "u", "ur", "please", "i", "i'm", "we", "me", "my"];
    const JAPANESE: &[&str] = &[
        "です",
        "ます",
        "ました",
        "ません",
        "ください",
        "下さい",
        "だよ",
        "だね",
        "ない",
        "して",
        "って",
        "くれ",
        "ごめん",
        "ありがとう",
        "よ。",
        "ね。",
        "よ！",
        "ね！",
        "たい",
        "した。",
    ];
    let lower = text.to_lowercase();
    if CODE.iter().any(|sign| lower.contains(sign)) {
        return false;
    }
    match language(&lower) {
        Language::Japanese => JAPANESE.iter().any(|word| text.contains(word)),
        Language::English => {
            let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'').filter(|w| !w.is_empty());
            words.clone().count() >= WORDS_MIN && words.any(|word| ENGLISH.contains(&word))
        }
        Language::Other | Language::None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_that_are_judged_are_told_from_others() {
        for (text, expected) in [
            ("お荷物のお届けにあがりました", Language::Japanese),
            ("至急連絡", Language::Japanese),
            ("amazonプライムの更新", Language::Japanese),
            ("c u at 8 ok", Language::English),
            ("please call me when you get home from work today", Language::English),
            ("您的包裹已到达，请点击链接", Language::Other),
            ("su paquete esta retenido por falta de pago de aduanas", Language::Other),
            ("ihr paket konnte nicht zugestellt werden bitte zahlen sie", Language::Other),
            ("택배가 도착했습니다 확인하세요", Language::Other),
            ("ваша посылка ожидает оплаты", Language::Other),
            ("123456", Language::None),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}
