//! Points in time as integers, shown as RFC 3339.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A point in time: microseconds since 1970-01-01T00:00:00Z. JSON holds RFC 3339 in UTC with six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// A text or a number that is no point in time between the years -9999 and 9999.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an RFC 3339 time: {0}")]
pub struct TimestampError(String);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the number lies outside the years that RFC 3339 can write.
    pub fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        jiff::Timestamp::from_microsecond(micros).map_err(|e| TimestampError(e.to_string()))?;
        Ok(Self(micros))
    }

    /// From seconds since the Unix epoch; `None` outside of those years.
    #[must_use]
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        Self::from_micros(i64::try_from(seconds).ok()?.checked_mul(1_000_000)?).ok()
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // INVARIANT: `from_micros` let in only what jiff can write.
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time: jiff::Timestamp = text.parse().map_err(|e: jiff::Error| TimestampError(e.to_string()))?;
        Ok(Self(time.as_microsecond()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time", "description": "RFC 3339 in UTC, six decimals" })
    }
}
