// SPDX-License-Identifier: Apache-2.0
//! The time of an audit event, `stageTimestamp`: RFC 3339 as the official plugin reads it.
//!
//! Upper case `T` and `Z` only; a fraction of any length behind a point or a comma, cut at nanoseconds; an hour of one
//! digit; offsets up to `24:60`. No leap second.

use falconet::Timestamp;

/// Reads a time; `None` where the text is none.
///
/// A time that 64 bits of nanoseconds since 1970 do not hold wraps around, and so does one before 1970, which the host
/// shows as a huge number. The very first instant of the year 1 stands for "unknown": the host's clock.
#[must_use]
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    literal(&mut rest, b'-')?;
    let month = number(&mut rest, 2)?;
    literal(&mut rest, b'-')?;
    let day = number(&mut rest, 2)?;
    literal(&mut rest, b'T')?;
    let hour_digits = if rest.get(1).is_some_and(u8::is_ascii_digit) { 2 } else { 1 };
    let hour = number(&mut rest, hour_digits)?;
    literal(&mut rest, b':')?;
    let minute = number(&mut rest, 2)?;
    literal(&mut rest, b':')?;
    let second = number(&mut rest, 2)?;
    let nanos = fraction(&mut rest);
    let offset = offset(rest)?;
    if !(1..=12).contains(&month) || !(1..=days_in(month, year)).contains(&day) {
        return None;
    }
    if hour >= 24 || minute >= 60 || second >= 60 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    if (seconds, nanos) == (days_since_1970(1, 1, 1) * 86_400, 0) {
        return Some(Timestamp::HOST);
    }
    Some(Timestamp::from_nanos(seconds.wrapping_mul(1_000_000_000).wrapping_add(nanos).cast_unsigned()))
}

/// A number of so many digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (number, behind) = rest.split_at_checked(digits)?;
    *rest = behind;
    number.iter().try_fold(0, |number, digit| Some(number * 10 + i64::from(char::from(*digit).to_digit(10)?)))
}

fn literal(rest: &mut &[u8], byte: u8) -> Option<()> {
    *rest = rest.strip_prefix(&[byte])?;
    Some(())
}

/// The fraction of the second that comes next, in nanoseconds; 0 where none does.
fn fraction(rest: &mut &[u8]) -> i64 {
    let Some((b'.' | b',', behind)) = rest.split_first() else { return 0 };
    let len = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let Some((digits, behind)) = behind.split_at_checked(len).filter(|_| len > 0) else { return 0 };
    *rest = behind;
    let nine = digits.iter().chain(core::iter::repeat(&b'0')).take(9);
    nine.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// The offset from UTC that a time ends with, in seconds.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, mut rest) = text.split_first()?;
    let sign = match sign {
        b'Z' => return rest.is_empty().then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number(&mut rest, 2)?;
    literal(&mut rest, b':')?;
    let minutes = number(&mut rest, 2)?;
    (rest.is_empty() && hours <= 24 && minutes <= 60).then_some(sign * (hours * 60 + minutes) * 60)
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date, counted in years that begin in March, so that a leap day ends its year.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const FROM_YEAR_0_TO_1970: i64 = 719_468;
    let year = if month > 2 { year } else { year - 1 };
    let months = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * months + 2) / 5 + day - 1 - FROM_YEAR_0_TO_1970
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Option<u64> {
        parse(text.as_bytes()).and_then(Timestamp::nanos)
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        const TIME: Option<u64> = Some(1_612_325_106_000_000_000);
        assert_eq!(nanos("2021-02-03T04:05:06Z"), TIME);
        assert_eq!(nanos("2021-02-03T4:05:06Z"), TIME, "an hour of one digit");
        assert_eq!(nanos("2021-02-03T05:05:06+01:00"), TIME);
        assert_eq!(nanos("2021-02-02T22:35:06-05:30"), TIME);
        assert_eq!(nanos("2021-02-04T05:05:06+24:60"), TIME, "the largest offset");
        for (fraction, expected) in [
            (".789", 789_000_000),
            (",789", 789_000_000),
            (".5", 500_000_000),
            (".123456789", 123_456_789),
            (".123456789999999999999999999", 123_456_789),
            (".000000001", 1),
            (".0", 0),
        ] {
            assert_eq!(
                nanos(&format!("2021-02-03T04:05:06{fraction}Z")),
                TIME.map(|time| time + expected),
                "{fraction}"
            );
        }
        assert_eq!(nanos("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(nanos("2000-02-29T00:00:00Z"), Some(951_782_400_000_000_000));
        assert_eq!(nanos("2262-04-11T23:47:16.854775807Z"), Some(i64::MAX.cast_unsigned()));
    }

    #[test]
    fn a_time_before_1970_wraps_and_the_zero_time_is_the_hosts() {
        assert_eq!(nanos("1969-12-31T23:59:59Z"), Some((-1_000_000_000_i64).cast_unsigned()));
        for zero in ["0001-01-01T00:00:00Z", "0001-01-01T01:00:00.000+01:00"] {
            assert_eq!(parse(zero.as_bytes()), Some(Timestamp::HOST));
        }
        assert_ne!(parse(b"0001-01-01T00:00:01Z"), Some(Timestamp::HOST));
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "null",
            "2021-02-03",
            "2021-02-03T04:05:06",
            "2021-02-03t04:05:06Z",
            "2021-02-03T04:05:06z",
            "2021-02-03 04:05:06Z",
            " 2021-02-03T04:05:06Z",
            "2021-02-03T04:05:06Z ",
            "2021-02-03T04:05:06ZZ",
            "2021-02-03T04:05:06.Z",
            "2021-02-03T04:05:06.+01:00",
            "2021-02-03T04:05:06+0100",
            "2021-02-03T04:05:06+1:00",
            "2021-02-03T04:05:06+25:00",
            "2021-02-03T04:05:06+01:61",
            "2021-02-03T04:05:60Z",
            "2021-02-03T04:60:06Z",
            "2021-02-03T24:05:06Z",
            "2021-02-30T04:05:06Z",
            "2021-02-29T04:05:06Z",
            "1900-02-29T04:05:06Z",
            "2021-00-03T04:05:06Z",
            "2021-13-03T04:05:06Z",
            "2021-02-00T04:05:06Z",
            "2021-2-03T04:05:06Z",
            "2021-02-3T04:05:06Z",
            "2021-02-03T04:5:06Z",
            "2021-02-03T04:05:6Z",
            "221-02-03T04:05:06Z",
            "+021-02-03T04:05:06Z",
            "1612325106",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        let mut before = days_since_1970(0, 1, 1) - 1;
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in(month, year) {
                    let today = days_since_1970(year, month, day);
                    assert_eq!(today, before + 1, "{year}-{month}-{day}");
                    before = today;
                }
            }
        }
    }
}
