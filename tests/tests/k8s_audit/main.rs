// SPDX-License-Identifier: Apache-2.0
//! `examples/k8s-audit` and `examples/json` in the real host: what the official plugins do there, they do.
//!
//! | where | what |
//! | --- | --- |
//! | `recorded` | the values that the official plugins were seen to extract |
//! | `witness` | the same values by `tests/py/k8s_audit.py`, also of `made_up` events for every field |
//! | `filters` | which events a filter selects, by the host and by Python |
//! | `posted`, `refused`, `full`, `stopped`, `secured` | the webhook with `client`s, while the host runs |
//! | `followed` | a file that grows and is rotated |
#![cfg(test)]

mod client;
mod filters;
mod followed;
mod full;
mod made_up;
mod posted;
mod recorded;
mod refused;
mod secured;
mod stopped;
#[path = "../../../examples/k8s-audit/tests/support/recorded.rs"]
mod support;
mod witness;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ChildStdout;

use falconet_tests::host::RealHost;
use falconet_tests::plugins;
use falconet_tests::running::Running;
use falconet_tests::sysdig::{self, Run};

/// The real host; a test that gets none returns, which it has said then.
macro_rules! host {
    () => {
        match falconet_tests::host::real_host() {
            Ok(host) => host,
            Err(_skip) => return,
        }
    };
}
use host;

/// Tells a figure. Not `println!`, which the test harness keeps to itself when a test passes.
fn tell(figure: &str) {
    let _ = writeln!(io::stderr(), "{figure}");
}

/// The arguments to load both plugins and to open a source.
fn opened(config: &str, params: impl AsRef<std::ffi::OsStr>) -> Vec<OsString> {
    let mut audit = plugins::k8s_audit().into_os_string();
    if !config.is_empty() {
        audit.push(":");
        audit.push(config);
    }
    let input = sysdig::input("k8saudit", params);
    vec!["-H".into(), audit, "-H".into(), plugins::json().into(), "-I".into(), input]
}

/// Reads a file or a folder to its end.
fn read(host: &RealHost, path: &Path, columns: &[&str], filter: Option<&str>) -> Run {
    let format = sysdig::format_records(columns);
    let print = ["-p".into(), OsString::from(format)];
    sysdig::run_with(host, opened("", path), print.into_iter().chain(filter.map(OsString::from))).succeeded()
}

/// A host that has a webhook open.
struct Receiver {
    host: Running,
    address: SocketAddr,
}

impl Receiver {
    /// Starts the host, and waits until it listens. It prints these columns of each event.
    fn start(host: &RealHost, scheme: &str, config: &str, columns: &[&str]) -> Self {
        let (address, arguments) = listening(scheme, config, columns);
        Self::listens(Running::start(host, arguments), address)
    }

    /// The same, with what it prints for the caller to read, or not.
    fn unread(host: &RealHost, columns: &[&str]) -> (Self, ChildStdout) {
        let (address, arguments) = listening("http", "", columns);
        let (host, stdout) = Running::piped(host, arguments);
        (Self::listens(host, address), stdout)
    }

    fn listens(mut host: Running, address: SocketAddr) -> Self {
        host.until("that it listens", |_| TcpStream::connect(address).is_ok());
        Self { host, address }
    }

    /// What it has printed of so many events.
    fn rows(&mut self, count: usize) -> Vec<Vec<String>> {
        rows(self.host.lines(count))
    }
}

/// A free address, and the arguments to listen there.
fn listening(scheme: &str, config: &str, columns: &[&str]) -> (SocketAddr, Vec<OsString>) {
    // Nobody else is likely to take the port in the time between.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut arguments = opened(config, format!("{scheme}://{address}/k8s-audit"));
    arguments.extend(["-p".into(), sysdig::format(columns).into()]);
    (address, arguments)
}

/// The columns of printed lines.
fn rows(lines: Vec<String>) -> Vec<Vec<String>> {
    let stdout = lines.join("\n").into_bytes();
    Run { stdout, stderr: String::new(), code: None }.rows()
}
