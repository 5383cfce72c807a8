// SPDX-License-Identifier: Apache-2.0
//! The views of the C library and those of Rust: the same operations in random order, and what each says and leaves in
//! memory compared.
//!
//! `PROPTEST_CASES=100000 cargo test -p falconet-tests --test capi_views` searches longer.
#![cfg(test)]
#![expect(unsafe_code, reason = "views of C are structs, and are made of pointers")]

mod api;
mod operations;

use std::ptr::null_mut;

use falconet::view::{SeekFrom, View, ViewError, ViewMut, WriteView};
use falconet_tests::plugins::Profile;
use proptest::prelude::*;
use proptest::test_runner::Config;

use api::{Api, types};
use operations::{Mode, Op, Pair, any_op};

/// So many cases, unless the environment says another number.
fn cases(number: u32) -> Config {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(number);
    Config { cases: number, failure_persistence: None, ..Config::default() }
}

/// What lies before and behind a view's memory, and stays.
const GUARD: [u8; 16] = [0x55; 16];

fn both_do_the_same(api: &Api, mode: Mode, content: &[u8], len: usize, ops: &[Op]) -> Result<(), TestCaseError> {
    let memory = || [&GUARD[..], content, &GUARD].concat();
    let (mut of_c, mut of_rust) = (memory(), memory());
    let window = GUARD.len()..GUARD.len() + content.len();
    {
        let mut pair = Pair::new(api, mode, &mut of_c[window.clone()], &mut of_rust[window], len)?;
        for op in ops {
            pair = pair.apply(op)?;
            pair.check()?;
        }
    }
    prop_assert_eq!(of_c, of_rust, "what is in memory");
    Ok(())
}

/// The code that the C library has for a refusal.
fn code(result: Result<(), ViewError>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(ViewError::Null) => -1,
        Err(ViewError::CapacityTooLarge { .. }) => -3,
        Err(ViewError::LenBeyondCapacity { .. }) => -4,
        Err(ViewError::Short { .. }) => -5,
        Err(ViewError::Full { .. }) => -6,
        Err(ViewError::Seek { .. }) => -7,
        Err(other) => panic!("no code is known for {other}"),
    }
}

/// What no view is: its functions say so, and never touch its memory.
const NO_VIEW: i32 = -9;

/// Numbers about a memory of 8 bytes, and far beyond.
fn any_number() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0usize..9, 1 => prop::sample::select(vec![1 << 31, isize::MAX as usize, 1 << 63, usize::MAX])]
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn views_of_c_do_what_views_of_rust_do(
        mode in prop::sample::select(vec![Mode::Read, Mode::Write, Mode::Both]),
        content in prop::collection::vec(any::<u8>(), 1..48),
        len in 0usize..52,
        ops in prop::collection::vec(any_op(), 0..40),
    ) {
        for profile in Profile::ALL {
            both_do_the_same(Api::of(profile), mode, &content, len, &ops)?;
        }
    }

    #[test]
    fn fields_that_contradict_each_other_are_no_view(
        null in any::<bool>(),
        [len, capacity, offset, to] in prop::array::uniform4(any_number()),
    ) {
        // Nobody promises more memory than there is; capacities beyond any memory are refused before it is looked at.
        prop_assume!(capacity <= 8 || capacity > isize::MAX as usize);
        let (mut memory, mut other) = ([7u8; 8], [7u8; 8]);
        let ptr = if null { null_mut() } else { memory.as_mut_ptr() };
        let of_rust = if null { null_mut() } else { other.as_mut_ptr() };
        let api = Api::of(Profile::Dev);
        let position = SeekFrom::Start(offset as u64);
        // SAFETY: the memory is as large as every capacity that is not refused, and nobody else has it.
        unsafe {
            let mut view = types::View { ptr, len, capacity, offset };
            let expected = View::from_raw_parts(of_rust, len, capacity)
                .and_then(|mut view| view.seek(position).map(|_| view))
                .map_or(NO_VIEW, |mut view| code(view.set_len(to)));
            prop_assert_eq!((api.view_set_len)(&raw mut view, to), expected);

            let mut view = types::ViewMut { ptr, len, capacity, offset };
            let expected = ViewMut::from_raw_parts(of_rust, len, capacity)
                .and_then(|mut view| view.seek(position).map(|_| view))
                .map_or(NO_VIEW, |mut view| code(view.set_len(to)));
            prop_assert_eq!((api.view_mut_set_len)(&raw mut view, to), expected);

            let mut view = types::WriteView { ptr, len, capacity, offset, touched: 0 };
            let expected = WriteView::from_raw_parts(of_rust, len, capacity)
                .and_then(|mut view| view.seek(position).map(|_| view))
                .map_or(NO_VIEW, |mut view| code(view.set_len(to)));
            prop_assert_eq!((api.write_view_set_len)(&raw mut view, to), expected);
        }
        prop_assert_eq!(memory, other);
    }
}
