//! Sign-in, sign-out and what a person may set for themselves.

use sakimori_model::Timestamp;

/// A session that was not used for so long has ended, in microseconds: 8 hours.
const IDLE_MICROS: i64 = 8 * 3_600_000_000;
/// A session that began so long ago has ended, in microseconds: 24 hours.
const LONGEST_MICROS: i64 = 24 * 3_600_000_000;

/// The first sign-in of a new node: with a code that only whoever started the service has seen.
#[derive(Debug, Default)]
pub struct FirstSignIn {}

/// A session lives when it began after the first of these times and was used after the second.
#[must_use]
pub fn bounds(now: Timestamp) -> (Timestamp, Timestamp) {
    let before = |micros: i64| Timestamp::from_micros(now.as_micros() - micros).unwrap_or(now);
    (before(LONGEST_MICROS), before(IDLE_MICROS))
}
