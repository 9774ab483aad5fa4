//! Parts of a logged time, as the time modifiers compare them. No time zones are converted: the part is what stands
//! in the text.

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl TimePart {
    /// The part of a time in the form `2026-01-31T23:59:00`, with a blank or `T` in the middle. The time of day may
    /// be missing where it is not asked for.
    pub fn of(self, text: &str) -> Option<u32> {
        let text = text.trim();
        let (year, month, day) = (digits(text, 0, 4)?, digits(text, 5, 2)?, digits(text, 8, 2)?);
        let separators = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
        if !separators || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
            return None;
        }
        match self {
            Self::Year => Some(year),
            Self::Month => Some(month),
            Self::Day => Some(day),
            Self::Week => Some(iso_week(year, month, day)),
            Self::Hour => digits(text, 11, 2).filter(|hour| *hour < 24),
            Self::Minute => digits(text, 14, 2).filter(|minute| *minute < 60),
        }
    }
}

fn digits(text: &str, start: usize, count: usize) -> Option<u32> {
    let part = text.get(start..start + count)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The ISO 8601 week: the one that holds the Thursday of the same week.
fn iso_week(year: u32, month: u32, day: u32) -> u32 {
    let day_of_year = (1..month).map(|m| days_in(year, m)).sum::<u32>() + day;
    let weekday = weekday_of_new_year(year) + day_of_year - 1;
    let weekday = weekday % 7;
    // Monday is 0, so Thursday is 3.
    let thursday = day_of_year + 3;
    if thursday <= weekday {
        return weeks_in(year.saturating_sub(1));
    }
    let week = (thursday - weekday - 1) / 7 + 1;
    if week > weeks_in(year) { 1 } else { week }
}

/// The weekday of 1 January, Monday being 0.
fn weekday_of_new_year(year: u32) -> u32 {
    let before = year.wrapping_sub(1);
    if year == 0 {
        return 5;
    }
    (before + before / 4 - before / 100 + before / 400) % 7
}

fn weeks_in(year: u32) -> u32 {
    let first = weekday_of_new_year(year);
    if first == 3 || (first == 2 && is_leap(year)) { 53 } else { 52 }
}

#[cfg(test)]
mod tests {
    use super::TimePart::*;

    #[test]
    fn parts() {
        let time = "2026-08-05T13:07:59.123Z";
        assert_eq!([Minute, Hour, Day, Week, Month, Year].map(|p| p.of(time)), [7, 13, 5, 32, 8, 2026].map(Some));
        assert_eq!(Hour.of("2026-08-05 03:04"), Some(3));
        assert_eq!(Hour.of("2026-08-05"), None);
        assert_eq!(Day.of("2026-02-29"), None);
        assert_eq!(Year.of("no time"), None);
        assert_eq!(Year.of("\u{3042}\u{3042}\u{3042}\u{3042}"), None);
    }

    #[test]
    fn weeks_at_the_edges_of_a_year() {
        for (date, week) in [
            ("2021-01-03", 53),
            ("2021-01-04", 1),
            ("2018-12-31", 1),
            ("2020-12-31", 53),
            ("2026-01-01", 1),
            ("2024-12-30", 1),
            ("2023-01-01", 52),
        ] {
            assert_eq!(Week.of(date), Some(week), "{date}");
        }
        assert!(Week.of("0000-01-01").is_some());
    }
}
