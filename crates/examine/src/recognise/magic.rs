//! Signatures: fixed bytes at a fixed place.

use sakimori_model::Kind;

use super::kinds;

/// The kind whose signature these first bytes carry.
pub(super) fn kind_of(head: &[u8]) -> Option<Kind> {
    if let Some(kind) = program(head) {
        return Some(kind);
    }
    let found =
        SIGNATURES.iter().find(|(offset, bytes, _)| head.get(*offset..).is_some_and(|at| at.starts_with(bytes)));
    found.map(|(_, _, kind)| kind.clone()).or_else(|| with_a_check(head))
}

/// The kind of program, if these first bytes are one that a system would run.
#[must_use]
pub fn program(head: &[u8]) -> Option<Kind> {
    const MACHO: [&[u8]; 4] = [b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce"];
    if head.starts_with(b"\x7fELF") {
        Some(kinds::ELF)
    } else if is_pe(head) {
        Some(kinds::PE)
    } else if MACHO.iter().any(|m| head.starts_with(m)) {
        Some(kinds::MACHO)
    } else if head.starts_with(b"#!/") || head.starts_with(b"#! /") {
        Some(kinds::SCRIPT)
    } else {
        None
    }
}

/// `MZ` alone is a word: the header that it points to has to be there too.
fn is_pe(head: &[u8]) -> bool {
    if !head.starts_with(b"MZ") {
        return false;
    }
    let Some(pointer) = head.get(0x3c..0x40).and_then(|b| b.try_into().ok()) else { return false };
    let at = u32::from_le_bytes(pointer) as usize;
    head.get(at..).is_some_and(|pe| pe.starts_with(b"PE\0\0"))
}

/// Signatures that are not fixed bytes alone.
fn with_a_check(head: &[u8]) -> Option<Kind> {
    let at = |i: usize| head.get(i).copied().unwrap_or_default();
    if head.starts_with(b"BZh") && at(3).is_ascii_digit() {
        let block: &[u8] = head.get(4..10).unwrap_or_default();
        let known = block == b"\x31\x41\x59\x26\x53\x59" || block == b"\x17\x72\x45\x38\x50\x90";
        return known.then_some(kinds::BZIP2);
    }
    if at(0) & 0xf0 == 0x50 && head.get(1..4) == Some(b"\x2a\x4d\x18".as_slice()) {
        return Some(kinds::ZSTD);
    }
    if head.starts_with(b"RIFF") {
        return match head.get(8..12)? {
            b"WAVE" => Some(Kind::new("wav")),
            b"WEBP" => Some(Kind::new("webp")),
            b"AVI " => Some(Kind::new("avi")),
            _ => Some(Kind::new("riff")),
        };
    }
    let rds = matches!(head, [b'X', b'\n', 0, 0, 0, 2 | 3, ..] | [b'B', b'\n', 2 | 3, 0, 0, 0, ..])
        || head.starts_with(b"A\n2\n")
        || head.starts_with(b"A\n3\n");
    rds.then_some(kinds::RDS)
}

const SIGNATURES: &[(usize, &[u8], Kind)] = &[
    (0, b"\x1f\x8b\x08", kinds::GZIP),
    (0, b"\xfd7zXZ\0", kinds::XZ),
    (0, b"\x28\xb5\x2f\xfd", kinds::ZSTD),
    (0, b"\x04\x22\x4d\x18", kinds::LZ4),
    (0, b"ZF0x", kinds::ZFILE),
    (0, b"GGUF", kinds::GGUF),
    (0, b"FUGG", kinds::GGUF),
    (0, b"\x93NUMPY", kinds::NPY),
    (0, b"\x89HDF\r\n\x1a\n", kinds::HDF5),
    (0, b"ElfFile\0", kinds::EVTX),
    (0, b"7z\xbc\xaf\x27\x1c", kinds::SEVEN_ZIP),
    (0, b"Rar!\x1a\x07", Kind::new("rar")),
    (0, b"MSCF\0\0\0\0", Kind::new("cab")),
    (0, b"xar!", Kind::new("xar")),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::new("ole")),
    (0, b"SQLite format 3\0", Kind::new("sqlite")),
    (0, b"%PDF-", Kind::new("pdf")),
    (0, b"{\\rtf", Kind::new("rtf")),
    (0, b"\x89PNG\r\n\x1a\n", Kind::new("png")),
    (0, b"\xff\xd8\xff", Kind::new("jpeg")),
    (0, b"GIF87a", Kind::new("gif")),
    (0, b"GIF89a", Kind::new("gif")),
    (0, b"II*\0", Kind::new("tiff")),
    (0, b"MM\0*", Kind::new("tiff")),
    (4, b"ftyp", Kind::new("mp4")),
    (0, b"OggS", Kind::new("ogg")),
    (0, b"fLaC", Kind::new("flac")),
    (0, b"ID3", Kind::new("mp3")),
    (0, b"\x1a\x45\xdf\xa3", Kind::new("matroska")),
    (4, b"TFL3", kinds::TFLITE),
    (0, b"lmgg", Kind::new("ggml-legacy")),
    (0, b"fmgg", Kind::new("ggml-legacy")),
    (0, b"tjgg", Kind::new("ggml-legacy")),
    (0, b"PAR1", Kind::new("parquet")),
    (0, b"ARROW1\0\0", Kind::new("arrow")),
    (0, b"\xca\xfe\xba\xbe", kinds::JAVA_CLASS),
    (0, b"\0asm", kinds::WASM),
    (0, b"dex\n", kinds::DEX),
    (0, b"LZIP", Kind::new("lzip")),
    (0, b"\x1f\x9d", Kind::new("compress")),
    (0, b"!<arch>\n", Kind::new("ar")),
    (0, b"\xed\xab\xee\xdb", Kind::new("rpm")),
    (0, b"\xd4\xc3\xb2\xa1", Kind::new("pcap")),
    (0, b"\x0a\x0d\x0d\x0a", Kind::new("pcapng")),
    (0, b"L\0\0\0\x01\x14\x02\0", Kind::new("windows-shortcut")),
    (0, b"\0\x01\0\0\0", Kind::new("ttf")),
    (0, b"OTTO\0", Kind::new("otf")),
    (0, b"wOFF", Kind::new("woff")),
    (0, b"wOF2", Kind::new("woff2")),
    (0, b"RDX2\n", kinds::RDS),
    (0, b"RDX3\n", kinds::RDS),
    (0, b"RDA2\n", kinds::RDS),
    (0, b"RDA3\n", kinds::RDS),
    (0, b"\x0c\xdb\x3a\x2a", kinds::OCDBT),
    (0, b"\x0c\xdb\x20\xde", kinds::OCDBT),
    (0, b"\x0c\xdb\x12\x34", kinds::OCDBT),
    (0, b"CBM1", kinds::CATBOOST),
    (0, b"binf", kinds::XGBOOST_BINARY),
    (0, b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0", kinds::MXNET),
];
