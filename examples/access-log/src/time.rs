// SPDX-License-Identifier: Apache-2.0
//! The time of a log line, `17/May/2015:10:05:03 +0000`, as nanoseconds of UTC since 1970.
#![forbid(unsafe_code)]

use crate::word::Shape;

const DAY: u64 = 24 * 60 * 60;

/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// Nanoseconds of UTC since 1970 for the 26 bytes `dd/Mon/yyyy:hh:mm:ss +hhmm` (or `-hhmm`).
///
/// `None` for anything else: another shape, a day that its month does not have, an hour over 23, a minute over 59, a
/// second over 60, and every time before 1970 or past what 64 bits of nanoseconds hold (July of 2554). A leap
/// second, `:60`, is the first second of the next minute.
#[must_use]
pub fn utc_ns(text: &[u8]) -> Option<u64> {
    Text::of(text.try_into().ok()?)?.utc_ns()
}

/// Bytes of the shape of a time, which need not be one: no space and no quote stands among them where a time has none, and
/// so neither ` [` nor `] "`.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(&'a [u8; LEN]);

/// How long a time is as text.
pub(crate) const LEN: usize = 26;

impl<'a> Text<'a> {
    #[inline]
    pub(crate) fn of(text: &'a [u8; LEN]) -> Option<Self> {
        // They overlap.
        const HEAD: Shape = Shape::new(*b"00/AAA/0000:00:0");
        const TAIL: Shape = Shape::new(*b"0:00:00:00 +0000");
        (HEAD.fits(*text.first_chunk()?) && TAIL.fits(*text.last_chunk()?)).then_some(Self(text))
    }

    /// Its first twelve bytes and its last six.
    #[inline]
    fn day(self) -> Option<Day> {
        let word = |at: usize| Some(u64::from_le_bytes(*self.0.get(at..)?.first_chunk()?));
        Some(Day([word(0)?, word(8)? << 32, word(18)? >> 16]))
    }

    /// The text of the beginning of its day.
    fn midnight(self) -> Option<[u8; LEN]> {
        let mut midnight = *self.0;
        midnight.get_mut(12..20)?.copy_from_slice(b"00:00:00");
        Some(midnight)
    }

    /// The eight bytes from `at` on: byte `i` of the result is the number that the digits `i` and `i + 1` make, where there
    /// are such.
    #[inline]
    fn pairs(self, at: usize) -> Option<u64> {
        let digits = u64::from_le_bytes(*self.0.get(at..)?.first_chunk()?) & 0x0f0f_0f0f_0f0f_0f0f;
        // No byte overflows into the next: 15 and 15 are 165.
        Some(digits * 10 + (digits >> 8))
    }

    /// As the function [`utc_ns`].
    #[inline]
    pub(crate) fn utc_ns(self) -> Option<u64> {
        let [_, _, _, m, o, n, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, sign, ..] = *self.0;
        let month = Month::of([m, o, n])?;
        let [date, year] = [self.pairs(0)?, self.pairs(7)?];
        let [time, zone] = [self.pairs(12)?, self.pairs(18)?];
        let [day, century, rest] = [byte(date, 0), byte(year, 0), byte(year, 2)];
        let leap = if rest == 0 { century % 4 == 0 } else { rest % 4 == 0 };
        let day_exists = day > 0 && day <= month.days - u64::from(month.days == 29 && !leap);
        if !day_exists || above(zone, [0, 0, 0, 0, 23, 0, 59, 0]) {
            return None;
        }

        // Counted from the first day of year 0, so that nothing is negative before the last subtraction.
        let day_of_year = month.before + day - 1 - u64::from(month.before > 31 && !leap);
        let days = days_before_year(century, rest) + day_of_year;
        let local = days * DAY + since_midnight(time)?;
        let zone = byte(zone, 4) * 3600 + byte(zone, 6) * 60;
        let utc = match sign {
            b'+' => local.checked_sub(zone)?,
            b'-' => local + zone,
            _ => return None,
        };
        utc.checked_sub(days_before_year(19, 70) * DAY)?.checked_mul(SECOND)
    }
}

/// Reads time after time, most of them of the same day: when a day began is found out once.
#[derive(Clone, Copy, Default, Debug)]
pub struct Clock {
    /// The day and the zone of the time before.
    day: Day,
    /// When that day began, in nanoseconds since 1970; `None` for a day that began before, or that there is none of.
    began: Option<u64>,
}

/// A day and a zone, as they stand in a time's text, with other bytes of it left out.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
struct Day([u64; 3]);

impl Clock {
    /// As the function [`utc_ns`].
    #[inline]
    pub(crate) fn utc_ns(&mut self, text: Text<'_>) -> Option<u64> {
        let day = text.day()?;
        if self.day != day {
            self.day = day;
            self.began = text.midnight().and_then(|midnight| Text(&midnight).utc_ns());
        }
        let Some(began) = self.began else { return text.utc_ns() };
        let time = text.pairs(12)?;
        began.checked_add(since_midnight(time)? * SECOND)
    }
}

/// Seconds since midnight at `hh:mm:ss` as [`Text::pairs`] has it, if there is such a time.
#[inline]
const fn since_midnight(time: u64) -> Option<u64> {
    if above(time, [23, 0, 0, 59, 0, 0, 60, 0]) {
        return None;
    }
    Some(byte(time, 0) * 3600 + byte(time, 3) * 60 + byte(time, 6))
}

/// Whether one of the bytes of a word, which are up to 165, is above its limit, where it has one that is not 0.
const fn above(word: u64, limits: [u8; 8]) -> bool {
    let (mut room, mut top) = (0, 0);
    let mut rest: &[u8] = limits.as_slice();
    while let [head @ .., last] = rest {
        let limited = *last > 0;
        room = room << 8 | if limited { 0x7f - *last as u64 } else { 0 };
        top = top << 8 | if limited { 0x80 } else { 0 };
        rest = head;
    }
    (word + room) & top != 0
}

/// Byte `i` of a word.
const fn byte(word: u64, i: u32) -> u64 {
    (word >> (8 * i)) & 0xff
}

/// Days from the first of January of year 0 to that of the year `100 * century + rest`, in the Gregorian calendar
/// reckoned backwards.
const fn days_before_year(century: u64, rest: u64) -> u64 {
    // Multiples of 100 up to but not including the year, then its leap years; year 0 is both.
    let hundreds = century + (rest > 0) as u64;
    let leap_years = (century * 100 + rest).div_ceil(4) - hundreds + hundreds.div_ceil(4);
    (century * 100 + rest) * 365 + leap_years
}

/// A month of a leap year.
#[derive(Clone, Copy)]
struct Month {
    /// The name's three bytes and a 0; all 0 for no month.
    name: u32,
    /// Days of the year before the month.
    before: u64,
    days: u64,
}

impl Month {
    /// By [`Month::slot`] of their names.
    const ALL: [Self; 16] = Self::all();

    /// Where a month of this name stands. Only that no two have the same slot makes the factor right.
    const fn slot(name: u32) -> usize {
        (name.wrapping_mul(26_596) >> 28) as usize
    }

    const fn name([a, b, c]: [u8; 3]) -> u32 {
        u32::from_le_bytes([a, b, c, 0])
    }

    #[inline]
    fn of(name: [u8; 3]) -> Option<&'static Self> {
        let name = Self::name(name);
        Self::ALL.get(Self::slot(name)).filter(|month| month.name == name)
    }

    #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where a slot out of range is an error")]
    const fn all() -> [Self; 16] {
        const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let mut all = [Self { name: 0, before: 0, days: 0 }; 16];
        let mut before = 0;
        let mut i = 0;
        while i < 12 {
            let name = Self::name([NAMES[3 * i], NAMES[3 * i + 1], NAMES[3 * i + 2]]);
            let days = match i {
                1 => 29,
                3 | 5 | 8 | 10 => 30,
                _ => 31,
            };
            let slot = Self::slot(name);
            assert!(all[slot].name == 0, "two months have one slot");
            all[slot] = Self { name, before, days };
            before += days;
            i += 1;
        }
        all
    }
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

    /// Every mix of these parts, one after another by one clock.
    #[test]
    fn a_clock_tells_the_same_times() {
        let days =
            ["17/May/2015", "18/May/2015", "01/Jan/1970", "31/Dec/1969", "21/Jul/2554", "29/Feb/2023", "29/Feb/2024"];
        let times = ["00:00:00", "10:05:03", "23:34:33", "23:34:34", "23:59:60", "24:00:00", "00:60:00", "00:00:61"];
        let zones = ["+0000", "-0000", "+0100", "-0100", "+2359", "+2400", ",0000"];
        let mut clock = Clock::default();
        let mut seed = 1_u64;
        let mut draw = |from: &[&'static str]| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            from[usize::try_from(seed >> 33).unwrap() % from.len()]
        };
        let (mut day, mut zone, mut some) = (days[0], zones[0], 0);
        for round in 0..20_000 {
            if round % 3 == 0 {
                (day, zone) = (draw(&days), draw(&zones));
            }
            let text = format!("{day}:{} {zone}", draw(&times));
            let bytes = text.as_bytes().try_into().unwrap();
            let told = Text::of(bytes).and_then(|text| clock.utc_ns(text));
            assert_eq!(told, utc_ns(bytes), "{text}");
            some += u32::from(told.is_some());
        }
        assert!((2_000..15_000).contains(&some), "{some}");
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
