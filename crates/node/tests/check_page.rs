//! The check page as people get it: a message in, a page out.
//!
//! `UPDATE_GOLDEN=1 cargo test -p sakimori-node --test check_page` writes the pages anew; review their diff like code.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::{Settings, message};
use sakimori_model::{Lang, words};
use sakimori_node::api::check::{Agreement, Form, Kept, Level, Outcome, STYLE, page, verdict};
use sakimori_node::decide::{DEFAULT_POLICY, Policy};

/// Name, message and verdict.
const CASES: &[(&str, &str, &str)] = &[
    (
        "card",
        "【JCBカード】第三者による不正利用の可能性があるため、カードのご利用を一部制限させていただきました。本日中に下記よりご利用確認をお願いいたします。\nhttps://my-jcb.example-co-jp.icu/",
        "fraud",
    ),
    (
        "police",
        "警察署です。あなた名義の口座が犯罪に使われています。LINEを追加して、ビデオ通話で取り調べを受けてください。家族にも話さないでください。",
        "fraud",
    ),
    ("code", "ごめん、間違えて私の認証番号がそっちに届いたみたい。届いた6桁の番号を教えてくれる？", "care"),
    (
        "delivery",
        "ヤマト運輸です。本日14時〜16時にお荷物をお届けする予定です。ご不在の場合は宅配ボックスに入れます。",
        "nothing",
    ),
    ("other-language", "Ваша посылка ожидает оплаты. Перейдите по ссылке сегодня.", "unknown"),
    ("empty", "  ", "unknown"),
];

#[test]
fn pages_are_as_they_were_reviewed() {
    let mut pages = vec![("form".to_owned(), None::<&str>)];
    pages.extend(CASES.iter().map(|(name, text, _)| ((*name).to_owned(), Some(*text))));
    let mut wrong = Vec::new();
    for (name, text) in pages {
        for (lang, suffix) in [(Lang::Ja, "ja"), (Lang::En, "en")] {
            let html = text.map_or_else(|| page(Form::default(), None, lang), |text| answer(text, lang));
            let golden = folder().join(format!("{name}.{suffix}.html"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&golden, &html).expect("writable");
            } else if fs::read_to_string(&golden).unwrap_or_default() != html {
                wrong.push(golden);
            }
        }
    }
    assert!(wrong.is_empty(), "differ; UPDATE_GOLDEN=1 writes them anew: {wrong:#?}");
}

#[test]
fn each_message_gets_its_verdict() {
    for (name, text, level) in CASES {
        assert_eq!(judged(text).level.as_str(), *level, "{name}");
    }
}

#[test]
fn no_page_calls_anything_safe_and_every_word_is_there() {
    for (_, text, _) in CASES {
        for lang in [Lang::Ja, Lang::En] {
            let html = answer(text, lang);
            let (head, rest) = html.split_once("<textarea").expect("a form");
            let tail = rest.split_once("</textarea>").expect("closed").1;
            for said in [head, tail] {
                assert!(!said.contains("安全です") && !said.to_lowercase().contains(" safe"), "{said}");
                assert!(!said.contains("citizen."), "a word is missing: {said}");
            }
        }
    }
    for part in ["heading", "lead"] {
        for level in ["fraud", "care", "nothing"] {
            assert!(words::knows(&format!("citizen.{level}.{part}")));
        }
    }
    for why in ["empty", "too-long", "language", "no-words", "unexamined"] {
        assert!(words::knows(&format!("citizen.unknown.lead.{why}")));
    }
}

#[test]
fn every_word_that_is_asked_for_exists_and_every_word_is_asked_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("readable");
    let code = [read("templates/check.html"), read("src/api/check/page.rs"), read("src/api/check/verdict.rs")].concat();
    let asked = |id: &str| code.contains(&format!("\"{id}\""));
    let file = read("../../words/check.toml");
    for id in file.lines().filter_map(|line| line.strip_prefix('"')?.split('"').next()) {
        let stem = id.rsplit_once('.').map_or(id, |(stem, _)| stem);
        let by_level =
            ["citizen.fraud", "citizen.care", "citizen.nothing", "citizen.unknown"].iter().any(|l| id.starts_with(l));
        assert!(asked(id) || asked(stem) || by_level, "{id} is used nowhere");
    }
    for id in code.split('"').filter(|text| text.starts_with("citizen.") && !text.contains('{')) {
        assert!(words::knows(id) || words::knows(&format!("{id}.number")), "{id} has no words");
    }
}

#[test]
fn hostile_text_is_escaped_and_bounded() {
    let hostile = "</textarea><script>alert(1)</script>\" onfocus=\"x 写真 http://192.0.2.7/<img src=x onerror=y> カードの利用を停止しました";
    for lang in [Lang::Ja, Lang::En] {
        let html = answer(hostile, lang);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("\" onfocus"), "{html}");
        assert_eq!(html.matches("</textarea>").count(), 1);
        let long =
            format!("https://{}.example.top/ カードの利用を停止しました {}", "a".repeat(60), "<b>".repeat(200_000));
        let html = answer(&long, lang);
        assert!(html.len() < 64 * 1024 * 4 + 32 * 1024, "{} bytes", html.len());
        assert!(!html.contains("<b>"));
    }
}

#[test]
fn pages_hold_no_script_no_style_and_nothing_from_elsewhere() {
    for (_, text, _) in CASES {
        let html = answer(text, Lang::Ja);
        let (head, rest) = html.split_once("<textarea").expect("a form");
        let page = format!("{head}{}", rest.split_once("</textarea>").expect("closed").1);
        for forbidden in ["<script", "<style", "style=", "onclick", "src=", "javascript:", "//"] {
            assert!(!page.replace("https://", "").replace("http://", "").contains(forbidden), "{forbidden} in {page}");
        }
        assert_eq!(page.matches("<h1").count(), 1);
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn the_form_keeps_what_was_chosen_and_says_what_was_kept() {
    let form = Form { text: "a & b", agree: Agreement::Yes };
    let kept = Kept::Record("0190-example".to_owned());
    let html = page(form, Some(Outcome::Judged { verdict: judged("hello you there"), kept }), Lang::En);
    assert!(html.contains(" checked>") && html.contains("a &#38; b") && html.contains("0190-example"), "{html}");
    for name in ["name=\"text\"", "name=\"agree\"", "name=\"lang\""] {
        assert!(html.contains(name), "{name}");
    }
    let busy = page(Form::default(), Some(Outcome::Busy { seconds: 30 }), Lang::En);
    assert!(busy.contains("30 seconds") && !busy.contains("checked"));
    assert!(page(Form::default(), Some(Outcome::TooLarge), Lang::Ja).contains("文が大きすぎます"));
}

#[test]
fn the_title_says_the_verdict_first() {
    let html = answer(CASES[0].1, Lang::Ja);
    assert!(html.contains("<title>詐欺の可能性が高いです | "));
    assert!(html.contains("<html lang=\"ja\">") && answer(CASES[0].1, Lang::En).contains("<html lang=\"en\">"));
    let (result, form) = (html.find("id=\"verdict\"").expect("there"), html.find("<form").expect("there"));
    assert!(result < form);
    assert_eq!(judged("").level.as_str(), Level::NotJudged(sakimori_node::api::check::Why::Empty).as_str());
}

fn judged(text: &str) -> sakimori_node::api::check::Verdict {
    let examination = message::examine_text(text, &Settings::default());
    let policy = Policy::parse(DEFAULT_POLICY).expect("the default policy is one");
    verdict(&examination, &policy.decide(&examination.kind, &examination.findings))
}

fn answer(text: &str, lang: Lang) -> String {
    let form = Form { text, agree: Agreement::No };
    page(form, Some(Outcome::Judged { verdict: judged(text), kept: Kept::Nothing }), lang)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check_page")
}
