// SPDX-License-Identifier: Apache-2.0
//! Gives the shared library its soname: programs that were linked with one 0.1 find another.
fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libfalconet.so.0.1");
    println!("cargo::rerun-if-changed=build.rs");
}
