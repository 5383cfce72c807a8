// SPDX-License-Identifier: Apache-2.0
//! What `examples/c/plugin.c` costs over falconet.h: instructions, allocations, size; how long a compiler needs for the
//! header, and how large the library is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use falconet_host::Library;
use falconet_tests::capi;
use falconet_tests::host::{Skip, root};
use falconet_tests::plugins::Profile;
use falconet_tests::tools;
use tempfile::TempDir;

use crate::bench::{Subject, bench, fields};
use crate::budget::{self, Figures, short};
use crate::demo::{FIELDS, MEASURES};

pub(crate) const FIGURES: &[&str] = &[
    "c_demo.source_64",
    "c_demo.source_512",
    "c_demo.source_4096",
    "c_demo.extract_1_miss",
    "c_demo.extract_1_hit",
    "c_demo.extract_3",
    "c_demo.event_to_string",
    "c_demo.eof",
    "c_demo.eof_again",
    "c_demo.allocations",
    "c_demo.size_default",
    "c_demo.size_flags",
];

/// The plugin, in a folder that goes with the first value.
fn plugin() -> Result<(TempDir, PathBuf), Skip> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libdemo.so");
    capi::demo(&path, &[])?;
    Ok((folder, path))
}

#[test]
fn instructions() {
    let Ok((_folder, plugin)) = plugin() else { return };
    let mut figures = Figures::default();
    for (name, measure) in MEASURES {
        let Ok(measured) = measure(&plugin) else { return };
        figures.add(&name.replacen("demo.", "c_demo.", 1), measured);
    }
    figures.finish();
}

#[test]
fn nothing_is_allocated() {
    let (Ok(bench), Ok((_folder, plugin))) = (bench(), plugin()) else { return };
    let fields = fields(&plugin, &FIELDS);
    let work: Vec<&str> = ["tour"].into_iter().chain(fields.iter().map(String::as_str)).collect();
    let printed = Subject { library: &plugin, config: "512" }.run(&bench.counting, "300", &work);
    assert_eq!((printed.number("counted"), printed.number("last")), (1.0, 2.0), "{printed}");
    assert!(printed.number("events") > 200.0 && printed.number("values") > 1_000.0, "{printed}");
    assert!(printed.number("failures") >= f64::from(300 * 4 + 1), "{printed}");
    let mut figures = Figures::default();
    figures.add("c_demo.allocations", printed.number("allocations"));
    figures.finish();
}

#[test]
fn sizes() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        budget::say("skipped: sizes are those of x86-64 Linux");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = format!("-Wl,-T,{}", root().join("tests/c/no_unwind.ld").display());
    let bytes = |path: &Path| fs::metadata(path).unwrap().len();
    let mut figures = Figures::default();
    for (name, more) in
        [("c_demo.size_default", vec!["-s"]), ("c_demo.size_flags", [&["-s", &script][..], &capi::SIZE_FLAGS].concat())]
    {
        let library = folder.path().join(format!("{name}.so"));
        let Ok(()) = capi::demo(&library, &more) else { return };
        assert!(Library::load(&library).is_ok());
        figures.add(name, f64::from(u32::try_from(bytes(&library)).unwrap()));
    }
    println!(
        "libfalconet.so: {} bytes, libfalconet.a: {} bytes",
        bytes(&capi::shared(Profile::Release)),
        bytes(&capi::archive(Profile::Release))
    );
    figures.finish();
}

#[test]
fn the_header_compiles_at_once() {
    let Ok(folder) = tempfile::tempdir() else { return };
    let source = folder.path().join("header.c");
    // With and without: what is between is the header's, in milliseconds, the best of nine.
    let best = |text: &str| {
        fs::write(&source, text).unwrap();
        let mut took = Vec::new();
        for _ in 0..9 {
            let Ok(mut cc) = capi::cc() else { return None };
            let begin = Instant::now();
            tools::output(cc.arg("-fsyntax-only").arg(&source));
            took.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        took.into_iter().min_by(f64::total_cmp)
    };
    let system = "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n";
    let Some(without) = best(&format!("{system}extern int none;\n")) else { return };
    let Some(with) = best(&format!("{system}#include <falconet.h>\n")) else { return };
    println!("falconet.h: {} ms to compile, of which {} are the compiler's start", short(with), short(without));
    assert!(with - without < 500.0, "{with} ms");
}
