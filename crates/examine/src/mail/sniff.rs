//! What the bytes of an attachment are, by their first bytes: only what the mail signals tell apart.

/// What an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A program of Windows.
    WindowsProgram,
    /// A program of Linux, macOS or Android.
    UnixProgram,
    /// A script with an interpreter line.
    Script,
    /// A CD or disk image.
    DiskImage,
    /// A shortcut of Windows.
    Shortcut,
    /// A OneNote section.
    OneNote,
    /// A zip archive, also a modern Office document.
    Zip,
    /// A zip archive with encrypted members.
    LockedZip,
    /// Another archive whose headers say that it is encrypted.
    LockedArchive,
    /// RAR, 7z, gzip and the like.
    Archive,
    /// An Office document of the old form.
    OldOffice,
    /// PDF.
    Pdf,
    /// A bitmap picture.
    Image,
    /// A vector picture, which may hold scripts.
    Svg,
    /// A web page.
    Html,
    /// Readable text.
    Text,
    /// Something else.
    Other,
}

impl Sniffed {
    /// A word for the finding.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WindowsProgram => "Windows program",
            Self::UnixProgram => "program",
            Self::Script => "script",
            Self::DiskImage => "disk image",
            Self::Shortcut => "shortcut",
            Self::OneNote => "OneNote",
            Self::Zip => "zip",
            Self::LockedZip => "encrypted zip",
            Self::LockedArchive => "encrypted archive",
            Self::Archive => "archive",
            Self::OldOffice => "Office document",
            Self::Pdf => "PDF",
            Self::Image => "image",
            Self::Svg => "SVG",
            Self::Html => "HTML",
            Self::Text => "text",
            Self::Other => "data",
        }
    }
}

/// Looks at the first bytes.
pub fn sniff(bytes: &[u8]) -> Sniffed {
    const MAGIC: &[(&[u8], Sniffed)] = &[
        (b"\x7fELF", Sniffed::UnixProgram),
        (b"\xcf\xfa\xed\xfe", Sniffed::UnixProgram),
        (b"\xfe\xed\xfa\xcf", Sniffed::UnixProgram),
        (b"#!/", Sniffed::Script),
        (b"#! /", Sniffed::Script),
        (b"L\0\0\0\x01\x14\x02\0", Sniffed::Shortcut),
        (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", Sniffed::OneNote),
        (b"conectix", Sniffed::DiskImage),
        (b"vhdxfile", Sniffed::DiskImage),
        (b"Rar!\x1a\x07", Sniffed::Archive),
        (b"7z\xbc\xaf\x27\x1c", Sniffed::Archive),
        (b"\x1f\x8b\x08", Sniffed::Archive),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Sniffed::OldOffice),
        (b"%PDF", Sniffed::Pdf),
        (b"\x89PNG\r\n\x1a\n", Sniffed::Image),
        (b"\xff\xd8\xff", Sniffed::Image),
        (b"GIF87a", Sniffed::Image),
        (b"GIF89a", Sniffed::Image),
        (b"II*\0", Sniffed::Image),
        (b"MM\0*", Sniffed::Image),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *what;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let locked = bytes.get(6).is_some_and(|flags| flags & 1 == 1);
        return if locked { Sniffed::LockedZip } else { Sniffed::Zip };
    }
    if bytes.starts_with(b"MZ") && bytes.iter().take(64).any(|b| *b == 0) {
        return Sniffed::WindowsProgram;
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
        || bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4])
    {
        return Sniffed::Image;
    }
    if bytes.get(0x8001..0x8006) == Some(b"CD001") {
        return Sniffed::DiskImage;
    }
    text(bytes)
}

fn text(bytes: &[u8]) -> Sniffed {
    let head = &bytes[..bytes.len().min(1024)];
    if head.contains(&0) {
        return Sniffed::Other;
    }
    let start = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if start.starts_with("<svg") || start.starts_with("<?xml") && start.contains("<svg") {
        Sniffed::Svg
    } else if start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<script") {
        Sniffed::Html
    } else if is_text(head) {
        Sniffed::Text
    } else {
        Sniffed::Other
    }
}

/// UTF-8, which may be cut at the end, or another encoding of text: no control characters besides those of layout and
/// of ISO-2022-JP. In data of this length they occur.
fn is_text(head: &[u8]) -> bool {
    const OTHER_ENCODING_BYTES_MIN: usize = 200;
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(text) => !text.is_empty(),
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    let plain = |b: &u8| *b >= 0x20 && *b != 0x7f || matches!(*b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    is_utf8 || head.len() >= OTHER_ENCODING_BYTES_MIN && head.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell() {
        let mut image = vec![0; 0x8010];
        image[0x8001..0x8006].copy_from_slice(b"CD001");
        for (bytes, what) in [
            (&b"MZ\x90\0"[..], Sniffed::WindowsProgram),
            (b"PK\x03\x04\0\0\x01\0", Sniffed::LockedZip),
            (b" <?xml version='1.0'?><svg/>", Sniffed::Svg),
            (b"MZ is a bookshop", Sniffed::Text),
            (b"", Sniffed::Other),
            (&image, Sniffed::DiskImage),
        ] {
            assert_eq!(sniff(bytes), what);
        }
    }
}
