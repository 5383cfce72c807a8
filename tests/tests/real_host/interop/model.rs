// SPDX-License-Identifier: Apache-2.0
//! What owner and user do with the tables, done to maps: what must come of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Default)]
struct Number {
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    flag: bool,
    text: String,
    owned: u64,
    lines: BTreeMap<u64, Line>,
    tally: u64,
    note: String,
}

#[derive(Default)]
struct Line {
    count: u64,
    text: String,
}

/// Both tables.
#[derive(Default)]
pub(super) struct Model {
    numbers: BTreeMap<u64, Number>,
    texts: BTreeMap<String, Line>,
}

impl Model {
    /// What the owner does for an event, then what the user does.
    pub(super) fn event(&mut self, n: u64) {
        let key = n % 5;
        if n == 0 {
            self.numbers.insert(4, Number { text: "mine".to_owned(), ..Number::default() });
        }
        if let Some(row) = self.numbers.get_mut(&key) {
            row.owned = n;
            row.lines.insert(7, Line { count: n, text: "own".to_owned() });
        }

        if n % 13 == 12 {
            self.numbers.remove(&key);
        }
        self.numbers.entry(key).or_default().event(n);
        let key = format!("key {}", n % 4);
        let text = self.texts.entry(key.clone()).or_default();
        (text.count, text.text) = (text.count + n, key);
        if n % 11 == 10 {
            self.texts.clear();
        }
        if n % 7 == 6 {
            self.numbers.remove(&((n + 1) % 5));
        }
        for row in self.numbers.values_mut() {
            row.u32 = row.u32.wrapping_add(1);
        }
    }

    /// As the owner shows it: what others have added is none of it.
    pub(super) fn state(&self) -> String {
        self.shown(false)
    }

    /// As the user shows it.
    pub(super) fn seen(&self) -> String {
        self.shown(true)
    }

    fn shown(&self, added: bool) -> String {
        let mut to = String::new();
        for (key, row) in &self.numbers {
            write!(to, "{key}={},{},{},{},", row.u8, row.u16, row.u32, row.u64).unwrap();
            write!(to, "{},{},{},{},", row.i8, row.i16, row.i32, row.i64).unwrap();
            write!(to, "{},{},{}", row.flag, row.text, row.owned).unwrap();
            for (key, line) in &row.lines {
                write!(to, ",{key}:{}:{}", line.count, line.text).unwrap();
            }
            if added {
                write!(to, "+{},{}", row.tally, row.note).unwrap();
            }
            to.push(';');
        }
        for (key, row) in &self.texts {
            write!(to, "{key}={},{};", row.count, row.text).unwrap();
        }
        to
    }
}

impl Number {
    /// What the user does with the entry at its key.
    fn event(&mut self, n: u64) {
        let small = n.to_le_bytes()[0];
        let signed = small.cast_signed();
        self.u8 = self.u8.wrapping_add(small);
        self.u16 = self.u16.wrapping_sub(small.into());
        self.u32 = self.u32.wrapping_sub(small.into());
        self.u64 = self.u64.wrapping_sub(n);
        self.i8 = self.i8.wrapping_sub(signed);
        self.i16 = self.i16.wrapping_sub(signed.into());
        self.i32 = self.i32.wrapping_sub(signed.into());
        self.i64 = self.i64.wrapping_sub(signed.into());
        self.flag = !self.flag;
        self.text = format!("{}n={n}", self.text.get(..4).unwrap_or_default());
        self.tally += 1;
        self.note = format!("note {n}");
        let line = self.lines.entry(n % 3).or_default();
        (line.count, line.text) = (line.count + 1, format!("line {n}"));
        if n % 4 == 3 {
            self.lines.remove(&((n + 1) % 3));
        }
    }
}
