//! From when until when a certificate holds: the one thing about our own certificate that rustls does not tell. Everything else
//! about it is left to rustls.
//!
//! Source: RFC 5280 sections 4.1 and 4.1.2.5; ITU-T X.690 sections 8.1 and 10.1 (DER).

use sakimori_model::Timestamp;

/// When a certificate holds, both moments included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Reads the two moments. `None` when this is no certificate.
pub(super) fn validity_of(der: &[u8]) -> Option<Validity> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (tbs, _) = value(certificate, SEQUENCE)?;
    // The version is left out for version 1; then the serial number stands first.
    let tbs = value(tbs, VERSION).map_or(tbs, |(_, rest)| rest);
    let (_, _, tbs) = element(tbs)?;
    // The algorithm of the signature, then the issuer.
    let (_, tbs) = value(tbs, SEQUENCE)?;
    let (_, tbs) = value(tbs, SEQUENCE)?;
    let (validity, _) = value(tbs, SEQUENCE)?;
    let (not_before, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    Some(Validity { not_before, not_after })
}

fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, value, rest) = element(der)?;
    (found == tag).then_some((value, rest))
}

/// Tag, value and what follows. Lengths of more than four bytes are no certificate's.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// `YYMMDDHHMMSSZ` for the years 1950 to 2049, `YYYYMMDDHHMMSSZ` beyond.
fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, text, rest) = element(der)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, text) = match (tag, text.len()) {
        (UTC_TIME, 12) if &text[..2] < "50" => (format!("20{}", &text[..2]), &text[2..]),
        (UTC_TIME, 12) => (format!("19{}", &text[..2]), &text[2..]),
        (GENERALIZED_TIME, 14) => (text[..4].to_owned(), &text[4..]),
        _ => return None,
    };
    let [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map(|n| &text[n..n + 2]);
    let time = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().ok()?;
    Some((time, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(from: i32, until: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(["node.example".to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 2), date_time_ymd(until, 11, 30));
        params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec()
    }

    #[test]
    fn both_forms_of_time() {
        for (from, until) in [(1999, 2049), (2026, 2050), (1950, 4096)] {
            let validity = validity_of(&certificate(from, until)).expect("a certificate");
            assert_eq!(validity.not_before.to_string(), format!("{from}-01-02T00:00:00.000000Z"));
            assert_eq!(validity.not_after.to_string(), format!("{until}-11-30T00:00:00.000000Z"));
        }
    }

    #[test]
    fn every_cut_is_refused_or_read_without_the_end() {
        let der = certificate(2026, 2027);
        assert!((0..der.len()).all(|n| validity_of(&der[..n]).is_none()));
    }

    proptest! {
        #[test]
        fn other_bytes_never_panic(n in 0_usize..400, byte in any::<u8>(), bytes in any::<Vec<u8>>()) {
            let mut der = certificate(2026, 2027);
            let n = n % der.len();
            der[n] = byte;
            let _ = validity_of(&der);
            let _ = validity_of(&bytes);
        }
    }
}
