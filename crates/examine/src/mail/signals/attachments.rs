//! Attachments that do something when opened, or pretend to be something else.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::{Attachment, Letter};
use crate::mail::page::Page;
use crate::mail::sniff::{Sniffed, sniff};

/// Extensions that run when opened.
const PROGRAMS: &[&str] = &[
    "exe",
    "scr",
    "com",
    "pif",
    "bat",
    "cmd",
    "ps1",
    "vbs",
    "vbe",
    "js",
    "jse",
    "wsf",
    "wsh",
    "hta",
    "msi",
    "msp",
    "cpl",
    "jar",
    "reg",
    "dll",
    "sct",
    "chm",
    "appx",
    "msix",
    "appinstaller",
    "gadget",
    "application",
    "jnlp",
    "apk",
    "command",
    "desktop",
];
/// Extensions that carry a program past warnings.
const CONTAINERS: &[&str] = &[
    "iso",
    "img",
    "vhd",
    "vhdx",
    "udf",
    "lnk",
    "url",
    "one",
    "onepkg",
    "scf",
    "library-ms",
    "search-ms",
    "searchconnector-ms",
    "settingcontent-ms",
    "rdp",
    "xll",
    "xlam",
    "wim",
    "dmg",
    "ace",
    "arj",
    "cab",
    "iqy",
    "slk",
];
/// Extensions of documents with macros.
const MACROS: &[&str] = &["docm", "dotm", "xlsm", "xltm", "xlsb", "pptm", "ppsm", "potm"];
/// Extensions that people take for harmless, in front of another one.
const DOCUMENTS: &[&str] = &[
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "jpg", "jpeg", "png", "gif", "mp4", "mp3", "csv",
    "html", "htm", "zip",
];

/// Looks at each attachment.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    for attachment in &letter.attachments {
        let what = sniff(&attachment.bytes);
        by_name_and_content(letter, attachment, what, seen);
        page(letter, attachment, what, seen);
        locked(letter, attachment, what, seen);
        mismatch(letter, attachment, what, seen);
    }
}

fn extension(name: &str) -> String {
    name.trim_end_matches(['.', ' ', '"'])
        .rsplit_once('.')
        .map(|(_, e)| e.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

fn by_name_and_content(letter: &Letter<'_>, attachment: &Attachment<'_>, what: Sniffed, seen: &mut Seen) {
    let last = extension(&attachment.name);
    let place = || letter.at_attachment(attachment);
    let is_program =
        PROGRAMS.contains(&last.as_str()) || matches!(what, Sniffed::WindowsProgram | Sniffed::UnixProgram);
    let is_container = CONTAINERS.contains(&last.as_str())
        || matches!(what, Sniffed::DiskImage | Sniffed::Shortcut | Sniffed::OneNote);
    let stem = attachment.name.trim_end().rsplit_once('.').map_or("", |(stem, _)| stem);
    if (is_program || is_container) && DOCUMENTS.contains(&extension(stem).as_str()) {
        seen.add(finding(&codes::ATTACHMENT_DOUBLE_NAME, place()).with("name", &attachment.name));
    }
    let kind = if what == Sniffed::Other { last.as_str() } else { what.as_str() };
    if is_program {
        seen.add(finding(&codes::ATTACHMENT_PROGRAM, place()).with("name", &attachment.name).with("kind", kind));
    } else if is_container {
        seen.add(finding(&codes::ATTACHMENT_CONTAINER, place()).with("name", &attachment.name).with("kind", kind));
    } else if MACROS.contains(&last.as_str()) || has_macros(&attachment.bytes, what) {
        seen.add(finding(&codes::ATTACHMENT_MACRO, place()).with("name", &attachment.name));
    } else if what == Sniffed::Script {
        // It does not run by being opened; developers send them to one another.
        seen.add(finding(&codes::ATTACHMENT_SCRIPT, place()).with("name", &attachment.name));
    }
}

/// The stream or member in which Office keeps macros. Old files name it in UTF-16.
fn has_macros(bytes: &[u8], what: Sniffed) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
    match what {
        Sniffed::Zip => has(b"vbaProject.bin"),
        Sniffed::OldOffice => has(b"_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0") || has(b"M\0a\0c\0r\0o\0s\0"),
        _ => false,
    }
}

fn page(letter: &Letter<'_>, attachment: &Attachment<'_>, what: Sniffed, seen: &mut Seen) {
    let last = extension(&attachment.name);
    let named = matches!(last.as_str(), "htm" | "html" | "shtml" | "xhtml" | "svg" | "mht" | "mhtml" | "xht");
    if !named && !matches!(what, Sniffed::Html | Sniffed::Svg) || attachment.is_mail {
        return;
    }
    let text = String::from_utf8_lossy(&attachment.bytes);
    let page = Page::read(&text, 100);
    let what = if page.has_password_field {
        "password"
    } else if !page.forms.is_empty() {
        "form"
    } else if page.script.is_some() || text.contains("onload=") || text.contains("onerror=") {
        "script"
    } else if page.refresh.is_some() {
        "redirect"
    } else {
        // A saved article without any of these only shows text.
        return;
    };
    let made = finding(&codes::ATTACHMENT_PAGE, letter.at_attachment(attachment));
    seen.add(made.with("name", &attachment.name).with("what", what));
}

fn locked(letter: &Letter<'_>, attachment: &Attachment<'_>, what: Sniffed, seen: &mut Seen) {
    let says_password =
        ["password", "passwort", "passcode", "mot de passe", "senha", "contrasena", "パスワード", "解凍キー"]
            .iter()
            .any(|w| letter.folded.contains(w));
    if says_password && (what == Sniffed::LockedZip || what == Sniffed::LockedArchive) {
        seen.add(finding(&codes::ATTACHMENT_LOCKED, letter.at_attachment(attachment)).with("name", &attachment.name));
    }
}

/// A picture or document by its declaration that is something else by its content.
fn mismatch(letter: &Letter<'_>, attachment: &Attachment<'_>, what: Sniffed, seen: &mut Seen) {
    let declared = attachment.declared.to_ascii_lowercase();
    let named = extension(&attachment.name);
    let fits = match what {
        Sniffed::Other | Sniffed::Text | Sniffed::Script => return,
        Sniffed::Image => !declared.starts_with("application/pdf") && !declared.starts_with("text/"),
        Sniffed::Pdf => !declared.starts_with("image/") && !declared.starts_with("text/"),
        Sniffed::Svg | Sniffed::Html => {
            !declared.starts_with("application/pdf")
                && (!declared.starts_with("image/") || declared.contains("svg"))
                && named != "pdf"
        }
        _ => {
            !declared.starts_with("image/")
                && !declared.starts_with("text/")
                && declared != "application/pdf"
                && !matches!(named.as_str(), "pdf" | "jpg" | "png")
        }
    };
    if !fits {
        let made = finding(&codes::ATTACHMENT_MISMATCH, letter.at_attachment(attachment));
        seen.add(made.with("name", &attachment.name).with("declared", declared).with("kind", what.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;
    use base64::Engine as _;

    fn attached(name: &str, declared: &str, bytes: &[u8], text: &str) -> Vec<sakimori_model::Code> {
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        let mail = format!(
            "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n{text}\n--x\nContent-Type: {declared}\nContent-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{data}\n--x--\n"
        );
        found(look, &mail)
    }

    #[test]
    fn documents_and_pictures_raise_nothing() {
        assert_eq!(attached("report.pdf", "application/pdf", b"%PDF-1.7", ""), []);
        assert_eq!(attached("photo.v2.png", "image/png", b"\x89PNG\r\n\x1a\n", ""), []);
        assert_eq!(attached("article.html", "text/html", b"<html><p>An article</p>", ""), []);
        assert_eq!(attached("a.docx", "application/octet-stream", b"PK\x03\x04\0\0\0\0", ""), []);
    }

    #[test]
    fn what_runs_is_found_by_name_and_by_content() {
        assert_eq!(attached("a.js", "text/plain", b"x", ""), [codes::ATTACHMENT_PROGRAM]);
        assert_eq!(
            attached("a.bin", "application/octet-stream", b"MZ\x90\0\x03\0\0\0\x04", ""),
            [codes::ATTACHMENT_PROGRAM]
        );
        assert_eq!(
            attached("invoice.pdf.exe", "application/octet-stream", b"x", ""),
            [codes::ATTACHMENT_DOUBLE_NAME, codes::ATTACHMENT_PROGRAM]
        );
        assert_eq!(attached("a", "text/plain", b"#!/bin/sh\n", ""), [codes::ATTACHMENT_SCRIPT]);
        assert_eq!(attached("a.lnk", "application/octet-stream", b"x", ""), [codes::ATTACHMENT_CONTAINER]);
        assert_eq!(
            attached("a.docx", "application/octet-stream", b"PK\x03\x04\0\0\0\0word/vbaProject.bin", ""),
            [codes::ATTACHMENT_MACRO]
        );
    }

    #[test]
    fn pages_locks_and_false_types_are_found() {
        assert_eq!(
            attached("a.html", "text/html", b"<form action=x><input type=password></form>", ""),
            [codes::ATTACHMENT_PAGE]
        );
        assert_eq!(
            attached("a.svg", "image/svg+xml", b"<svg xmlns='x'><script>1</script></svg>", ""),
            [codes::ATTACHMENT_PAGE]
        );
        assert_eq!(
            attached("a.zip", "application/zip", b"PK\x03\x04\x14\0\x01\0", "Password: 1234"),
            [codes::ATTACHMENT_LOCKED]
        );
        assert_eq!(attached("a.png", "image/png", b"%PDF-1.7", ""), [codes::ATTACHMENT_MISMATCH]);
    }
}
