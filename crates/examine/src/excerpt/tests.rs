use proptest::prelude::*;

use super::*;

fn show(bytes: &[u8], place: &Place) -> Option<Excerpt> {
    excerpt(&bytes, place, &Limits::default())
}

fn byte(member: Option<&str>, offset: u64) -> Place {
    Place::Byte { member: member.map(str::to_owned), offset }
}

fn text(member: Option<&str>, line: u32, column: u32) -> Place {
    Place::Text { member: member.map(str::to_owned), line, column }
}

fn event(record: u64, field: &str) -> Place {
    Place::Event { record, field: Some(field.to_owned()) }
}

/// The rows as text, with brackets around what is marked.
fn shown(excerpt: Option<Excerpt>) -> Vec<String> {
    let row = |row: Row| {
        let mut chars: Vec<char> = row.text.chars().collect();
        if let Some((from, to)) = row.mark {
            chars.insert(to as usize, ']');
            chars.insert(from as usize, '[');
        }
        format!("{} {}", row.at, chars.into_iter().collect::<String>())
    };
    excerpt.expect("there is such a place").rows.into_iter().map(row).collect()
}

#[test]
fn bytes_around_an_offset() {
    let bytes: Vec<u8> = (0..=255).collect();
    let excerpt = show(&bytes, &byte(None, 0x61)).expect("there is such a byte");
    assert_eq!((excerpt.start, excerpt.rows.len(), excerpt.cut), (0x30, 8, true));
    assert_eq!(excerpt.rows[3].text, "60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f");
    assert_eq!(excerpt.rows[3].mark, Some((3, 5)));
    assert_eq!(shown(show(b"ab", &byte(None, 1))), ["0 61 [62]"]);
    // The end is a place, and what is behind it is none.
    assert_eq!(shown(show(b"ab", &byte(None, 2))), ["0 61 62"]);
    assert_eq!(show(b"ab", &byte(None, 3)), None);
    assert_eq!(show(b"", &byte(None, 0)), None);
}

#[test]
fn lines_around_a_position() {
    let bytes = b"1\r\n2\n3\n4\n  five six\n6\n7\n8\n9\n";
    let rows = shown(show(bytes, &text(None, 5, 3)));
    assert_eq!(rows, ["2 2", "3 3", "4 4", "5   [five] six", "6 6", "7 7", "8 8"]);
    assert_eq!(show(bytes, &text(None, 11, 1)), None);
    assert_eq!(show(bytes, &text(None, 0, 0)), None);
}

#[test]
fn rows_are_bounded_and_harmless() {
    let long = format!("{}\u{202e}needle {}", "a".repeat(1_000), "b".repeat(1_000));
    let excerpt = show(long.as_bytes(), &text(None, 1, 1_001)).expect("a line");
    let row = &excerpt.rows[0];
    assert_eq!(row.text.chars().count(), ROW_CHARS_MAX);
    let (from, to) = row.mark.expect("the word is marked");
    let marked: String = row.text.chars().skip(from as usize).take((to - from) as usize).collect();
    assert_eq!(marked, "\\u{202e}needle");
    assert!(excerpt.cut && row.text.starts_with('…') && row.text.ends_with('…'));
}

#[test]
fn a_header_and_a_body_of_a_mail() {
    let mail = b"From: =?utf-8?B?5pys5Lq656K66KqN?= <a@example.com>\nSubject: hi\nContent-Type: multipart/mixed; boundary=x\n\n\
        --x\nContent-Type: text/html\n\n<p>one</p>\n<a href=\"https://example.org/\">two</a>\n\
        --x\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw==\n--x--\n";
    assert_eq!(shown(show(mail, &text(Some("header:From"), 1, 1))), ["1 From: [本人確認 <a@example.com>]"]);
    assert_eq!(shown(show(mail, &text(Some("header:To"), 1, 1))).len(), 3, "it has none: the whole header");
    assert!(shown(show(mail, &text(Some("header:To"), 1, 1)))[2].starts_with("3 Content-Type: multipart"));
    let rows = shown(show(mail, &text(Some("part:1"), 2, 1)));
    assert_eq!(rows[1], "2 [<a] href=\"https://example.org/\">two</a>");
    assert_eq!(shown(show(mail, &text(Some("part:1"), 1, 1)))[0].trim_end(), "1 one", "the body as it is seen");
    assert_eq!(shown(show(mail, &byte(Some("part:2 a.png"), 0))), ["0 [89] 50 4e 47"]);
    assert_eq!(show(mail, &text(Some("part:9"), 1, 1)), None);

    let mailbox = [b"From a 1\n".as_slice(), mail, b"\nFrom b 2\nSubject: two\nFrom: b@example.com\n\nx\n"].concat();
    assert_eq!(shown(show(&mailbox, &text(Some("mail:2!/header:Subject"), 1, 1))), ["1 Subject: [two]"]);
    assert_eq!(shown(show(&mailbox, &Place::Whole { member: Some("mail:2".to_owned()) }))[0], "1 Subject: two");
}

/// An archive of one file in the format of tar (POSIX ustar).
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    header.extend_from_slice(content);
    header.resize(header.len().next_multiple_of(512) + 1024, 0);
    header
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, content).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

#[test]
fn members_inside_members() {
    let inner: Vec<u8> = (0..=255).collect();
    let packed = gzip(&tar("a/b.bin", &gzip(&inner)));
    let path = "gzip!/a/b.bin!/gzip";
    let excerpt = show(&packed, &byte(Some(path), 0xf3)).expect("there is such a byte");
    assert_eq!(excerpt.member.as_deref(), Some(path));
    assert_eq!(shown(Some(excerpt))[3], "240 f0 f1 f2 [f3] f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff");
    assert_eq!(shown(show(&packed, &byte(Some("gzip!/a/b.bin"), 0)))[0].split_at(15).0, "0 [1f] 8b 08 00");
    for nowhere in ["gzip!/a/b", "gzip!/a/b.bin!/gzip!/x", "zip", ""] {
        assert_eq!(show(&packed, &byte(Some(nowhere), 0)), None, "{nowhere}");
    }
    let shallow = Limits { depth_max: 2, ..Limits::default() };
    assert_eq!(super::excerpt(&packed, &byte(Some(path), 0), &shallow), None);
}

#[test]
fn a_record_of_a_log() {
    let log = b"{\"Channel\":\"Security\",\"EventID\":4688,\"NewProcessName\":\"a\"}\n\n{\"Event\":{\"EventData\":{\"Image\":\"b\",\"l\":[1,null]}}}\n";
    assert_eq!(
        shown(show(log, &event(1, "Image"))),
        ["1 Channel: Security", "1 EventID: 4688", "1 [NewProcessName: a]"],
        "by the name that rules use"
    );
    assert_eq!(
        shown(show(log, &event(3, "Image"))),
        ["3 [Event.EventData.Image: b]", "3 Event.EventData.l: 1", "3 Event.EventData.l: null"]
    );
    assert_eq!(show(log, &event(4, "Image")), None);
    assert_eq!(show(log, &event(0, "Image")), None);
    let document = b"{\"Records\": [{\"eventName\":\"a\"},\n {\"eventName\":\"b\"}]}";
    assert_eq!(shown(show(document, &event(2, "eventName"))), ["2 [eventName: b]"]);
}

#[test]
fn a_field_among_many_is_shown() {
    let members: Vec<String> = (0..200).map(|n| format!("\"f{n}\":{n}")).collect();
    let log = format!("{{{}}}\n{{}}\n", members.join(","));
    let excerpt = show(log.as_bytes(), &event(1, "f150")).expect("an event");
    assert_eq!((excerpt.rows.len(), excerpt.cut), (ROWS_MAX, true));
    assert!(excerpt.rows.iter().any(|row| row.text == "f150: 150" && row.mark == Some((0, 9))));
}

fn places() -> impl Strategy<Value = Place> {
    let member = prop_oneof![
        Just(None),
        "(mail:[0-3]!/)?(header:(From|To|X)|part:[0-2](\\.[0-2])?)".prop_map(Some),
        "[a-c!/.]{0,8}".prop_map(Some),
        "(gzip|literal@0x[0-9]|storage@0x[0-9]|a)(!/a)?".prop_map(Some),
    ];
    let number = prop_oneof![0_u64..40, any::<u64>()];
    let small = prop_oneof![0_u32..40, any::<u32>()];
    (member, number, small, any::<u32>(), 0..4).prop_map(|(member, number, line, column, form)| match form {
        0 => Place::Whole { member },
        1 => Place::Byte { member, offset: number },
        2 => Place::Event { record: number, field: member },
        _ => Place::Text { member, line, column: column % 50 },
    })
}

proptest! {
    #[test]
    fn any_place_in_any_bytes_stays_in_the_bounds(
        start in prop_oneof![Just(""), Just("From: a\n\n"), Just("From a\nFrom: a\n\n"), Just("{\"a\":1}\n{"), Just("\u{80}"), Just("PK\x03\x04")],
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        place in places(),
    ) {
        let bytes = [start.as_bytes(), &bytes].concat();
        // Without the safety net, so that a panic shows.
        let limits = crate::fuzz::limits();
        if let Some(excerpt) = find(&bytes, &place, &limits) {
            crate::fuzz::check_excerpt(&excerpt, &place);
        }
    }
}
