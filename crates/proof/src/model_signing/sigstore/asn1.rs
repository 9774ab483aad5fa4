//! The few steps into DER that the forms of Sigstore need besides whole certificates (X.690).

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagNumber};

/// Elements of a sequence or set that are looked at.
const PARTS_MAX: usize = 64;

/// The elements that stand one after the other in the content of a sequence or set.
pub(super) fn parts(content: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(content).ok()?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        if parts.len() == PARTS_MAX {
            return None;
        }
        parts.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(parts)
}

/// The elements of what must be a sequence.
pub(super) fn sequence(any: AnyRef<'_>) -> Option<Vec<AnyRef<'_>>> {
    parts(content(any, Tag::Sequence)?)
}

/// The content of what must have this tag.
pub(super) fn content(any: AnyRef<'_>, tag: Tag) -> Option<&[u8]> {
    (any_tag(any) == tag).then(|| any.value())
}

/// The content of one whole element with this tag, and nothing behind it.
pub(super) fn whole(der: &[u8], tag: Tag) -> Option<&[u8]> {
    content(AnyRef::from_der(der).ok()?, tag)
}

/// The object identifier that this must be.
pub(super) fn oid(any: AnyRef<'_>) -> Option<ObjectIdentifier> {
    any.decode_as().ok()
}

/// An element with this tag.
pub(super) fn element(tag: Tag, content: &[u8]) -> Option<Vec<u8>> {
    AnyRef::new(tag, content).ok()?.to_der().ok()
}

/// `[number]`, constructed.
pub(super) const fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

pub(super) fn any_tag(any: AnyRef<'_>) -> Tag {
    any.header().tag()
}
