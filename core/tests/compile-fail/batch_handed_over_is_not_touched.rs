// SPDX-License-Identifier: Apache-2.0
//! A batch that is handed over is the host's next: its producer has it no more, and no claim of either batch is left.

use falconet::batch::Limits;
use falconet::{Batch, Lease};

const LIMITS: Limits = Limits::new(999, 64);

fn lease(batch: &mut Batch<'_>, mut filled: Lease) {
    let _own = batch.hand_over(filled).unwrap();
    filled.fill(LIMITS);
}

fn filling(batch: &mut Batch<'_>, mut filled: Lease) {
    let mut other = filled.fill(LIMITS);
    let _own = batch.hand_over(filled).unwrap();
    other.claim();
}

fn claim(batch: &mut Batch<'_>, filled: Lease) {
    let mut event = batch.claim().unwrap();
    let _own = batch.hand_over(filled).unwrap();
    event.payload().write(b"into a batch that is someone else's");
}

fn main() {}
