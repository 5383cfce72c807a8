// SPDX-License-Identifier: Apache-2.0
//! What is installed: the library's symbols and soname, and that pkg-config and CMake find it.

use std::fs;
use std::path::Path;
use std::process::Command;

use falconet_tests::host::{Skip, root};
use falconet_tests::tools;

use crate::installed::{Installed, folder, installed, there_is};

/// What a shared library exports, by `nm -D`.
pub(crate) fn exports(library: &Path) -> Result<Vec<String>, Skip> {
    let mut nm = there_is("nm")?;
    let printed = tools::output(nm.args(["-D", "--defined-only", "--format=posix"]).arg(library));
    Ok(printed.stdout.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

/// The functions that the header declares.
fn declared() -> Vec<String> {
    let header = fs::read_to_string(root().join("include/falconet.h")).unwrap();
    let mut names: Vec<String> = header
        .lines()
        .filter(|line| !line.starts_with([' ', '#', '}']))
        .filter_map(|line| {
            let (head, _) = line.split_once('(')?;
            head.rsplit([' ', '*']).next().filter(|name| name.starts_with("falconet_")).map(str::to_owned)
        })
        .collect();
    names.sort();
    names
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let Ok(installed) = installed() else { return };
    let Ok(mut exported) = exports(&installed.library()) else { return };
    exported.sort();
    let declared = declared();
    assert!(declared.len() > 80, "{declared:?}");
    assert_eq!(exported, declared);
}

#[test]
fn the_library_has_a_soname_and_needs_libc_alone() {
    let (Ok(installed), Ok(mut readelf)) = (installed(), there_is("readelf")) else { return };
    let printed = tools::output(readelf.arg("-dW").arg(installed.library())).stdout;
    assert!(printed.contains("Library soname: [libfalconet.so.0.1]"), "{printed}");
    let needed: Vec<_> = printed.lines().filter(|line| line.contains("(NEEDED)")).collect();
    assert!(needed.iter().all(|line| line.contains("[libc.so")), "{needed:?}");
    let size = fs::metadata(installed.library()).unwrap().len();
    println!("libfalconet.so: {size} bytes, libfalconet.a: {} bytes", fs::metadata(installed.archive()).unwrap().len());
}

/// What pkg-config says.
fn pkg_config(installed: &Installed, arguments: &[&str]) -> Result<Vec<String>, Skip> {
    let mut command = there_is("pkg-config")?;
    command.env("PKG_CONFIG_PATH", installed.pkg_config_path()).args(arguments).arg("falconet");
    Ok(tools::output(&mut command).stdout.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn pkg_config_finds_the_library_and_the_archive() {
    let Ok(installed) = installed() else { return };
    let Ok(version) = pkg_config(installed, &["--modversion"]) else { return };
    let manifest = fs::read_to_string(root().join("core/capi/Cargo.toml")).unwrap();
    assert!(manifest.contains(&format!("\nversion = \"{}\"\n", version[0])), "the version of the crate: {version:?}");
    let folder = folder("pkg_config");
    let cflags = pkg_config(installed, &["--cflags"]).unwrap();
    let libs = [pkg_config(installed, &["--libs"]).unwrap(), pkg_config(installed, &["--variable=archive"]).unwrap()];
    for (libs, shared) in libs.iter().zip([true, false]) {
        assert!(libs.iter().any(|word| word.contains("--exclude-libs")), "{libs:?}");
        let Ok(mut cc) = there_is("cc") else { return };
        let program = folder.join(if shared { "shared" } else { "static" });
        cc.args(&cflags).arg("-o").arg(&program).arg(root().join("tests/c/capi/batch_size.c")).args(libs);
        tools::output(&mut cc);
        let mut run = Command::new(&program);
        run.env("LD_LIBRARY_PATH", installed.prefix().join("lib"));
        tools::output(&mut run);
        let needs = tools::output(Command::new("readelf").arg("-dW").arg(&program)).stdout;
        assert_eq!(needs.contains("[libfalconet.so.0.1]"), shared, "{needs}");
    }
}

const CMAKE: &str = r#"
cmake_minimum_required(VERSION 3.13)
project(user C CXX)
find_package(falconet 0.1 REQUIRED)
add_executable(shared @ROOT@/tests/c/capi/batch_size.c)
target_link_libraries(shared falconet::falconet)
add_library(demo MODULE @ROOT@/examples/c/plugin.c)
target_link_libraries(demo falconet::static)
"#;

#[test]
fn cmake_finds_the_library_and_the_archive() {
    let (Ok(installed), Ok(mut cmake), Ok(_)) = (installed(), there_is("cmake"), there_is("make")) else { return };
    let folder = folder("cmake");
    fs::write(folder.join("CMakeLists.txt"), CMAKE.replace("@ROOT@", root().to_str().unwrap())).unwrap();
    cmake.arg("-S").arg(&folder).arg("-B").arg(folder.join("build"));
    cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", installed.prefix().display()));
    tools::output(&mut cmake);
    tools::output(Command::new("cmake").arg("--build").arg(folder.join("build")));
    tools::output(&mut Command::new(folder.join("build/shared")));
    let Ok(exported) = exports(&folder.join("build/libdemo.so")) else { return };
    assert!(exported.len() > 10 && exported.iter().all(|name| name.starts_with("plugin_")), "{exported:?}");
    // Another 0.x is another library.
    let wrong = CMAKE.replace("falconet 0.1", "falconet 0.2").replace("@ROOT@", root().to_str().unwrap());
    fs::write(folder.join("CMakeLists.txt"), wrong).unwrap();
    let mut cmake = Command::new("cmake");
    cmake.arg("-S").arg(&folder).arg("-B").arg(folder.join("wrong"));
    cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", installed.prefix().display()));
    let output = cmake.output().unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("0.1.0"), "{output:?}");
}
