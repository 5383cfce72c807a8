// SPDX-License-Identifier: Apache-2.0
//! Whether the C program calls every function of the header, and gets every code from it that its documentation names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use falconet_tests::host::root;
use falconet_tests::plugins::Profile;
use falconet_tests::tools;

use crate::programs::{FILES, every_function};

/// What a function cannot give, though it refers to one that does: it takes no size, or no size of 64 bits is too large.
const NEVER: [(&str, &str); 6] = [
    ("falconet_batch_size", "FALCONET_ERROR_SIZE"),
    ("falconet_event_of_input", "FALCONET_ERROR_SIZE"),
    ("falconet_event_read", "FALCONET_ERROR_SIZE"),
    ("falconet_last_error_add_number", "FALCONET_ERROR_OVERLAP"),
    ("falconet_last_error_add_number", "FALCONET_ERROR_SIZE"),
    ("falconet_last_error_add_text", "FALCONET_ERROR_SIZE"),
];

/// A function of the header.
pub(crate) struct Function {
    /// What its comment says, without line breaks.
    doc: String,
    /// Whether it returns a code.
    code: bool,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The functions that a text declares or calls: words `falconet_...` before a parenthesis.
fn called(text: &str) -> BTreeSet<&str> {
    let places = text.match_indices("falconet_").filter(|(at, _)| !text[..*at].ends_with(is_word));
    let names = places.filter_map(|(at, _)| {
        let name = text[at..].split(|c: char| !is_word(c)).next()?;
        text[at + name.len()..].starts_with('(').then_some(name)
    });
    names.collect()
}

/// The functions of the header, by name.
pub(crate) fn functions(header: &str) -> BTreeMap<&str, Function> {
    let declarations = header.split_once("extern \"C\" {").unwrap().1;
    let items = declarations.split("/**").skip(1).filter_map(|item| item.split_once("*/"));
    let mut functions = BTreeMap::new();
    for (doc, declaration) in items {
        // Macros, types and their members are none.
        let declared = declaration.split(';').next().unwrap_or_default();
        let Some(&name) = called(declared).first().filter(|_| !declared.trim_start().starts_with('#')) else {
            continue;
        };
        let doc = doc.split_whitespace().filter(|word| *word != "*").collect::<Vec<_>>().join(" ");
        functions.insert(name, Function { doc, code: declaration.trim_start().starts_with("falconet_code ") });
    }
    functions
}

/// The codes that a function's documentation names, with those of a function that it refers to by `as falconet_...`.
fn documented(name: &str, functions: &BTreeMap<&str, Function>) -> BTreeSet<String> {
    let words: Vec<_> = functions[name].doc.split(' ').map(|word| word.trim_matches(|c| !is_word(c))).collect();
    let is_code =
        |word: &str| word.starts_with("FALCONET_ERROR_") || ["FALCONET_FULL", "FALCONET_NONE"].contains(&word);
    let mut codes: BTreeSet<String> =
        words.iter().filter(|word| is_code(word)).map(|word| (*word).to_owned()).collect();
    for pair in words.windows(2) {
        if ["as", "As"].contains(&pair[0]) && pair[1] != name && functions.contains_key(pair[1]) {
            codes.extend(documented(pair[1], functions));
        }
    }
    codes
}

/// The numbers of the header's codes, by their names.
fn codes(header: &str) -> BTreeMap<&str, i32> {
    let defined = header.lines().filter_map(|line| line.strip_prefix("#define "));
    let pairs = defined.filter_map(|line| line.split_once(' '));
    pairs.filter_map(|(name, number)| Some((name, number.parse().ok()?))).collect()
}

pub(crate) fn header() -> String {
    fs::read_to_string(root().join("include/falconet.h")).unwrap()
}

#[test]
fn every_function_of_the_header_is_called() {
    let header = header();
    let in_header: BTreeSet<&str> = functions(&header).into_keys().collect();
    let sources: String =
        FILES.iter().map(|file| fs::read_to_string(root().join("tests/c/capi_c").join(file)).unwrap()).collect();
    let called = called(&sources);
    let without: Vec<_> = in_header.difference(&called).collect();
    assert!(without.is_empty(), "functions of falconet.h without a test in tests/c/capi_c: {without:?}");
    let gone: Vec<_> = called.difference(&in_header).collect();
    assert!(gone.is_empty(), "tests/c/capi_c calls what is not in falconet.h: {gone:?}");
    assert!(in_header.len() > 90, "{in_header:?}");
}

#[test]
fn every_function_has_given_every_code_that_it_documents() {
    let header = header();
    let (functions, codes) = (functions(&header), codes(&header));
    let Ok(program) = every_function(&[], Profile::Release) else { return };
    let printed = tools::output(&mut Command::new(&program.path));
    let mut given: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
    for (call, code) in printed.stdout.lines().filter_map(|line| line.rsplit_once(" = ")) {
        given.entry(call.split('(').next().unwrap()).or_default().insert(code.parse().unwrap());
    }
    let mut missing = Vec::new();
    for (name, _) in functions.iter().filter(|(_, function)| function.code) {
        let given = given.get(name).cloned().unwrap_or_default();
        if !given.contains(&0) {
            missing.push(format!("{name}: FALCONET_OK"));
        }
        for code in documented(name, &functions) {
            if given.contains(&codes[code.as_str()]) == NEVER.contains(&(name, code.as_str())) {
                missing.push(format!("{name}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "codes of falconet.h that no test in tests/c/capi_c has got:\n{}", missing.join("\n"));
}
