// SPDX-License-Identifier: Apache-2.0
//! State tables between SDKs in the real host: `table-owner` and `table-user` are falconet's, `peer-tables` is the same
//! two with the official Rust SDK. Whoever owns the tables and whoever uses them, the same must come of it.

mod model;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use falconet_tests::host::RealHost;
use falconet_tests::plugins;
use falconet_tests::sysdig::{self, Run};

use crate::host;
use model::Model;

const EVENTS: u64 = 400;

/// A plugin in a role: its library, its config, and the fields that show what is in the tables and what was wrong.
struct Role {
    library: PathBuf,
    config: &'static str,
    state: &'static str,
    checks: Option<&'static str>,
}

fn our_owner() -> Role {
    Role { library: plugins::table_owner(), config: "", state: "table_owner.state", checks: None }
}

fn our_user() -> Role {
    let checks = Some("table_user.checks");
    Role { library: plugins::table_user(), config: "", state: "table_user.seen", checks }
}

fn their_owner() -> Role {
    Role { library: plugins::peer_tables(), config: ":owner", state: "peer.state", checks: None }
}

fn their_user() -> Role {
    Role { library: plugins::peer_tables(), config: ":user", state: "peer.state", checks: Some("peer.checks") }
}

/// The source, and these plugins in this order.
fn run(host: &RealHost, roles: &[&Role], columns: &[&str]) -> Run {
    let mut first: Vec<OsString> = vec!["-H".into(), plugins::rules().into()];
    for role in roles {
        let mut library = role.library.clone().into_os_string();
        library.push(role.config);
        first.extend(["-H".into(), library]);
    }
    let format = sysdig::format(columns);
    let input = sysdig::input("rules", format!("events={EVENTS}"));
    sysdig::run_with(host, first, ["-I".as_ref(), input.as_os_str(), "-p".as_ref(), format.as_ref()])
}

/// Both see the same in the tables after every event, which is what the model has.
fn as_the_model(owner: &Role, user: &Role) {
    let host = host!();
    let run = run(&host, &[owner, user], &[owner.state, user.state, user.checks.unwrap()]).succeeded();
    let rows = run.rows();
    assert_eq!(rows.len() as u64, EVENTS, "{}", run.shown());
    let mut model = Model::default();
    for (n, row) in (0..).zip(rows) {
        model.event(n);
        let expected = [model.state(), model.seen(), "ok".to_owned()];
        assert_eq!(row, expected, "event {n}");
    }
}

#[test]
fn a_table_of_ours_is_used_by_a_plugin_of_ours() {
    as_the_model(&our_owner(), &our_user());
}

#[test]
fn a_table_of_ours_is_used_by_a_plugin_of_the_official_sdk() {
    as_the_model(&our_owner(), &their_user());
}

#[test]
fn a_table_of_the_official_sdk_is_used_by_a_plugin_of_ours() {
    as_the_model(&their_owner(), &our_user());
}

#[test]
fn a_user_that_comes_before_the_owner_is_told_so() {
    let host = host!();
    for (owner, user, expected) in [
        (our_owner(), their_user(), "Could not get table \"peer_numbers\""),
        (their_owner(), our_user(), "there is no such table: is its owner loaded before this plugin?"),
    ] {
        let run = run(&host, &[&user, &owner], &["rules.num"]);
        assert_ne!(run.code, Some(0), "{}", run.shown());
        assert!(run.stderr.contains(expected), "{}", run.shown());
    }
}

/// A thread as `threads` shows it.
#[derive(Default)]
struct Thread {
    name: String,
    seen: u64,
    note: String,
    files: usize,
    bytes: usize,
}

#[test]
fn threads_of_the_host_are_made_read_written_erased_and_get_fields() {
    let host = host!();
    let threads = Role { library: plugins::threads(), config: "", state: "threads.seen", checks: None };
    // Without a system call there are no threads but those that the plugin makes.
    let rows = run(&host, &[&threads], &[threads.state]).succeeded().rows();
    assert_eq!(rows.len() as u64, EVENTS);
    let mut model: BTreeMap<u64, Thread> = BTreeMap::new();
    for (n, row) in (0..).zip(rows) {
        let thread = model.entry(n % 3).or_insert_with(|| Thread { name: format!("thread {n}"), ..Thread::default() });
        thread.seen += 1;
        thread.note = format!("a note that is no short text of {n}");
        thread.files += 1;
        thread.bytes += format!("file {n}").len();
        if n % 6 == 5 {
            model.remove(&2);
        }
        let mut expected = String::new();
        for (tid, Thread { name, seen, note, files, bytes }) in &model {
            write!(expected, "{tid} {name} {seen} {note} {files}:{}:{bytes};", files * 7).unwrap();
        }
        assert_eq!(row, [expected], "event {n}");
    }
}
