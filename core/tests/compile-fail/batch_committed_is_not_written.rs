// SPDX-License-Identifier: Apache-2.0
//! What is committed is the host's: nothing of it can be written any more.

use falconet::batch::Limits;
use falconet::{Pool, Timestamp};

static POOL: Pool<1, 8, 4096> = Pool::new();

fn main() {
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(999, 64));

    let mut event = batch.claim().unwrap();
    let number = event.payload().place([0u8; 8]).unwrap();
    event.commit(Timestamp::HOST);
    number[0] = 1;

    let mut event = batch.claim().unwrap();
    event.commit(Timestamp::HOST);
    event.payload().write(b"late");

    let mut slots = batch.slots(8).unwrap();
    let mut slot = slots.claim().unwrap();
    let payload = slot.payload();
    slot.commit(Timestamp::HOST);
    payload.write(b"late");

    let mut values = batch.typed::<[u8; 8]>().unwrap();
    let mut value = values.claim().unwrap();
    let bytes = &mut *value;
    value.commit(Timestamp::HOST);
    bytes[0] = 1;
}
