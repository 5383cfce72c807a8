// SPDX-License-Identifier: Apache-2.0
//! The time of a log line, `17/May/2015:10:05:03 +0000`, as nanoseconds of UTC since 1970.
#![forbid(unsafe_code)]

const DAY: u64 = 24 * 60 * 60;

/// Nanoseconds of UTC since 1970 for the 26 bytes `dd/Mon/yyyy:hh:mm:ss +hhmm` (or `-hhmm`).
///
/// `None` for anything else: another shape, a day that its month does not have, an hour over 23, a minute over 59, a
/// second over 60, and every time before 1970 or past what 64 bits of nanoseconds hold (July of 2554). A leap
/// second, `:60`, is the first second of the next minute.
#[must_use]
pub fn utc_ns(text: &[u8]) -> Option<u64> {
    const DATE: Shape = Shape::new(*b"00/xxx/0");
    const YEAR: Shape = Shape::new(*b"xx/0000:");
    const TIME: Shape = Shape::new(*b"00:00:00");
    const ZONE: Shape = Shape::new(*b"00 x0000");
    let text: &[u8; 26] = text.try_into().ok()?;
    let [_, _, _, month @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, sign, _, _, _, _] = text;
    let date = DATE.pairs(text, 0)?;
    let year = YEAR.pairs(text, 4)?;
    let time = TIME.pairs(text, 12)?;
    let zone = ZONE.pairs(text, 18)?;

    let (days_before, days_in_month) = month_of_leap_year(month)?;
    let [year, day] = [byte(year, 3) * 100 + byte(year, 5), byte(date, 0)];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = days_in_month == 29;
    let [hour, minute, second] = [byte(time, 0), byte(time, 3), byte(time, 6)];
    let [zone_hour, zone_minute] = [byte(zone, 4), byte(zone, 6)];
    let day_exists = day > 0 && day <= days_in_month - u64::from(february && !leap);
    if !day_exists || hour > 23 || minute > 59 || second > 60 || zone_hour > 23 || zone_minute > 59 {
        return None;
    }

    // Counted from the first day of year 0, so that nothing is negative before the last subtraction.
    let day_of_year = days_before + day - 1 - u64::from(days_before > 31 && !leap);
    let local = (days_before_year(year) + day_of_year) * DAY + hour * 3600 + minute * 60 + second;
    let zone = zone_hour * 3600 + zone_minute * 60;
    let utc = match sign {
        b'+' => local.checked_sub(zone)?,
        b'-' => local + zone,
        _ => return None,
    };
    utc.checked_sub(days_before_year(1970) * DAY)?.checked_mul(1_000_000_000)
}

/// What eight bytes must be, so that they can be checked and read as one number instead of one by one.
struct Shape {
    /// The bytes as they should be, each digit a `0`.
    bytes: u64,
    /// `0xff` for each byte that matters.
    known: u64,
    /// What each byte, without what it should be, has room for until its top bit is set: 9 for a digit, else nothing.
    room: u64,
}

impl Shape {
    /// `0` stands for a digit, `x` for anything, every other byte for itself.
    const fn new(shape: [u8; 8]) -> Self {
        let bytes = u64::from_le_bytes(shape);
        let (mut known, mut room) = (0, 0);
        let mut rest: &[u8] = shape.as_slice();
        while let [head @ .., last] = rest {
            known <<= 8;
            room <<= 8;
            if *last != b'x' {
                known |= 0xff;
                room |= if *last == b'0' { 0x7f - 9 } else { 0x7f };
            }
            rest = head;
        }
        Self { bytes, known, room }
    }

    /// The eight bytes of `text` from `at` on, if they have this shape: byte `i` of the result is the number that the
    /// digits `i` and `i + 1` make.
    fn pairs(&self, text: &[u8; 26], at: usize) -> Option<u64> {
        const TOP: u64 = 0x8080_8080_8080_8080;
        let digits = (u64::from_le_bytes(*text.get(at..)?.first_chunk()?) ^ self.bytes) & self.known;
        let above = (digits & !TOP) + self.room;
        // A tens digit of 9 and a ones digit of 9 are 99: no byte overflows into the next.
        ((digits | above) & TOP == 0).then(|| digits * 10 + (digits >> 8))
    }
}

/// Byte `i` of a word.
const fn byte(word: u64, i: u32) -> u64 {
    (word >> (8 * i)) & 0xff
}

/// Days from the first of January of year 0 to that of `year`, in the Gregorian calendar reckoned backwards.
const fn days_before_year(year: u64) -> u64 {
    // Leap years from 0 up to but not including `year`; year 0 is one itself.
    let leap_years = year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    year * 365 + leap_years
}

/// Days before the month and days in it, both of a leap year.
const fn month_of_leap_year(name: &[u8; 3]) -> Option<(u64, u64)> {
    Some(match name {
        b"Jan" => (0, 31),
        b"Feb" => (31, 29),
        b"Mar" => (60, 31),
        b"Apr" => (91, 30),
        b"May" => (121, 31),
        b"Jun" => (152, 30),
        b"Jul" => (182, 31),
        b"Aug" => (213, 31),
        b"Sep" => (244, 30),
        b"Oct" => (274, 31),
        b"Nov" => (305, 30),
        b"Dec" => (335, 31),
        _ => return None,
    })
}

/// The value of a decimal digit.
pub(crate) const fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    if value <= 9 { Some(value) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn seconds(text: &str) -> Option<u64> {
        utc_ns(text.as_bytes()).map(|ns| {
            assert_eq!(ns % 1_000_000_000, 0);
            ns / 1_000_000_000
        })
    }

    #[test]
    fn times_are_utc() {
        // The right column is what `date -u -d` says.
        for (text, expected) in [
            ("01/Jan/1970:00:00:00 +0000", 0),
            ("17/May/2015:10:05:03 +0000", 1_431_857_103),
            ("17/May/2015:10:05:03 -0000", 1_431_857_103),
            ("17/May/2015:10:05:03 +0200", 1_431_849_903),
            ("17/May/2015:10:05:03 -0730", 1_431_884_103),
            ("29/Feb/2000:12:00:00 +0000", 951_825_600),
            ("29/Feb/2024:23:59:59 +0000", 1_709_251_199),
            ("01/Mar/2024:00:00:00 +0000", 1_709_251_200),
            ("31/Dec/2023:23:59:59 +0000", 1_704_067_199),
            ("01/Mar/2100:00:00:00 +0000", 4_107_542_400),
            ("31/Dec/2016:23:59:60 +0000", 1_483_228_800),
            ("31/Dec/1969:23:30:00 -0100", 1_800),
            ("21/Jul/2554:23:34:33 +0000", 18_446_744_073),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_gives_none() {
        for text in [
            "",
            "-",
            "17/May/2015:10:05:03",
            "17/May/2015:10:05:03 0000",
            "17/May/2015:10:05:03 +00:00",
            "17/May/2015:10:05:03 UTC",
            "17/may/2015:10:05:03 +0000",
            "17/Mai/2015:10:05:03 +0000",
            "7/May/2015:10:05:03 +0000",
            "17/May/15:10:05:03 +0000",
            "2015-05-17T10:05:03+00:00",
            "00/May/2015:10:05:03 +0000",
            "31/Apr/2015:10:05:03 +0000",
            "32/May/2015:10:05:03 +0000",
            "29/Feb/2015:10:05:03 +0000",
            "29/Feb/2100:10:05:03 +0000",
            "17/May/2015:24:05:03 +0000",
            "17/May/2015:10:60:03 +0000",
            "17/May/2015:10:05:61 +0000",
            "17/May/2015:10:05:03 +2400",
            "17/May/2015:10:05:03 +0060",
            "1:/May/2015:10:05:03 +0000",
            "17/May/2015:10:05:03 +000:",
            "17/May/201/:10:05:03 +0000",
            "31/Dec/1969:23:59:59 +0000",
            "01/Jan/1970:00:59:59 +0100",
            "01/Jan/0000:00:00:00 +2359",
            "21/Jul/2554:23:34:34 +0000",
            "31/Dec/9999:23:59:60 -2359",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut days = 0;
        for year in 1970..2554 {
            for month in months {
                for day in 1..=31 {
                    if let Some(now) = seconds(&format!("{day:02}/{month}/{year}:00:00:00 +0000")) {
                        assert_eq!(now, days * DAY, "{day} {month} {year}");
                        days += 1;
                    }
                }
            }
        }
        // 584 years, the leap ones of them 142.
        assert_eq!(days, 584 * 365 + 142);
    }
}
