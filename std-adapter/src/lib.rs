// SPDX-License-Identifier: Apache-2.0
//! falconet-std: Falco plugins for authors who have std, on falconet's core.

pub mod io;
pub mod json;
