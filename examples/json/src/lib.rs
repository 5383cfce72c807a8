// SPDX-License-Identifier: Apache-2.0
//! Values from JSON payloads of any source, compatible with the official `json` plugin 0.7.4.
