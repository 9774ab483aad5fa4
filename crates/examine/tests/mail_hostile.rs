//! Hostile mails: whatever the bytes are, an examination comes back, and in time.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use sakimori_examine::{Examination, Settings, examine};

/// A mail with one of everything, to be damaged.
const MAIL: &str = "Authentication-Results: mx.example.jp; spf=pass (a (b)) smtp.mailfrom=x@example.com; dkim=fail\n\
Received: from a.example.com (a [192.0.2.1]) by mx.example.jp; Mon, 6 Jan 2025 10:00:05 +0900\n\
From: \"PayPal\" <a@example.com>\nTo: b@example.jp\nSubject: =?UTF-8?B?5pys5Lq656K66KqN?=\nDate: Mon, 6 Jan 2025 10:00:00 +0900\n\
Message-ID: <1@example.com>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=shift_jis\n\n\
<p style='display:none'>x</p><a href='https://bit.ly/?url=https://example.org'>www.example.com</a>&nbsp;&#x41;\n--b\n\
Content-Type: message/rfc822\n\nFrom: c@example.com\nSubject: inner\n\nx\n--b\nContent-Type: application/zip; name=a.zip\n\
Content-Transfer-Encoding: base64\n\nUEsDBBQAAQA=\n--b--\n";

fn run(bytes: Vec<u8>) -> Examination {
    let examination = examine(&bytes, &Settings::default());
    let failed = examination.findings.iter().any(|f| f.code.as_str() == "SKM-OBS-0004");
    assert!(!failed, "an examiner failed");
    examination
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_after_a_header_are_examined(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let mut mail = b"From: a@example.com\nSubject: x\n".to_vec();
        mail.extend(bytes);
        run(mail);
    }

    #[test]
    fn damaged_mails_are_examined(changes in proptest::collection::vec((0..MAIL.len(), any::<u8>()), 1..20), end in 0..MAIL.len()) {
        let mut mail = MAIL.as_bytes().to_vec();
        for (at, byte) in changes {
            mail[at] = byte;
        }
        run(mail.clone());
        mail.truncate(end);
        run(mail.clone());
        run([b"From x\n".as_slice(), &mail, b"\n\nFrom y\n", &mail].concat());
    }
}

#[test]
fn time_stays_near_linear() {
    let html = "From: a@example.com\nTo: b@example.com\nContent-Type: text/html\n\n";
    let plain = "From: a@example.com\nTo: b@example.com\n\n";
    for (what, mail) in [
        ("nesting", format!("{html}{}", "<div>".repeat(200_000))),
        ("open tags", format!("{html}{}", "<a href=\"x".repeat(100_000))),
        ("links", format!("{html}{}", "<a href='https://a.example.org/'>www.example.com</a>".repeat(10_000))),
        ("hosts", {
            let links: String =
                (0..10_000).map(|i| format!("<a href='https://h{i}.example{i}.org/'>x{i}</a>")).collect();
            format!("{html}{links}")
        }),
        ("classes", {
            let sheet = format!("<style>.a{{{}}}</style>", "color:red;".repeat(40));
            format!("{html}{sheet}{}", "<b class='a a a a a a a a'>".repeat(20_000))
        }),
        ("plain links", format!("{plain}{}", "https://example.org/x ".repeat(50_000))),
        ("long header", format!("From: a@example.com\nTo: b@example.com\nSubject: {}\n\nx", "a ".repeat(500_000))),
        ("many headers", format!("From: a@example.com\nTo: b@example.com\n{}\nx", "X: y\n".repeat(200_000))),
        ("many addresses", format!("To: b@example.com\nSubject: x\nFrom: {}\n\nx", "a@example.com, ".repeat(60_000))),
        (
            "encoded words",
            format!("From: a@example.com\nTo: b@example.com\nSubject: {}\n\nx", "=?UTF-8?Q?a?= ".repeat(60_000)),
        ),
        ("parentheses", format!("To: b@example.com\nSubject: x\nFrom: {}\n\nx", "(".repeat(1_000_000))),
        (
            "results",
            format!(
                "To: b@example.com\nSubject: x\nAuthentication-Results: {}\nReceived: x\nFrom: a@example.com\n\nx",
                "(;=".repeat(300_000)
            ),
        ),
        (
            "mails in mails",
            format!("{plain}{}", "").replace("\n\n", "\n") + &"Content-Type: message/rfc822\n\n".repeat(30_000),
        ),
        ("parts in parts", {
            let parts: String =
                (0..20_000).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n")).collect();
            format!("From: a@example.com\nTo: b@example.com\n{parts}")
        }),
        (
            "lost boundaries",
            format!(
                "From: a@example.com\nTo: b@example.com\nContent-Type: multipart/mixed; boundary=b\n\n{}",
                "--b\nContent-Type: multipart/mixed; boundary=q\n\n".repeat(20_000)
            ),
        ),
        (
            "parts",
            format!(
                "From: a@example.com\nTo: b@example.com\nContent-Type: multipart/mixed; boundary=b\n\n{}",
                "--b\n\nx\n".repeat(100_000)
            ),
        ),
        ("words", format!("{plain}{}", "verify your account urgent ".repeat(40_000))),
    ] {
        let start = Instant::now();
        run(mail.into_bytes());
        assert!(start.elapsed() < Duration::from_secs(30), "{what}: {:?}", start.elapsed());
        println!("{what}: {:?}", start.elapsed());
    }
}

#[test]
fn what_is_left_out_is_said() {
    let limit = |mail: String| run(mail.into_bytes()).findings.iter().any(|f| f.code.as_str() == "SKM-OBS-0003");
    let head = "From: a@example.com\nTo: b@example.com\n";
    assert!(limit(format!("{head}\n{}", "https://example.org/ ".repeat(3_000))));
    assert!(limit(format!("{head}Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", "--b\n\nx\n".repeat(1_500))));
    assert!(limit(format!("{head}{}", "Content-Type: message/rfc822\n\n".repeat(300))));
}
