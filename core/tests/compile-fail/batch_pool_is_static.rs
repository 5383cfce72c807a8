// SPDX-License-Identifier: Apache-2.0
//! A lease points into its pool for as long as the host likes: the pool is static.

use falconet::Pool;

fn main() {
    let pool: Pool<1, 8, 4096> = Pool::new();
    let _lease = pool.lease();
}
