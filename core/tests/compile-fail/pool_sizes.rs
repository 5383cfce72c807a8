// SPDX-License-Identifier: Apache-2.0
//! A pool has room for at least one event's header, and for one event.

use falconet::Pool;

static NO_EVENTS: Pool<1, 0, 4096> = Pool::new();
static NO_BYTES: Pool<1, 8, 37> = Pool::new();

fn main() {}
