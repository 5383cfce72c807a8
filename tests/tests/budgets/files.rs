// SPDX-License-Identifier: Apache-2.0
//! What stands in files: sizes of libraries, the symbols that they export, and unsafe blocks of sources.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use falconet_host::{Binary, Library, Logs, Next, Plugin};
use falconet_tests::host::root;
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;

use crate::budget::{self, Figures};

pub(crate) const FIGURES: &[&str] = &[
    "demo.size_default",
    "demo.size_recommended",
    "demo.size_flags",
    "small.size_flags",
    "core.unsafe_blocks",
    "capi.unsafe_blocks",
    "host.unsafe_blocks",
    "demo.unsafe_blocks",
    "access_log.unsafe_blocks",
    "std_adapter.unsafe_blocks",
    "k8s_audit.unsafe_blocks",
    "json.unsafe_blocks",
    "access_counter.unsafe_blocks",
    "access_stats.unsafe_blocks",
    "heartbeat.unsafe_blocks",
];

/// What `cargo build --release` takes where a crate's profile says nothing but `panic = "abort"`.
const CARGOS_DEFAULTS: [&str; 3] =
    ["profile.release.opt-level=3", "profile.release.lto=false", "profile.release.codegen-units=16"];

/// What README.md recommends for small plugins, with the link-time optimisation of the crate's own profile.
const RECOMMENDED: [&str; 1] = ["profile.release.opt-level='s'"];

/// As `tests/budgets.toml` has them, where each is explained.
fn size_flags() -> Vec<String> {
    let script = root().join("tests/c/no_unwind.ld");
    [
        "-nostartfiles".to_owned(),
        "-Wl,-z,norelro,--build-id=none,--no-eh-frame-hdr,-z,noseparate-code".to_owned(),
        format!("-Wl,-T,{}", script.display()),
    ]
    .map(|argument| format!("link-arg={argument}"))
    .to_vec()
}

/// Builds the plugin in `folder`, stripped, in a folder of its own: other tests use the one of the ordinary build.
fn build(folder: &str, configs: &[&str], codegen: &[String]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sizes");
    let name = folder.rsplit('/').next().unwrap();
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["rustc", "--release", "--lib", "--config", "profile.release.strip='symbols'"]);
    command.args(configs.iter().flat_map(|config| ["--config", config]));
    command.arg("--target-dir").arg(&target).current_dir(root().join(folder));
    command.arg("--").args(codegen.iter().flat_map(|option| ["-C", option]));
    tools::output(&mut command);
    target.join("release").join(format!("{}{name}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX))
}

#[test]
fn sizes() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        budget::say("skipped: sizes are those of x86-64 Linux");
        return;
    }
    let (demo, small) = (("examples/demo", "demo.num", "300", 300), ("tests/fixtures/small", "small.number", "", 1000));
    let mut figures = Figures::default();
    for (name, (folder, field, params, events), configs, codegen) in [
        ("demo.size_default", demo, &CARGOS_DEFAULTS[..], Vec::new()),
        ("demo.size_recommended", demo, &RECOMMENDED, Vec::new()),
        ("demo.size_flags", demo, &RECOMMENDED, size_flags()),
        ("small.size_flags", small, &RECOMMENDED, size_flags()),
    ] {
        let library = build(folder, configs, &codegen);
        let size = fs::metadata(&library).unwrap().len();
        works(&library, field, params, events);
        figures.add(name, f64::from(u32::try_from(size).unwrap()));
    }
    figures.finish();
}

/// A small library is one that still loads, sources, extracts and tells what is wrong, and that needs no other.
fn works(library: &Path, field: &str, params: &str, events: u64) {
    assert!(Binary::read(library).unwrap().needed.is_empty());
    let library = Library::load(library).unwrap();
    let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
    let field = library.field(field).unwrap();
    let mut instance = plugin.open(params).unwrap();
    let mut number = 0;
    while let Next::Event(event) = instance.next_event().unwrap() {
        let extraction = plugin.extract(&event, std::slice::from_ref(&field)).unwrap();
        assert_eq!(extraction.first(), Some(&falconet_host::Value::U64(number)));
        assert!(plugin.event_to_string(&event).unwrap().starts_with("event"));
        number += 1;
    }
    assert_eq!(number, events);
    let open: Vec<_> = (1..8).map(|_| plugin.open(params).unwrap()).collect();
    let error = plugin.open(params).map(drop).unwrap_err().to_string();
    assert!(error.contains("raise `instances` in export!"), "{error}");
    drop(open);
}

#[test]
fn exported_symbols() {
    for (name, library) in
        [("demo", plugins::demo(Profile::Release)), ("access_log", plugins::access_log(Profile::Release))]
    {
        let exports: BTreeSet<String> = Binary::read(library).unwrap().exports.into_iter().collect();
        assert_eq!(&exports, budget::exports(name), "what {name} exports, what tests/budgets.toml says");
    }
}

#[test]
fn unsafe_blocks() {
    let mut figures = Figures::default();
    for (name, folder) in [
        ("core.unsafe_blocks", "core/src"),
        ("capi.unsafe_blocks", "core/capi/src"),
        ("host.unsafe_blocks", "host/src"),
        ("demo.unsafe_blocks", "examples/demo/src"),
        ("access_log.unsafe_blocks", "examples/access-log/src"),
        ("std_adapter.unsafe_blocks", "std-adapter/src"),
        ("k8s_audit.unsafe_blocks", "examples/k8s-audit/src"),
        ("json.unsafe_blocks", "examples/json/src"),
        ("access_counter.unsafe_blocks", "examples/access-counter/src"),
        ("access_stats.unsafe_blocks", "examples/access-stats/src"),
        ("heartbeat.unsafe_blocks", "examples/heartbeat/src"),
    ] {
        let mut count = 0;
        count_in(&root().join(folder), &mut count);
        figures.add(name, f64::from(count));
    }
    figures.finish();
}

/// Adds up the unsafe blocks of a folder's Rust files, those of tests left out.
fn count_in(folder: &Path, count: &mut u32) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            count_in(&path, count);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *count += unsafe_blocks_of(&fs::read_to_string(path).unwrap());
        }
    }
}

/// A scan of the text: comments are left out, and what stands behind `#[cfg(test)]` in a module to the file's end.
fn unsafe_blocks_of(source: &str) -> u32 {
    let lines = source.lines().map(str::trim).collect::<Vec<_>>();
    let is_test = |at: usize| {
        lines[at] == "#[cfg(test)]"
            && lines.get(at + 1).is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
    };
    let end = (0..lines.len()).find(|at| is_test(*at)).unwrap_or(lines.len());
    let code = lines[..end].iter().map(|line| line.split("//").next().unwrap_or(line));
    let count = code.map(|line| line.matches("unsafe {").count() + line.matches("unsafe impl").count()).sum::<usize>();
    u32::try_from(count).unwrap()
}

#[test]
fn the_scan_sees_blocks_and_impls_and_neither_comments_nor_tests() {
    let source = "
        unsafe impl Sync for A {} // unsafe impl Send
        /// unsafe { }
        fn f() { unsafe { g() }; unsafe { h() } }
        unsafe fn g() {}
        #[cfg(test)]
        mod tests;
        const X: () = unsafe { () };
        #[cfg(test)]
        mod tests {
            unsafe impl Sync for B {}
        }
    ";
    assert_eq!(unsafe_blocks_of(source), 4);
}
