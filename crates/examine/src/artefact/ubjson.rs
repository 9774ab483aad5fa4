//! Universal Binary JSON (specification draft 12), in which XGBoost writes its models: the structure is gone through, and
//! what the model says of itself is noted. Numbers are never read.

use sakimori_model::FactName;

use crate::Settings;
use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::texts::Texts;
use crate::artefact::{codes, streams};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::Source;

/// Values of one document.
const VALUES_MAX: u64 = 50_000_000;
/// Bytes of a key or a text that are held.
const TEXT_BYTES_MAX: u64 = 1024;

/// True when these first bytes are an object whose first key is one of a model of XGBoost.
#[must_use]
pub fn looks_like(head: &[u8]) -> bool {
    let rest = match head {
        [b'{', b'i' | b'U', _, rest @ ..] => rest,
        [b'{', b'I', _, _, rest @ ..] => rest,
        [b'{', b'l', _, _, _, _, rest @ ..] => rest,
        [b'{', b'L', _, _, _, _, _, _, _, _, rest @ ..] => rest,
        _ => return false,
    };
    rest.starts_with(b"learner{") || rest.starts_with(b"version[") || rest.starts_with(b"Config{")
}

/// Examines a model.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("xgboost-ubjson", 2);
    let nesting_max = report.limits().nesting_max;
    let mut walk = Walk {
        cursor: Cursor::new(source),
        values: 0,
        path: Vec::new(),
        nesting_max,
        over: None,
        about: Vec::new(),
        texts: Texts::default(),
    };
    let done = walk.value();
    std::mem::take(&mut walk.texts).report("UBJSON", report);
    let (over, end) = (walk.over, walk.cursor.position());
    about(&walk.about, report);
    match done {
        Ok(()) if over.is_some() => {
            let (limit, value) = over.unwrap_or_default();
            report.over(limit, value);
        }
        Ok(()) if end < source.size() => {
            streams::behind(&kinds::XGBOOST_UBJSON, source, end, settings, report);
        }
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "UBJSON").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

/// Notes what the model says of itself, given texts and numbers by the last parts of their path.
pub fn about(found: &[(String, String)], report: &mut Report<'_>) {
    let mut version = Vec::new();
    for (path, value) in found {
        match path.as_str() {
            "learner.objective.name" => report.fact(FactName::Task, value),
            "learner.gradient_booster.name" => report.fact(FactName::ArchitectureFamily, family(value)),
            "version" => version.push(value.as_str()),
            _ => {}
        }
    }
    report.fact(FactName::Producer, format_args!("xgboost {}", version.join(".")));
}

/// The family of a booster.
#[must_use]
pub fn family(booster: &str) -> &str {
    match booster {
        "gbtree" | "dart" => "gradient-boosted-trees",
        "gblinear" => "gradient-boosted-linear",
        other => other,
    }
}

/// What a container states of its elements: type and count; and the marker that was read when it states none.
type Head = (Option<u8>, Option<u64>, Option<u8>);

struct Walk<'a> {
    cursor: Cursor<'a>,
    values: u64,
    path: Vec<String>,
    nesting_max: usize,
    over: Option<(&'static str, u64)>,
    about: Vec<(String, String)>,
    texts: Texts,
}

impl Walk<'_> {
    fn value(&mut self) -> Result<(), Broken> {
        let marker = self.marker()?;
        self.of(marker, 0)
    }

    /// A value with this marker. Does nothing more once a limit is reached.
    fn of(&mut self, marker: u8, depth: usize) -> Result<(), Broken> {
        self.values += 1;
        if self.values > VALUES_MAX {
            self.over = Some(("ubjson_values_max", VALUES_MAX));
        } else if depth > self.nesting_max {
            self.over = Some(("nesting_max", self.nesting_max as u64));
        }
        if self.over.is_some() {
            return Ok(());
        }
        match marker {
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            b'S' => {
                let at = self.cursor.position();
                let value = self.text()?;
                self.texts.note(&value, at);
                self.note(value);
                Ok(())
            }
            b'H' => self.text().map(|_| ()),
            b'i' | b'U' | b'I' | b'l' | b'L' => {
                let value = self.whole(marker)?;
                self.note(value.to_string());
                Ok(())
            }
            _ => match fixed_bytes(marker) {
                Some(bytes) => self.cursor.skip(bytes),
                None => Err(self.cursor.wrong("a type of value that does not exist")),
            },
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Broken> {
        let (kind, count, first) = self.head()?;
        if let (Some(kind), Some(count)) = (kind, count)
            && let Some(bytes) = fixed_bytes(kind)
        {
            let bytes = count.checked_mul(bytes).ok_or_else(|| self.cursor.wrong("an array of impossible size"))?;
            return self.cursor.skip(bytes);
        }
        let (mut left, mut first) = (count, first);
        while self.over.is_none() && left != Some(0) {
            let marker = match (kind, first.take()) {
                (Some(kind), _) => kind,
                (None, Some(marker)) => marker,
                (None, None) => self.marker()?,
            };
            if left.is_none() && marker == b']' {
                break;
            }
            self.of(marker, depth + 1)?;
            left = left.map(|n| n - 1);
        }
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Broken> {
        let (kind, count, first) = self.head()?;
        let mut left = count;
        let mut first = first;
        while self.over.is_none() {
            if left == Some(0) {
                return Ok(());
            }
            let marker = match first.take() {
                Some(marker) => marker,
                None => self.marker()?,
            };
            if left.is_none() && marker == b'}' {
                return Ok(());
            }
            let length = self.length(marker)?;
            let key = self.cut(length)?;
            self.path.push(key);
            let kind = match kind {
                Some(kind) => kind,
                None => self.marker()?,
            };
            self.of(kind, depth + 1)?;
            self.path.pop();
            left = left.map(|n| n - 1);
        }
        Ok(())
    }

    /// Reads what stands in front of the elements of a container.
    fn head(&mut self) -> Result<Head, Broken> {
        let mut marker = self.marker()?;
        let mut kind = None;
        if marker == b'$' {
            kind = Some(self.marker()?);
            marker = self.marker()?;
            if marker != b'#' {
                return Err(self.cursor.wrong("a type of elements without their count"));
            }
        }
        if marker != b'#' {
            return Ok((None, None, Some(marker)));
        }
        let marker = self.marker()?;
        let count = self.length(marker)?;
        Ok((kind, Some(count), None))
    }

    /// The next byte that is no filling.
    fn marker(&mut self) -> Result<u8, Broken> {
        loop {
            let byte = self.cursor.byte()?;
            if byte != b'N' {
                return Ok(byte);
            }
        }
    }

    fn text(&mut self) -> Result<String, Broken> {
        let marker = self.marker()?;
        let length = self.length(marker)?;
        self.cut(length)
    }

    fn cut(&mut self, length: u64) -> Result<String, Broken> {
        let held = length.min(TEXT_BYTES_MAX);
        let text = String::from_utf8_lossy(&self.cursor.bytes(held)?).into_owned();
        self.cursor.skip(length - held)?;
        Ok(text)
    }

    fn length(&mut self, marker: u8) -> Result<u64, Broken> {
        u64::try_from(self.whole(marker)?).map_err(|_| self.cursor.wrong("a negative length"))
    }

    fn whole(&mut self, marker: u8) -> Result<i64, Broken> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.cursor.take()?)),
            b'U' => i64::from(self.cursor.byte()?),
            b'I' => i64::from(i16::from_be_bytes(self.cursor.take()?)),
            b'l' => i64::from(i32::from_be_bytes(self.cursor.take()?)),
            b'L' => i64::from_be_bytes(self.cursor.take()?),
            _ => return Err(self.cursor.wrong("a length that is no whole number")),
        })
    }

    /// Keeps what says something of the model.
    fn note(&mut self, value: String) {
        const PATHS: &[&str] = &["learner.objective.name", "learner.gradient_booster.name", "version"];
        if self.path.len() <= 3 && self.about.len() < 16 {
            let path = self.path.join(".");
            if PATHS.contains(&path.as_str()) {
                self.about.push((path, value));
            }
        }
    }
}

/// Bytes of a value whose type has a fixed size.
fn fixed_bytes(marker: u8) -> Option<u64> {
    match marker {
        b'Z' | b'T' | b'F' => Some(0),
        b'i' | b'U' | b'C' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}
