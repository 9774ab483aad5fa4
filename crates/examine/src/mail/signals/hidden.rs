//! Text that the reader does not see, and letters that filters do not read.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::mail::page::How;
use crate::prose::disturbed::disturbed_word;
use crate::prose::fold::is_direction_override;

/// Letters of hidden text that preview lines and layouts for small screens use at most.
const PREVIEW_CHARS_MAX: usize = 1_500;
/// Words with disturbed letters from which on it is no accident in a body.
const DISTURBED_WORDS_MIN: usize = 4;
/// Words cut by tags from which on it is no layout.
const SPLIT_WORDS_MIN: usize = 20;

/// Looks at the headers that are shown and the bodies.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    shown_headers(letter, seen);
    for (number, body) in letter.bodies.iter().enumerate() {
        if let Some(word) = disturbed_word(body.visible(), DISTURBED_WORDS_MIN) {
            seen.add(
                finding(&codes::INVISIBLE_CHARACTERS, letter.at_body(number, 0)).with("text", super::quote(&word)),
            );
        }
        let Some(page) = &body.page else { continue };
        if page.split_words >= SPLIT_WORDS_MIN {
            seen.add(finding(&codes::SPLIT_WORDS, letter.at_body(number, 0)).with("count", page.split_words));
        }
        let letters = |how: fn(How) -> bool| -> usize {
            page.hidden
                .iter()
                .filter(|h| how(h.how))
                .map(|h| h.text.chars().filter(|c| c.is_alphanumeric()).count())
                .sum()
        };
        let displayed_not = letters(|h| h == How::NotDisplayed);
        let disguised = letters(|h| h != How::NotDisplayed);
        // Text in the colour of the ground or of a pixel has no honest use beyond a preview line.
        if (displayed_not > PREVIEW_CHARS_MAX || disguised > 200)
            && let Some(first) = page.hidden.iter().find(|h| disguised <= 200 || h.how != How::NotDisplayed)
        {
            let made = finding(&codes::HIDDEN_TEXT, letter.at_body(number, first.offset));
            seen.add(made.with("how", first.how.as_str()).with("count", displayed_not + disguised));
        }
    }
}

fn shown_headers(letter: &Letter<'_>, seen: &mut Seen) {
    let names = letter.from.iter().map(|m| (m.name.as_str(), "From"));
    let files = letter.attachments.iter().map(|a| (a.name.as_str(), "Content-Disposition"));
    for (text, header) in names.chain([(letter.subject.as_str(), "Subject")]).chain(files) {
        let latin = text.chars().any(|c| c.is_ascii_alphabetic());
        if latin && text.chars().any(is_direction_override) {
            seen.add(finding(&codes::DIRECTION_OVERRIDE, letter.at_header(header)).with("text", super::quote(text)));
        } else if let Some(word) = disturbed_word(text, 1) {
            seen.add(finding(&codes::INVISIBLE_CHARACTERS, letter.at_header(header)).with("text", super::quote(&word)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    fn html(body: &str) -> Vec<sakimori_model::Code> {
        found(look, &format!("From: a@example.com\nContent-Type: text/html; charset=utf-8\n\n{body}"))
    }

    #[test]
    fn preview_lines_and_accents_raise_nothing() {
        assert_eq!(html(&format!("<div style='display:none'>{}</div>Grüße, café", "Preview &zwnj; ".repeat(30))), []);
        assert_eq!(found(look, "From: a@example.com\nSubject: Привет and 日本語のお知らせ\n\nx"), []);
    }

    #[test]
    fn hidden_and_disturbed_text_is_found() {
        assert_eq!(html(&format!("<p style='font-size:0'>{}</p>", "filler ".repeat(50))), [codes::HIDDEN_TEXT]);
        assert_eq!(html(&"p<b></b>a<i></i>y ".repeat(15)), [codes::SPLIT_WORDS]);
        for subject in ["Pay\u{200b}ment", "Раyment", "𝗪𝗲𝗹𝗰𝗼𝗺𝗲", "Co\u{337}rreios"] {
            assert_eq!(
                found(look, &format!("From: a@example.com\nSubject: {subject}\n\nx")),
                [codes::INVISIBLE_CHARACTERS]
            );
        }
        assert_eq!(found(look, "Subject: invoice\u{202e}fdp.exe\n\nx"), [codes::DIRECTION_OVERRIDE]);
    }
}
