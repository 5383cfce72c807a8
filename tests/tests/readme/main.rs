// SPDX-License-Identifier: Apache-2.0
//! README.md says the truth: its plugin is built and run, its commands are run, its places exist.
#![cfg(test)]

mod kubernetes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, iter};

use falconet_host::{Binary, CrateFolder, Library, Logs, Next, Plugin};
use falconet_tests::host::{real_host, root};
use falconet_tests::plugins::{self, Profile};

const TWO_COMMANDS: &str = "Two commands";
const SEVERAL: &str = "Several plugins together";
const COMPLETE_PLUGIN: &str = "A complete plugin";
const WHERE_TO_LOOK: &str = "Where to look";
const LOADING: &str = "Loading a plugin in Falco and sysdig";

/// A log that a user has; here the sample stands for it.
const USERS_LOG: &str = "/var/log/nginx/access.log";

fn sample() -> PathBuf {
    root().join("examples/access-log/sample.log")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// What stands below a heading, up to the next of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let begin = format!("\n## {heading}\n");
    let at = page.find(&begin).unwrap_or_else(|| panic!("README.md has no heading `## {heading}`"));
    let rest = &page[at + begin.len()..];
    rest.split("\n## ").next().unwrap()
}

/// The code in fences of a language, without the fences.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    let starts = text.match_indices(&fence).map(|(at, fence)| &text[at + fence.len()..]);
    starts.map(|rest| &rest[..rest.find("\n```").expect("a fence is closed") + 1]).collect()
}

/// The commands of a block: lines, continued where they end with a backslash, without comments.
fn commands(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

fn write_if_new(path: &Path, content: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(content) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The manifest of README.md, with the path to the core as it is here.
fn manifest(section: &str) -> String {
    let shown = blocks(section, "toml");
    let shown = shown.iter().find(|block| block.contains("[lib]")).expect("the manifest, in a toml block with [lib]");
    let core = format!("falconet = {{ path = {:?} }}", root().join("core"));
    let mut replaced = 0;
    let lines = shown.lines().map(|line| {
        let dependency = line.split_once('=').is_some_and(|(name, _)| name.trim() == "falconet");
        replaced += usize::from(dependency);
        if dependency { core.as_str() } else { line }
    });
    // A user's crate lies elsewhere; this one would be taken for a member of the workspace around it.
    let manifest = lines.chain(["", "[workspace]", ""]).collect::<Vec<_>>().join("\n");
    assert_eq!(replaced, 1, "one line of the manifest depends on falconet:\n{shown}");
    manifest
}

/// The folder of the plugin that README.md shows, written as it is shown.
fn complete_plugin() -> PathBuf {
    let page = readme();
    let section = section(&page, COMPLETE_PLUGIN);
    let code = blocks(section, "rust").into_iter().find(|block| block.contains("falconet::export!"));
    let code = code.expect("a rust block with `falconet::export!`");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-plugin");
    write_if_new(&folder.join("Cargo.toml"), &manifest(section));
    write_if_new(&folder.join("src/lib.rs"), code);
    if !folder.join("Cargo.lock").exists() {
        // The versions that the workspace has, not whatever is newest today.
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    }
    folder
}

#[test]
fn the_complete_plugin_builds_as_shown_and_gives_events_with_values() {
    let folder = complete_plugin();
    let path = plugins::library(&folder, Profile::Release);
    let library = Library::load(&path).unwrap();
    let defaults = CrateFolder::open(&folder).unwrap().defaults().clone();
    let names = if defaults.fields.is_empty() {
        library.info().fields.iter().map(|field| field.name.clone()).collect()
    } else {
        defaults.fields
    };
    let requests: Vec<_> = names.iter().map(|name| library.field(name).unwrap()).collect();
    assert!(!requests.is_empty(), "it has fields");
    let logs = Logs::new();
    let plugin = Plugin::init(&library, defaults.config.as_deref().unwrap_or(""), &logs).unwrap();
    let mut instance = plugin.open(defaults.params.as_deref().unwrap_or("")).unwrap();
    let mut events = 0;
    while let Next::Event(event) = instance.next_event().unwrap() {
        let values = requests.iter().map(|request| {
            let extraction = plugin.extract(&event, std::slice::from_ref(request)).unwrap();
            extraction
                .first()
                .unwrap_or_else(|| panic!("event {}: {} has no value", event.num(), request.as_str()))
                .clone()
        });
        let values: Vec<String> = values.map(|value| value.to_string()).collect();
        println!("{} {} {values:?}", event.num(), plugin.event_text(&event));
        events += 1;
    }
    assert!(events > 0, "it gives events");
    assert!(logs.take().is_empty());

    let binary = Binary::read(&path).unwrap();
    println!("{}: {} bytes", path.display(), binary.size);
    assert_eq!(binary.needed, [""; 0], "it needs no library");
    assert!(binary.size < 64 * 1024, "plugins of a few kilobytes: {} bytes", binary.size);
}

#[test]
fn the_two_commands_do_what_they_say() {
    let page = readme();
    let all: Vec<String> = blocks(section(&page, TWO_COMMANDS), "sh").into_iter().flat_map(commands).collect();
    let (tests, runs): (Vec<&String>, Vec<&String>) = all.iter().partition(|line| line.starts_with("cargo test"));
    // The first is what is running now.
    assert_eq!(tests, ["cargo test"], "the test command is one line");
    assert!(!runs.is_empty(), "a command that runs a plugin, among {all:?}");
    for line in runs {
        assert!(line.starts_with("cargo ") || line.starts_with("falconet "), "a command of its own: {line}");
        let line = line.replace(USERS_LOG, sample().to_str().unwrap());
        let output = Command::new("sh").arg("-c").arg(&line).current_dir(root()).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{line}\n{}\n{stderr}", output.status);
        let (header, rows) = stdout.split_once('\n').expect("lines");
        let columns: Vec<&str> = header.split('\t').collect();
        assert!(columns.len() > 4 && columns.starts_with(&["num", "time", "source", "text"]), "{line}\n{header}");
        let least = if line.contains("--max 10") { 10 } else { 40 };
        assert!(rows.lines().count() >= least, "{line}\n{stdout}");
        for row in rows.lines() {
            assert_eq!(row.split('\t').count(), columns.len(), "{line}\n{row}");
        }
        assert!(stderr.contains("events/s"), "{line}\n{stderr}");
    }
}

#[test]
fn several_plugins_together_print_what_it_says() {
    let page = readme();
    let text = section(&page, SEVERAL);
    let lines: Vec<String> = blocks(text, "sh").into_iter().flat_map(commands).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let run = |line: &str| Command::new("sh").arg("-c").arg(line).current_dir(root()).output().unwrap();
    let output = run(&lines[0]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.starts_with("num\ttime\tsource\ttext\taccess.client\taccess_stats.requests\n"), "{stdout}");
    assert!(stderr.contains("table access_clients") && stderr.contains("metric access_counter.requests"), "{stderr}");
    // The other order, and the error that is shown for it.
    let (counter, stats) = ("--with examples/access-counter", "--with examples/access-stats");
    let wrong = lines[0].replace(counter, "--with X").replace(stats, counter).replace("--with X", stats);
    let output = run(&wrong);
    assert!(!output.status.success());
    let shown = blocks(text, "text")[0].trim();
    assert!(String::from_utf8_lossy(&output.stderr).contains(shown), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_command_for_sysdig_works_in_sysdig() {
    let Ok(host) = real_host() else { return };
    let page = readme();
    let all: Vec<String> = blocks(section(&page, LOADING), "sh").into_iter().flat_map(commands).collect();
    let line =
        all.iter().find_map(|line| line.strip_prefix("sysdig ")).unwrap_or_else(|| panic!("no sysdig in {all:?}"));
    let library = plugins::access_log(Profile::Release);
    let line = line.replace("./libaccess_log.so", library.to_str().unwrap());
    let line = line.replace(USERS_LOG, sample().to_str().unwrap());
    let output = Command::new("sh").arg("-c").arg(format!("{} {line}", host.sysdig.display())).output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() > 10, "{line}");
}

#[test]
fn the_fields_that_it_names_exist() {
    let library = Library::load(plugins::access_log(Profile::Release)).unwrap();
    let known: BTreeSet<&str> = library.info().fields.iter().map(|field| field.name.as_str()).collect();
    let page = readme();
    let mut named = BTreeSet::new();
    for (at, prefix) in page.match_indices("access.") {
        let rest = &page[at + prefix.len()..];
        let word = &rest[..rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len())];
        // A file's name has this beginning as well.
        if word != "log" && !word.is_empty() {
            named.insert(&page[at..at + prefix.len() + word.len()]);
        }
    }
    assert!(named.len() > 3 && named.is_subset(&known), "{named:?}, and there are {known:?}");
}

/// The targets of links in a text that lie in the project.
fn places(text: &str) -> Vec<&str> {
    let targets = text.match_indices("](").filter_map(|(at, begin)| text[at + begin.len()..].split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    local.map(|target| target.split('#').next().unwrap()).collect()
}

/// The folders at the top that belong to the project: not git's own, nor those that it is told to ignore.
fn folders() -> Vec<String> {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).chain([".git"]).collect();
    let folders = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| !ignored.contains(&name.as_str())).collect()
}

#[test]
fn the_table_of_places_has_every_folder_and_no_other_place() {
    let page = readme();
    let table = section(&page, WHERE_TO_LOOK);
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| place"));
    let firsts: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).filter(|cell| !cell.contains("---")).collect();
    let linked: Vec<&str> = firsts.iter().flat_map(|cell| places(cell)).collect();
    assert!(linked.len() >= firsts.len() && firsts.len() > 4, "each row links to its place: {firsts:?}");
    for folder in folders() {
        assert!(
            linked.iter().any(|place| Path::new(place).starts_with(&folder)),
            "{folder}/ is in no row of the table"
        );
    }
}

/// README.md and the pages in `docs`.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.chain(iter::once(root().join("README.md")));
    let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.map(|page| (page.clone(), fs::read_to_string(page).unwrap())).collect()
}

#[test]
fn links_lead_to_what_is_there() {
    for (path, text) in pages() {
        for place in places(&text) {
            assert!(path.parent().unwrap().join(place).exists(), "{}: {place}", path.display());
        }
    }
}

#[test]
fn no_page_names_a_path_of_somebodys_machine() {
    for (path, text) in pages() {
        for (number, line) in text.lines().enumerate() {
            for machine in ["/work/", "/root/", "/home/", "/Users/", "/tmp/", "shared/data", "target-"] {
                assert!(!line.contains(machine), "{}, line {}: {machine}", path.display(), number + 1);
            }
        }
    }
}
