// SPDX-License-Identifier: Apache-2.0
//! A batch has one claim at a time, and no other touches it meanwhile.

use falconet::batch::Limits;
use falconet::{Pool, Timestamp};

static POOL: Pool<1, 8, 4096> = Pool::new();

fn main() {
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(999, 64));

    let first = batch.claim().unwrap();
    let _second = batch.claim().unwrap();
    first.commit(Timestamp::HOST);

    let slots = batch.slots(8).unwrap();
    let _event = batch.claim().unwrap();
    drop(slots);
}
