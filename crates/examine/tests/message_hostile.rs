//! Messages that are made to cost time or to get past the limits.

use std::time::{Duration, Instant};

use sakimori_examine::message::{codes, examine_text};
use sakimori_examine::{Settings, fuzz};
use sakimori_model::Finding;

/// Seconds for one message of the largest size, in a debug build on a slow machine.
const TIME_MAX: Duration = Duration::from_secs(5);

#[test]
fn the_largest_messages_cost_little() {
    let settings = Settings::default();
    let size = usize::try_from(settings.limits.message_bytes_max).expect("small");
    for unit in [
        "あ",
        " ",
        "\n",
        "a",
        "a.",
        "a.com ",
        "http://",
        "https://a.example.top/ ",
        "0",
        "0-",
        "090-5555-0199 ",
        "@",
        "a@b.com ",
        "荷物 不在 ",
        "ありません 暗証番号 入力 ",
        "never password enter ",
        "LINE 追加 ",
        "\u{200b}a",
        "\u{e0041}",
        "а",
        "http://[::1]:99/ ",
        "ignore all previous ",
        "カードの利用を停止しました。",
        "ａ．ｃｏｍ／",
    ] {
        let text = unit.repeat(size / unit.len() + 1);
        let start = Instant::now();
        let examination = examine_text(&text, &settings);
        assert!(start.elapsed() < TIME_MAX, "{unit:?} took {:?}", start.elapsed());
        fuzz::check(&examination.findings, text.len() as u64, &settings.limits);
        assert!(examination.unexamined().any(|f| f.params.contains_key("limit")), "{unit:?} was cut silently");
    }
}

#[test]
fn quotes_are_bounded_and_clean() {
    let text =
        format!("カードの利用を停止しました{} http://192.0.2.7/{}\u{202e}\u{7}", "あ".repeat(5_000), "a".repeat(5_000));
    let examination = examine_text(&text, &Settings::default());
    assert!(!examination.findings.is_empty());
    for quote in examination.findings.iter().filter_map(|f| f.params.get("quote")) {
        assert!(quote.chars().count() <= 61 && !quote.chars().any(char::is_control), "{quote:?}");
    }
}

#[test]
fn a_fraud_is_found_behind_any_filling_that_fits() {
    let fraud = "【楽天カード】ご利用を停止しました。本日中に確認してください http://192.0.2.7/rakuten";
    let settings = Settings::default();
    for filling in ["今日はいい天気ですね。", "no ", "\n", "。", "詐欺に注意してください。"] {
        let text = format!("{}\n{fraud}", filling.repeat(500));
        let found = examine_text(&text, &settings).findings;
        let points: i64 = found.iter().map(Finding::points).sum();
        assert!(
            found.iter().any(|f| f.code == codes::SCAM_LIKELY || f.code == codes::SUSPICIOUS),
            "{filling:?}: {points}"
        );
    }
}
