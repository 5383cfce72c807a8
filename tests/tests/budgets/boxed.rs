// SPDX-License-Identifier: Apache-2.0
//! Allocations of a plugin with std, between an open and its close: none.

use falconet_tests::plugins;

use crate::bench::{Subject, bench, fields};

#[test]
fn a_plugin_with_std_allocates_nothing_at_steady_state() {
    let Ok(bench) = bench() else { return };
    let library = plugins::panics();
    let fields = fields(&library, &["panics.num", "panics.text"]);
    let work: Vec<&str> = ["steady"].into_iter().chain(fields.iter().map(String::as_str)).collect();
    // An end that stays, and a source that fails on every call. Five calls of an event fail: four extractions, a parse.
    for (config, events, failures, last) in [("", 300.0, 300.0 * 5.0, 2.0), ("fail", 3.0, 3.0 * 5.0 + 6.0, 1.0)] {
        let printed = Subject { library: &library, config }.run(&bench.counting, "300", &work);
        assert_eq!((printed.number("counted"), printed.number("last")), (1.0, last), "{printed}");
        assert_eq!(printed.number("events"), events, "{printed}");
        assert!(printed.number("failures") >= failures, "{printed}");
        assert!(printed.number("values") >= events * 4.0, "{printed}");
        assert_eq!(printed.number("allocations"), 0.0, "{printed}");
    }
}
