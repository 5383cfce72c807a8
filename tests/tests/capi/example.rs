// SPDX-License-Identifier: Apache-2.0
//! `examples/c`: built by its own Makefile as a user builds it, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use falconet_host::{Library, Logs, Next, Plugin};
use falconet_tests::host::{Skip, root};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;

use crate::installed::{folder, installed, there_is};
use crate::packages::exports;

/// The built plugins and the built program.
pub(crate) struct Example {
    plugin: PathBuf,
    pub(crate) lines: PathBuf,
    reader: PathBuf,
}

/// Builds a copy, once.
pub(crate) fn example() -> Result<&'static Example, Skip> {
    static EXAMPLE: OnceLock<Result<Example, Skip>> = OnceLock::new();
    let example = EXAMPLE.get_or_init(|| {
        let installed = installed()?;
        let (_, mut make) = (there_is("pkg-config")?, there_is("make")?);
        let folder = folder("example");
        for file in ["Makefile", "plugin.c", "lines.c", "reader.c"] {
            fs::copy(root().join("examples/c").join(file), folder.join(file)).unwrap();
        }
        let warnings = "CFLAGS=-O2 -Wall -Wextra -Wpedantic -Wconversion -Werror";
        make.arg("-C").arg(&folder).env("PKG_CONFIG_PATH", installed.pkg_config_path());
        make.env("CFLAGS", warnings.strip_prefix("CFLAGS=").unwrap());
        tools::output(&mut make);
        let [plugin, lines, reader] = ["libdemo.so", "liblines.so", "reader"].map(|name| folder.join(name));
        Ok(Example { plugin, lines, reader })
    });
    example.as_ref().map_err(Skip::clone)
}

#[test]
fn the_plugin_is_short_and_exports_its_own_symbols_only() {
    let lines = |file: &str| fs::read_to_string(root().join("examples/c").join(file)).unwrap().lines().count();
    assert!(lines("plugin.c") < 150 && lines("lines.c") < 125 && lines("Makefile") <= 20);
    let Ok(example) = example() else { return };
    let Ok(exported) = exports(&example.plugin) else { return };
    assert!(exported.len() > 10 && exported.iter().all(|name| name.starts_with("plugin_")), "{exported:?}");
}

/// What the linker leaves out for a small library: see `tests/budgets.toml`.
const SIZE_FLAGS: [&str; 2] = ["-s", "-Wl,-z,noseparate-code,-z,norelro,-z,common-page-size=64"];

#[test]
fn the_plugin_has_at_most_16_kib_with_the_linker_flags() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        let _told = Skip::new("sizes are those of x86-64 Linux");
        return;
    }
    let (Ok(installed), Ok(mut cc)) = (installed(), there_is("cc")) else { return };
    let library = folder("small").join("libdemo.so");
    cc.args(["-std=c11", "-O2", "-shared", "-fPIC", "-I"]).arg(installed.include()).arg("-o").arg(&library);
    cc.arg(root().join("examples/c/plugin.c")).arg(installed.archive());
    cc.args(["-Wl,--exclude-libs,libfalconet.a", "-Wl,--gc-sections"]).args(SIZE_FLAGS);
    cc.arg(format!("-Wl,-T,{}", root().join("tests/c/no_unwind.ld").display()));
    tools::output(&mut cc);
    let size = fs::metadata(&library).unwrap().len();
    println!("examples/c/plugin.c, linked statically: {size} bytes");
    assert!(size <= 16 * 1024, "{size} bytes");
    assert_eq!(drained(&library, "", "300").unwrap().len(), 300);
}

/// What a plugin gives for a config and open params: a line for each event, or the error.
fn drained(path: &Path, config: &str, params: &str) -> Result<Vec<String>, String> {
    let library = Library::load(path).unwrap();
    let requests: Vec<_> =
        ["demo.num", "demo.text", "demo.double"].iter().map(|name| library.field(name).unwrap()).collect();
    let logs = Logs::new();
    let plugin = Plugin::init(&library, config, &logs).map_err(|error| error.to_string())?;
    let mut instance = plugin.open(params).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    while let Next::Event(event) = instance.next_event().map_err(|error| error.to_string())? {
        let extraction = plugin.extract(&event, &requests).unwrap();
        let values: Vec<_> = extraction.fields.iter().map(|field| &field.values).collect();
        lines.push(format!("{} {} {values:?} {:?}", event.num(), plugin.event_text(&event), event.payload()));
    }
    assert!(logs.take().is_empty());
    Ok(lines)
}

#[test]
fn the_plugin_in_c_gives_what_the_one_in_rust_gives() {
    let Ok(example) = example() else { return };
    let rust = plugins::demo(Profile::Release);
    for (config, params) in [("", "300"), ("44", "1001"), ("4096", "129"), ("64", "0"), ("100", "1")] {
        let (c, rust) = (drained(&example.plugin, config, params), drained(&rust, config, params));
        assert_eq!(c, rust, "{config:?} {params:?}");
        assert_eq!(c.unwrap().len(), params.parse::<usize>().unwrap());
    }
    for (config, params) in [("43", "1"), ("4097", "1"), ("x", "1"), ("64 ", "1"), ("", "x"), ("", ""), ("", "-1")] {
        let (c, rust) = (drained(&example.plugin, config, params), drained(&rust, config, params));
        let (c, rust) = (c.unwrap_err(), rust.unwrap_err());
        assert!(rust.starts_with(&c), "Rust says which open params they were, too: {rust}, and C: {c}");
    }
}

#[test]
fn the_reader_prints_the_payloads_of_any_plugin() {
    let Ok(example) = example() else { return };
    let read = |plugin: &Path, arguments: &[&str]| {
        let output = Command::new(&example.reader).arg(plugin).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let expected = "1\ttype 322\t\\0\\0\\0\\0\\0\\0\\0\\0event number 0\n\
                    2\ttype 322\t\\x01\\0\\0\\0\\0\\0\\0\\0event number 1\n";
    for plugin in [&example.plugin, &plugins::demo(Profile::Release)] {
        assert_eq!(read(plugin, &["64", "2"]), (Some(0), expected.to_owned(), String::new()));
        let (code, stdout, stderr) = read(plugin, &["64", "1000"]);
        assert_eq!((code, stdout.lines().count(), stderr), (Some(0), 1000, String::new()));
    }
    let sample = root().join("examples/access-log/sample.log");
    let (code, stdout, stderr) = read(&plugins::access_log(Profile::Release), &["", sample.to_str().unwrap()]);
    let lines = String::from_utf8_lossy(&fs::read(&sample).unwrap()).into_owned();
    assert_eq!((code, stdout.lines().count(), stderr), (Some(0), lines.lines().count(), String::new()));
    for (printed, line) in stdout.lines().zip(lines.lines()) {
        let begin: String = line.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        assert!(printed.contains(&begin), "{printed}\n{line}");
    }
    let (code, stdout, stderr) = read(&example.plugin, &["7"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("the init config is the payload's size in bytes, from 44 to 4096"), "{stderr}");
    let (code, _, stderr) = read(Path::new("/nowhere.so"), &[]);
    assert!(code == Some(1) && stderr.contains("/nowhere.so"), "{stderr}");
}
