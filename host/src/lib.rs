// SPDX-License-Identifier: Apache-2.0
//! The loader behind the `falconet` command: loads, runs and inspects Falco plugins.
