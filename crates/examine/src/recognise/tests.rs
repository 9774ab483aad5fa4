use super::*;

fn kind(bytes: &[u8]) -> String {
    recognise(&bytes.to_vec()).expect("memory can be read").to_string()
}

#[test]
fn json_in_one_document_or_one_a_line() {
    for (text, expected) in [
        ("{\"a\": 1}\n{\"b\": 2}\n", "jsonl"),
        ("\u{feff}\r\n\r\n{\"a\": 1}\r\n{\"b\": 2}\r\n", "jsonl"),
        ("{\"a\": 1}", "json"),
        ("{\n \"a\": 1\n}\n", "json"),
        ("[{\"a\": 1}, 2]", "json"),
        ("[1, 2", "json"),
        ("[section]\nkey = 1\n", "text"),
        ("{broken", "text"),
    ] {
        assert_eq!(kind(text.as_bytes()), expected, "{text}");
    }
    let long = format!("{{\"a\": \"{}\"}}\n{{\"b\": 1}}\n", "x".repeat(200_000));
    assert_eq!(kind(long.as_bytes()), "jsonl");
    let wide: Vec<u8> = "\u{feff}{\"a\": 1}\n{\"b\": 2}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(kind(&wide), "jsonl");
}

#[test]
fn mails_and_mailboxes() {
    let mail = "Return-Path: <a@example.com>\r\nReceived: from x\r\n\tby y\r\nSubject: s\r\nFrom: a@example.com\r\n\r\nbody\r\n";
    assert_eq!(kind(mail.as_bytes()), "mail");
    assert_eq!(kind(format!("\n\n{mail}").as_bytes()), "mail");
    assert_eq!(kind(format!("From a@example.com Thu Aug 22 12:00:00 2002\n{mail}").as_bytes()), "mail");
    let two = format!(
        "From a@example.com Thu Aug 22 12:00:00 2002\n{mail}\nFrom b@example.com Thu Aug 22 12:01:00 2002\n{mail}"
    );
    assert_eq!(kind(two.as_bytes()), "mbox");
    assert_eq!(kind(format!("{mail}\0\x01binary").as_bytes()), "mail");
    let mut latin = mail.as_bytes().to_vec();
    latin.extend_from_slice(b"caf\xe9 \x93quoted\x94");
    assert_eq!(kind(&latin), "mail");
    assert_eq!(kind(b"Subject: only\nFrom: b@example.com\n\nshort"), "mail");
    assert_eq!(kind(b"From: the desk of nobody\nthis is a note\n"), "text");
    assert_eq!(kind(b"name: x\nversion: 1\ndate: 2026-01-01\n"), "yaml");
}

#[test]
fn text_of_other_kinds() {
    for (text, expected) in [
        ("<?xml version=\"1.0\"?><a/>", "xml"),
        ("<Event xmlns='http://example.com'><System/></Event>", "xml"),
        ("<p>text</p>", "html"),
        ("<user@example.com> wrote", "text"),
        ("\n<!DOCTYPE html><html></html>", "html"),
        ("{% for m in x %}{{ m }}{% endfor %}", "jinja"),
        ("text {{ a }} and {{ b }}", "jinja"),
        ("---\na: 1\n", "yaml"),
        ("a: 1\nb:\n  - c\n", "yaml"),
        ("a sentence: with a colon\nand another line", "text"),
        ("a,b\n1,2\n", "text"),
        (" \n", "text"),
    ] {
        assert_eq!(kind(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn signatures() {
    for (bytes, expected) in [
        (&b""[..], "empty"),
        (b"\x7fELF\x02\x01", "elf"),
        (b"MZ not a program at all", "text"),
        (b"\x80\x04K\x01.", "pickle"),
        (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "pytorch-legacy"),
        (b"\x02\0\0\0\0\0\0\0{}", "safetensors"),
        (b"\0\0\0\0\0\0\0\x40{}", "safetensors"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "zip"),
        (b"GGUF", "gguf"),
        (b"\x00\x01\x02", "unknown"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
    ] {
        assert_eq!(kind(bytes), expected, "{bytes:?}");
    }
    let mut behind = vec![b'\0'; 1024];
    behind.extend_from_slice(b"\x89HDF\r\n\x1a\n");
    assert_eq!(kind(&behind), "hdf5");
}

/// The literals in front of an import may be longer than what is looked at of a file.
#[test]
fn pickles_that_begin_with_long_literals() {
    let long = "A".repeat(3 * HEAD_BYTES);
    for pickle in [
        format!("V{long}\n0cbuiltins\neval\n(V1\ntR."),
        format!("(lp0\nV{long}\np1\naI1\naI2\na."),
        format!("X\0\0\x03\0{long}0cposix\nsystem\n(X\x02\0\0\0idtR."),
    ] {
        assert_eq!(kind(pickle.as_bytes()), "pickle", "{}", &pickle[..8]);
    }
    for text in [format!("V{long}\nand more\n"), format!("I{long}\n"), format!("(see {long})\n")] {
        assert_eq!(kind(text.as_bytes()), "text", "{}", &text[..8]);
    }
}
