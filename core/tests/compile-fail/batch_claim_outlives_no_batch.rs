// SPDX-License-Identifier: Apache-2.0
//! Nothing that was claimed outlives its batch.

use falconet::batch::{Limits, Slot, Slots, TypedSlot};
use falconet::view::WriteView;
use falconet::{Batch, Claim, Lease};

fn claim(lease: &mut Lease) -> Claim<'_> {
    let mut batch = lease.fill(Limits::new(999, 64));
    batch.claim().unwrap()
}

fn payload<'b>(batch: &'b mut Batch<'_>) -> &'b mut WriteView<'b> {
    batch.claim().unwrap().payload()
}

fn placed<'b>(batch: &'b mut Batch<'_>) -> &'b mut [u8; 4] {
    let mut event = batch.claim().unwrap();
    event.payload().place([0; 4]).unwrap()
}

fn slots(lease: &mut Lease) -> Slots<'_> {
    let mut batch = lease.fill(Limits::new(999, 64));
    batch.slots(64).unwrap()
}

fn slot<'b>(batch: &'b mut Batch<'_>) -> Slot<'b> {
    let mut slots = batch.slots(64).unwrap();
    slots.claim().unwrap()
}

fn value<'b>(batch: &'b mut Batch<'_>) -> TypedSlot<'b, [u8; 8]> {
    let mut values = batch.typed::<[u8; 8]>().unwrap();
    values.claim().unwrap()
}

fn main() {}
