// SPDX-License-Identifier: Apache-2.0
//! Numbers written in decimal straight into an event, without `core::fmt`.

use core::mem::MaybeUninit;

use super::{ViewError, ViewMut, WriteView};

/// The numbers from 00 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut tens = 0;
    while tens < 10 {
        let mut ones = 0;
        while ones < 10 {
            #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
            let pair = &mut pairs[(tens * 10 + ones) as usize];
            *pair = [b'0' + tens, b'0' + ones];
            ones += 1;
        }
        tens += 1;
    }
    pairs
};

/// How many digits a number has. Comparing is quicker than the logarithm for numbers that are not large.
#[inline]
pub(super) const fn digits(number: u64) -> usize {
    match number {
        0..=9 => 1,
        10..=99 => 2,
        100..=999 => 3,
        1_000..=9_999 => 4,
        10_000..=99_999 => 5,
        100_000..=999_999 => 6,
        1_000_000..=9_999_999 => 7,
        10_000_000..=99_999_999 => 8,
        _ => number.ilog10() as usize + 1,
    }
}

/// Writes all of `room`, which is as long as the number has digits.
#[inline]
pub(super) fn write(room: &mut [MaybeUninit<u8>], number: u64) {
    let mut rest = number;
    let mut pairs = room.rchunks_exact_mut(2);
    for pair in &mut pairs {
        if let ([tens, ones], Some(digits)) = (pair, PAIRS.get((rest % 100) as usize)) {
            tens.write(digits[0]);
            ones.write(digits[1]);
        }
        rest /= 100;
    }
    if let [digit] = pairs.into_remainder() {
        digit.write(b'0' | (rest % 10) as u8);
    }
}

impl WriteView<'_> {
    /// Writes a number in decimal at the cursor, without leading zeros.
    ///
    /// ```
    /// use falconet::view::WriteView;
    /// let mut memory = [0; 16];
    /// let mut view = WriteView::new(&mut memory);
    /// view.write_all(b"event ")?;
    /// view.write_decimal(1007)?;
    /// let len = view.len();
    /// assert_eq!(&memory[..len], b"event 1007");
    /// # Ok::<(), falconet::view::ViewError>(())
    /// ```
    ///
    /// # Errors
    /// [`ViewError::Full`] where it does not fit; nothing was written then.
    #[inline]
    pub fn write_decimal(&mut self, number: u64) -> Result<(), ViewError> {
        self.window_mut().write_decimal(number)
    }
}

impl ViewMut<'_> {
    /// Writes a number in decimal at the cursor, without leading zeros.
    ///
    /// ```
    /// let mut memory = *b"event ....";
    /// let mut view = falconet::view::ViewMut::new(&mut memory);
    /// view.read_bytes(6)?;
    /// view.write_decimal(18)?;
    /// assert_eq!(&memory, b"event 18..");
    /// # Ok::<(), falconet::view::ViewError>(())
    /// ```
    ///
    /// # Errors
    /// [`ViewError::Full`] where it does not fit; nothing was written then.
    #[inline]
    pub fn write_decimal(&mut self, number: u64) -> Result<(), ViewError> {
        self.window_mut().write_decimal(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_length_of_number() {
        let mut numbers = std::vec![0, u64::MAX];
        for power in 0..20 {
            let ten = 10u64.pow(power);
            numbers.extend([ten - 1, ten, ten + 1, ten.saturating_mul(7)]);
        }
        for number in numbers {
            let expected = number.to_string();
            let mut memory = std::vec![MaybeUninit::uninit(); expected.len()];
            assert_eq!(digits(number), expected.len());
            let mut view = WriteView::from_uninit(&mut memory);
            view.write_decimal(number).unwrap();
            assert_eq!((view.len(), view.space()), (expected.len(), 0));
            let mut bytes = std::vec![0; expected.len()];
            ViewMut::new(&mut bytes).write_decimal(number).unwrap();
            assert_eq!(bytes, expected.as_bytes());
            let refused = WriteView::new(bytes.split_last_mut().unwrap().1).write_decimal(number);
            assert_eq!(refused, Err(ViewError::Full { needed: expected.len(), available: expected.len() - 1 }));
        }
    }
}
