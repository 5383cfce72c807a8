// SPDX-License-Identifier: Apache-2.0
//! Nanoseconds since 1970 as a date and a time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970 as UTC with nine decimals: `2026-11-22T17:33:27.000000001Z`.
///
/// ```
/// assert_eq!(falconet_host::utc(1_000_000_000_000_000_001), "2001-09-09T01:46:40.000000001Z");
/// ```
#[must_use]
pub fn utc(ns: u64) -> String {
    let (seconds, fraction) = (ns / 1_000_000_000, ns % 1_000_000_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z")
}

/// Days since 1970-01-01 as year, month, day of the Gregorian calendar, counted in eras of 400 years from a March.
fn date(days: u64) -> (u64, u64, u64) {
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march / 146_097, from_march % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The present time in nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_8601_with_nanoseconds() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(utc(951_782_400_000_000_000), "2000-02-29T00:00:00.000000000Z");
        assert_eq!(utc(951_868_799_999_999_999), "2000-02-29T23:59:59.999999999Z");
        assert_eq!(utc(4_107_542_400_000_000_000), "2100-03-01T00:00:00.000000000Z");
        assert_eq!(utc(1_767_225_599_000_000_000), "2025-12-31T23:59:59.000000000Z");
        assert_eq!(utc(u64::MAX), "2554-07-21T23:34:33.709551615Z");
    }
}
