// SPDX-License-Identifier: Apache-2.0
//! A batch that is lent to the host, and all of it, is out of reach until it is filled again.

use falconet::batch::Limits;
use falconet::{Lease, Pool};

static POOL: Pool<1, 8, 4096> = Pool::new();

fn batch(lease: &mut Lease) {
    let mut batch = lease.fill(Limits::new(999, 64));
    let _events = lease.lend();
    batch.claim();
}

fn claim(lease: &mut Lease) {
    let mut batch = lease.fill(Limits::new(999, 64));
    let mut event = batch.claim().unwrap();
    let _events = lease.lend();
    event.payload().write(b"under the host");
}

fn slot(lease: &mut Lease) {
    let mut batch = lease.fill(Limits::new(999, 64));
    let mut slots = batch.slots(8).unwrap();
    let mut slot = slots.claim().unwrap();
    let _events = lease.lend();
    slot.payload().write(b"under the host");
}

fn value(lease: &mut Lease) {
    let mut batch = lease.fill(Limits::new(999, 64));
    let mut values = batch.typed::<[u8; 8]>().unwrap();
    let mut value = values.claim().unwrap();
    let _events = lease.lend();
    value[0] = 1;
}

fn main() {
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(999, 64));
    drop(lease);
    batch.claim();
}
