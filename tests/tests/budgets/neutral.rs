// SPDX-License-Identifier: Apache-2.0
//! The neutral bench of the project's authors, where it lies beside the project: every byte that demo gives, and its cost
//! beside that of the same plugin by hand in C.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use falconet_tests::host::{Skip, real_host};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;
use tempfile::TempDir;

use crate::budget::{Figures, say, short};
use crate::demo::MEASURES;

pub(crate) const FIGURES: &[&str] =
    &["demo.time_source_64", "demo.time_source_4096", "demo.time_extract_1", "demo.time_extract_3"];

/// The bench's programs, compiled.
struct Neutral {
    _folder: TempDir,
    host: PathBuf,
    /// The plugin by hand in C.
    c: PathBuf,
}

impl Neutral {
    /// `None` where there is no such bench, or what it needs is missing; it has been said then.
    fn get() -> Option<Self> {
        let Some(sources) = tools::neutral_bench() else {
            static SAID: Once = Once::new();
            SAID.call_once(|| say("without the neutral bench, which is not beside the project"));
            return None;
        };
        Self::compile(&sources).ok()
    }

    fn compile(sources: &Path) -> Result<Self, Skip> {
        let include = real_host()?.include;
        let folder = tempfile::tempdir().unwrap();
        let (host, c) = (folder.path().join("host"), folder.path().join("c.so"));
        let source = |name: &str| sources.join(name);
        tools::output(
            tools::cc()?.arg("-isystem").arg(&include).arg("-o").arg(&host).arg(source("host.c")).arg("-ldl"),
        );
        let mut shared = tools::cc()?;
        shared.args(["-shared", "-fPIC", "-fvisibility=hidden", "-isystem"]).arg(&include).arg("-o").arg(&c);
        tools::output(shared.arg(source("demo_limit.c")));
        Ok(Self { _folder: folder, host, c })
    }

    /// CPU nanoseconds of one unit, by the bench's own clock.
    fn cpu_ns(&self, library: &Path, arguments: &[&str]) -> f64 {
        tools::output(Command::new(&self.host).arg(library).args(arguments)).number("cpu_ns")
    }
}

#[test]
fn every_byte_and_value_is_right() {
    let Some(neutral) = Neutral::get() else { return };
    let demo = plugins::demo(Profile::Release);
    for payload in ["64", "512", "4096"] {
        for mode in ["source", "extract", "string", "xonly", "sonly"] {
            for more in [&[][..], &["-f", "1"], &["-f", "64"], &["-T"]] {
                let mut command = Command::new(&neutral.host);
                command.arg(&demo).args([mode, "-v", "-n", "20000", "-p", payload]).args(more);
                assert_eq!(tools::output(&mut command).number("verified"), 1.0);
            }
        }
    }
}

#[test]
fn instructions_beside_c() {
    let Some(neutral) = Neutral::get() else { return };
    let demo = plugins::demo(Profile::Release);
    for (name, measure) in MEASURES {
        let (Ok(ours), Ok(c)) = (measure(&demo), measure(&neutral.c)) else { return };
        println!("{name}: {}, C by hand {}: {} times C", short(ours), short(c), short(ours / c));
    }
}

#[test]
fn cpu_time_beside_c() {
    let Some(neutral) = Neutral::get() else { return };
    let demo = plugins::demo(Profile::Release);
    let mut figures = Figures::default();
    for (name, arguments) in [
        ("demo.time_source_64", &["source", "-p", "64", "-n", "4000000"][..]),
        ("demo.time_source_4096", &["source", "-p", "4096", "-n", "2000000"]),
        ("demo.time_extract_1", &["xonly", "-f", "1", "-n", "6000000"]),
        ("demo.time_extract_3", &["xonly", "-f", "3", "-n", "4000000"]),
    ] {
        // By turns, so that what else the machine does meets both.
        let rounds = (0..9).map(|_| [neutral.cpu_ns(&demo, arguments), neutral.cpu_ns(&neutral.c, arguments)]);
        let (ours, c): (Vec<f64>, Vec<f64>) = rounds.map(|[ours, c]| (ours, c)).unzip();
        let (ours, c) = (median(ours), median(c));
        println!("{name}: {} ns, C by hand {} ns", short(ours), short(c));
        figures.add(name, ours / c);
    }
    figures.finish();
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
