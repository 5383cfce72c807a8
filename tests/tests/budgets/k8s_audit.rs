// SPDX-License-Identifier: Apache-2.0
//! What `examples/k8s-audit` costs for an event: beside a mere check of the same JSON by `serde_json`, in instructions, and
//! in allocations.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use falconet_tests::host::root;
use falconet_tests::{plugins, tools};
use tempfile::TempDir;

use crate::bench::{Subject, bench, fields};
use crate::budget::{Figures, say, short};
use crate::neutral::median;

pub(crate) const FIGURES: &[&str] = &[
    "k8s_audit.time_source_5",
    "k8s_audit.source",
    "k8s_audit.extract_5",
    "k8s_audit.source_allocations",
    "k8s_audit.extract_allocations",
];

const FIVE: [&str; 5] = ["ka.verb", "ka.user.name", "ka.target.resource", "ka.target.namespace", "ka.response.code"];

/// The plugin, and files of recorded events.
struct Audit {
    library: PathBuf,
    events: Vec<String>,
    folder: TempDir,
}

impl Audit {
    /// `None` where there are no recorded events; it has been said then.
    fn get() -> Option<Self> {
        let data = root().join("../shared/data/k8s-audit");
        let Ok(files) = fs::read_dir(&data) else {
            say("skipped: there are no recorded audit events beside the project");
            return None;
        };
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        let all = files.iter().map(|file| fs::read_to_string(file).unwrap().trim().to_owned());
        // One of the files is no event, and is skipped.
        let events: Vec<String> = all.filter(|event| event.contains("stageTimestamp")).collect();
        assert!(events.len() > 20 && events.iter().all(|event| !event.contains('\n')));
        Some(Self { library: plugins::k8s_audit(), events, folder: tempfile::tempdir().unwrap() })
    }

    fn subject(&self) -> Subject<'_> {
        Subject { library: &self.library, config: "" }
    }

    /// The path of a file with so many events, a line each.
    fn file(&self, lines: u64) -> String {
        let path = self.folder.path().join(format!("{lines}.jsonl"));
        let lines = self.events.iter().cycle().take(usize::try_from(lines).unwrap());
        fs::write(&path, lines.map(|line| line.clone() + "\n").collect::<String>()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `each` with the five fields.
    fn each(&self) -> Vec<String> {
        ["each".to_owned()].into_iter().chain(fields(&self.library, &FIVE)).collect()
    }

    /// Runs `work` on so many events, all of which come and most of which have all fields.
    fn run(&self, program: &Path, lines: u64, work: &[String]) -> tools::Printed {
        let work: Vec<&str> = work.iter().map(String::as_str).collect();
        let printed = self.subject().run(program, &self.file(lines), &work);
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        let lines = lines as f64;
        assert_eq!((printed.number("events"), printed.number("last")), (lines, 2.0), "{printed}");
        let fields = if work.len() > 1 { lines * 4.5 } else { 0.0 };
        assert!(printed.number("values") >= fields, "{printed}");
        printed
    }
}

#[test]
fn cpu_time_beside_a_check_by_serde_json() {
    let (Some(audit), Ok(bench)) = (Audit::get(), bench()) else { return };
    let (check, file, each) = (plugins::json_check(), audit.file(20_000), audit.each());
    // By turns, so that what else the machine does meets both.
    let rounds = (0..9).map(|_| {
        let serde = tools::output(Command::new(&check).args([&file, "2"]));
        assert_eq!(serde.number("lines"), 20_000.0);
        [audit.run(&bench.plain, 20_000, &each).number("cpu_ns"), serde.number("cpu_ns")]
    });
    let (ours, serde): (Vec<f64>, Vec<f64>) = rounds.map(|[ours, serde]| (ours, serde)).unzip();
    let (ours, serde) = (median(ours) / 20_000.0, median(serde) / 20_000.0);
    println!("k8s_audit.time_source_5: {} ns an event, the check alone {} ns", short(ours), short(serde));
    let mut figures = Figures::default();
    figures.add("k8s_audit.time_source_5", ours / serde);
    figures.finish();
}

#[test]
fn instructions() {
    let Some(audit) = Audit::get() else { return };
    // Whole turns of the recorded events, so that each counts as much.
    let turn = u64::try_from(audit.events.len()).unwrap();
    let of = |function: &str, work: &[String]| {
        audit.subject().instructions(function, [turn * 10, turn * 30], |lines| (audit.file(lines), work.to_vec()))
    };
    let (Ok(source), Ok(five)) =
        (of("plugin_next_batch", &["drain".to_owned()]), of("plugin_extract_fields", &audit.each()))
    else {
        return;
    };
    let mut figures = Figures::default();
    figures.add("k8s_audit.source", source);
    figures.add("k8s_audit.extract_5", five);
    figures.finish();
}

#[test]
fn allocations() {
    let (Some(audit), Ok(bench)) = (Audit::get(), bench()) else { return };
    let of = |work: &[String]| {
        let [less, more] = [1_000, 3_000].map(|lines| {
            let printed = audit.run(&bench.counting, lines, work);
            assert_eq!(printed.number("counted"), 1.0);
            printed.number("allocations")
        });
        println!("k8s_audit, {}: {} allocations from open to close", work[0], short(less));
        (more - less) / 2_000.0
    };
    let (source, both) = (of(&["drain".to_owned()]), of(&audit.each()));
    let mut figures = Figures::default();
    figures.add("k8s_audit.source_allocations", source);
    figures.add("k8s_audit.extract_allocations", both - source);
    figures.finish();
}
