// SPDX-License-Identifier: Apache-2.0
//! Kubernetes audit events for Falco, compatible with the official `k8saudit` plugin 0.18.0.

pub mod config;
pub mod files;
pub mod params;
pub mod sink;
mod warn;
pub mod webhook;
