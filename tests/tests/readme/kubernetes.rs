// SPDX-License-Identifier: Apache-2.0
//! What README.md says of the plugins for Kubernetes' audit events: its commands, its rule, its archive.

use std::fs;
use std::process::{Command, Output};

use falconet_tests::host::{real_host, root};
use falconet_tests::plugins::{self, Profile};

use crate::{blocks, commands, readme, section};

const HEADING: &str = "Kubernetes audit events";

/// A folder that a user has; here a copy of the sample in a folder stands for it.
const USERS_FOLDER: &str = "/var/log/kubernetes";

fn run(line: &str) -> Output {
    Command::new("sh").arg("-c").arg(line).current_dir(root()).output().unwrap()
}

fn sample() -> String {
    fs::read_to_string(root().join("examples/k8s-audit/sample.jsonl")).unwrap()
}

fn lines() -> Vec<String> {
    blocks(section(&readme(), HEADING), "sh").into_iter().flat_map(commands).collect()
}

#[test]
fn its_commands_print_an_event_a_line_of_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("audit.log"), sample()).unwrap();
    let lines = lines();
    let runs: Vec<&String> = lines.iter().filter(|line| line.contains(" run examples/k8s-audit")).collect();
    assert_eq!(runs.len(), 2, "on the sample, and on a folder: {lines:?}");
    for line in runs {
        let output = run(&line.replace(USERS_FOLDER, folder.path().to_str().unwrap()));
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{line}\n{stderr}");
        let (header, rows) = stdout.split_once('\n').unwrap();
        assert_eq!(header, "num\ttime\tsource\ttext\tka.verb\tka.user.name\tka.target.resource", "{line}");
        assert_eq!(rows.lines().count(), sample().lines().count(), "{line}");
        let third = rows.lines().nth(2).unwrap();
        assert!(third.ends_with("\tcreate\tanna@example.org\tpods"), "{third}");
    }
}

/// Lines of a block behind a key, up to the next key at its place, joined with blanks.
fn folded(block: &str, key: &str) -> String {
    let (_, rest) = block.split_once(key).unwrap_or_else(|| panic!("no {key} in {block}"));
    let folded = rest.lines().skip(1).take_while(|line| line.starts_with("    "));
    folded.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn its_rule_finds_the_privileged_pod_in_sysdig() {
    let Ok(host) = real_host() else { return };
    let page = readme();
    let rule = blocks(section(&page, HEADING), "yaml").into_iter().find(|block| block.contains("- rule:")).unwrap();
    let condition = folded(rule, "condition: >");
    let output = rule.lines().find_map(|line| line.trim().strip_prefix("output: ")).expect("an output");
    let library = plugins::library(&root().join("examples/k8s-audit"), Profile::Release);
    let source = format!("k8saudit:{}", root().join("examples/k8s-audit/sample.jsonl").display());
    let mut sysdig = Command::new(&host.sysdig);
    let sysdig = sysdig.arg("-H").arg(&library).args(["-I", &source, "-p", output, &condition]).output().unwrap();
    assert!(sysdig.status.success(), "{condition}\n{}", String::from_utf8_lossy(&sysdig.stderr));
    let expected = "privileged pod (user=anna@example.org pod=debug images=(busybox))\n";
    assert_eq!(String::from_utf8_lossy(&sysdig.stdout), expected);
}

#[test]
fn its_archive_has_the_stripped_library_at_its_root() {
    let lines = lines();
    let line = lines.iter().find(|line| line.contains(" package examples/k8s-audit")).expect("the command");
    let folder = tempfile::tempdir().unwrap();
    let output = run(&line.replace("target/package", folder.path().to_str().unwrap()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let archive = folder.path().join("k8saudit-0.18.0-linux-x86_64.tar.gz");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{}\n", archive.display()));
    assert!(readme().contains("`target/package/k8saudit-0.18.0-linux-x86_64.tar.gz`"));
    // Another program's view of it.
    let listed = Command::new("tar").arg("-tzvf").arg(&archive).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.starts_with("-rwxr-xr-x ") && listed.ends_with(" libk8saudit.so\n"), "{listed}");
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let unpacked = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(unpacked.success());
    let library = falconet_host::Library::load(folder.path().join("libk8saudit.so")).unwrap();
    assert_eq!((library.info().name.as_str(), library.info().version_text.as_str()), ("k8saudit", "0.18.0"));
    let size = fs::metadata(library.path()).unwrap().len();
    assert!(size < 8 << 20, "it is stripped: {size} bytes");
}
