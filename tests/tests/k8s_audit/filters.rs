// SPDX-License-Identifier: Apache-2.0
//! Filters with every operator that fits, on every field: the host selects the events that Python selects.
//!
//! A filter is written as JSON, as `tests/py/k8s_audit.py` reads it, and made into text for the host.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use serde_json::{Value as Json, json};

use crate::witness::{self, Column};
use crate::{host, made_up, read, tell};

/// Bytes that the host takes of an operand, at most.
const OPERAND: usize = 255;

/// The text of a filter, as the host reads it.
fn text(filter: &Json) -> String {
    let parts = filter.as_array().unwrap();
    let first = parts[0].as_str().unwrap();
    match first {
        "and" | "or" => {
            let inner: Vec<String> = parts[1..].iter().map(|part| format!("({})", text(part))).collect();
            inner.join(&format!(" {first} "))
        }
        "not" => format!("not ({})", text(&parts[1])),
        field => {
            let operator = parts[1].as_str().unwrap();
            let operand = match parts.get(2) {
                None => String::new(),
                Some(Json::Array(items)) => {
                    let items: Vec<String> = items.iter().map(|item| quoted(item.as_str().unwrap())).collect();
                    format!("({})", items.join(", "))
                }
                Some(Json::Object(other)) => format!("val({})", other["val"].as_str().unwrap()),
                Some(Json::String(text)) => quoted(text),
                Some(number) => number.to_string(),
            };
            format!("{field} {operator} {operand}").trim_end().to_owned()
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The longest run of ASCII letters and digits: it means nothing else in any pattern.
fn plain_part(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|part| part.len()).unwrap_or_default()
}

/// The first or the last four characters, or fewer.
fn ends(text: &str) -> (String, String) {
    let chars: Vec<char> = text.chars().collect();
    let end = chars.len().saturating_sub(4);
    (chars.iter().take(4).collect(), chars[end..].iter().collect())
}

/// Filters on a field with one value, made from a value that it has.
fn of_text(field: &str, value: &str) -> Vec<Json> {
    let part = plain_part(value);
    let (begin, end) = ends(value);
    let number: u64 = part.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(5);
    let mut filters = vec![
        json!([field, "=", value]),
        json!([field, "!=", value]),
        json!([field, "in", ["no such value", value]]),
        json!([field, "intersects", [value, "no such value"]]),
        json!([field, "startswith", begin]),
        json!([field, "endswith", end]),
        json!([field, "contains", part]),
        json!([field, "icontains", part.to_ascii_uppercase()]),
        json!([field, "glob", format!("*{part}*")]),
        json!([field, "iglob", format!("*{}*", part.to_ascii_uppercase())]),
        // Anything, and ends of lines too.
        json!([field, "regex", format!("[^\u{1}]*{part}[^\u{1}]*")]),
    ];
    filters.extend(["<", "<=", ">", ">="].map(|operator| json!([field, operator, number])));
    filters
}

/// The same of a field with several values, made from those that it has in one event.
fn of_list(field: &str, values: &[&str]) -> Vec<Json> {
    vec![
        json!([field, "in", values]),
        json!([field, "in", [values[0]]]),
        json!([field, "intersects", ["no such value", values[values.len() - 1]]]),
        json!(["not", [field, "intersects", [values[0]]]]),
    ]
}

/// Filters on a field, from its values in all events, and the operators that they are to show.
fn of_column(column: &Column, values: &[Json]) -> Vec<Json> {
    let field = &column.text;
    let mut filters = vec![json!([field, "exists"]), json!(["not", [field, "exists"]])];
    if column.list {
        let lists: BTreeSet<Vec<&str>> = values
            .iter()
            .filter_map(|values| values.get(field)?.as_array())
            .map(|list| list.iter().filter_map(Json::as_str).collect::<Vec<_>>())
            .filter(|list| list.iter().all(|value| value.len() <= OPERAND))
            .collect();
        filters.extend(some_of(lists).iter().flat_map(|list| of_list(field, list)));
    } else {
        let texts: BTreeSet<&str> = values.iter().filter_map(|values| values.get(field)?.as_str()).collect();
        let texts = texts.into_iter().filter(|text| text.len() <= OPERAND).collect();
        filters.extend(some_of(texts).iter().flat_map(|text| of_text(field, text)));
    }
    filters
}

/// The first, one in the middle, and the last.
fn some_of<T: Clone + Ord>(all: BTreeSet<T>) -> BTreeSet<T> {
    let all: Vec<T> = all.into_iter().collect();
    let picked = [0, all.len() / 2, all.len().saturating_sub(1)];
    picked.iter().filter_map(|at| all.get(*at).cloned()).collect()
}

/// The host's filters have no empty arguments.
fn is_in_filters(column: &Column) -> bool {
    !column.never && !column.text.ends_with("[]")
}

/// As people write them: several fields, changed ones, and one against the other. A list that is changed by `toupper` is
/// not among them: the host then compares each text with a NUL behind it, and selects nothing.
fn written() -> Vec<Json> {
    vec![
        json!([
            "and",
            ["ka.verb", "in", ["create", "update", "patch"]],
            ["ka.target.resource", "=", "pods"],
            ["ka.req.pod.containers.privileged", "intersects", ["true"]]
        ]),
        json!([
            "and",
            ["ka.target.resource", "=", "clusterrolebindings"],
            ["ka.req.binding.role", "=", "cluster-admin"]
        ]),
        json!([
            "or",
            ["ka.req.role.rules.resources", "intersects", ["*"]],
            ["ka.req.role.rules.verbs", "intersects", ["*"]]
        ]),
        json!([
            "and",
            ["ka.target.subresource", "in", ["exec", "attach"]],
            ["not", ["ka.user.name", "startswith", "system:"]]
        ]),
        json!(["ka.req.pod.containers.image[0]", "in", ["nginx", "busybox:latest"]]),
        json!(["ka.req.pod.containers.image.repository[1]", "intersects", ["nginx", "registry.example"]]),
        json!(["and", ["jevt.value[/responseStatus/code]", ">=", 200], ["ka.auth.decision", "!=", "allow"]]),
        json!(["and", ["ka.uri.param[watch]", "=", "true"], ["ka.uri", "contains", "/nodes"]]),
        json!(["ka.req.volume.hostpath[/etc*]", "=", "true"]),
        json!(["ka.uri", "pmatch", ["/api/v1/namespaces", "/apis"]]),
        json!(["ka.user.name", "=", {"val": "ka.impuser.name"}]),
        json!(["ka.req.configmap.name", "=", {"val": "ka.target.name"}]),
        json!(["tolower(ka.response.reason)", "=", "notfound"]),
        json!(["toupper(ka.verb)", "in", ["CREATE", "WATCH"]]),
        json!(["len(ka.user.groups)", ">=", 3]),
        json!(["len(ka.req.pod.containers.name)", "=", 2]),
        json!(["len(ka.target.name)", "<", 5]),
        json!(["json.value[/annotations/authorization.k8s.io~1decision]", "=", {"val": "ka.auth.decision"}]),
    ]
}

/// The events that the host selects by each filter, all in one run: the file has the events as many times as there are
/// filters, and each filter is for one of those times.
fn selected(host: &falconet_tests::host::RealHost, lines: &[String], filters: &[Json]) -> Vec<Vec<usize>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    made_up::write(file.path(), lines, filters.len());
    let of = |index: usize, filter: &Json| {
        let (first, last) = (index * lines.len() + 1, (index + 1) * lines.len());
        format!("(evt.num >= {first} and evt.num <= {last} and ({}))", text(filter))
    };
    let all: Vec<String> = filters.iter().enumerate().map(|(index, filter)| of(index, filter)).collect();
    let run = read(host, file.path(), &["evt.num"], Some(&all.join(" or ")));
    let mut selected = vec![Vec::new(); filters.len()];
    for record in run.records() {
        let at = record[0].parse::<usize>().unwrap() - 1;
        selected[at / lines.len()].push(at % lines.len() + 1);
    }
    selected
}

#[test]
fn the_host_selects_what_python_selects() {
    let host = host!();
    let mut lines = made_up::lines();
    lines.extend(witness::real_lines().map(|(_, lines)| lines).unwrap_or_default());
    let file = tempfile::NamedTempFile::new().unwrap();
    made_up::write(file.path(), &lines, 1);
    let columns: Vec<Column> = witness::columns().into_iter().filter(is_in_filters).collect();
    let texts: Vec<String> = columns.iter().map(|column| column.text.clone()).collect();
    let Ok(values) = witness::ask("values", file.path(), &texts) else { return };
    let mut filters = written();
    let written = filters.len();
    filters.extend(columns.iter().flat_map(|column| of_column(column, &values)));
    let asked: Vec<String> = filters.iter().map(Json::to_string).collect();
    let Ok(expected) = witness::ask("select", file.path(), &asked) else { return };

    let (mut begin, mut wrong) = (0, Vec::new());
    // Which operators have selected an event, of each field, and how many filters some but not all.
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut some = 0;
    while begin < filters.len() {
        // The command's argument has a limit.
        let mut size = 0;
        let fits = filters[begin..].iter().take(100).take_while(|filter| {
            size += text(filter).len() + 100;
            size < 100_000
        });
        let end = begin + fits.count();
        let selected = selected(&host, &lines, &filters[begin..end]);
        for (filter, (host, python)) in iter::zip(&filters[begin..end], iter::zip(&selected, &expected[begin..end])) {
            if json!(host) != *python {
                wrong.push(format!("{}: {host:?}, Python selects {python}", text(filter)));
            }
            some += usize::from(!host.is_empty() && host.len() < lines.len());
            if let (Some(field), Some(operator), false) = (filter[0].as_str(), filter[1].as_str(), host.is_empty()) {
                shown.entry(field).or_default().insert(operator);
            }
        }
        begin = end;
    }
    assert!(wrong.is_empty(), "{} of {} filters differ:\n{}", wrong.len(), filters.len(), wrong.join("\n"));
    for (filter, host) in iter::zip(&filters[..written], &expected) {
        assert!(host.as_array().is_some_and(|host| !host.is_empty()), "a filter that selects nothing: {filter}");
    }
    for column in &columns {
        let operators: &[&str] = match column.list {
            true => &["exists", "in", "intersects"],
            false => {
                &["exists", "=", "in", "intersects", "startswith", "endswith", "contains", "icontains", "glob", "regex"]
            }
        };
        let missing =
            operators.iter().find(|operator| !shown.get(&*column.text).is_some_and(|its| its.contains(*operator)));
        assert!(missing.is_none(), "{} {}: it has selected nothing", column.text, missing.unwrap());
    }
    let (all, fields) = (filters.len(), columns.len());
    tell(&format!(
        "{all} filters on {fields} fields and arguments, {} events: {some} select some and not all",
        lines.len()
    ));
}

#[test]
fn a_list_takes_the_operators_of_sets_only() {
    let host = host!();
    let file = tempfile::NamedTempFile::new().unwrap();
    made_up::write(file.path(), &made_up::lines(), 1);
    for operator in ["=", "!=", "contains", "startswith", "endswith"] {
        let filter = format!("ka.user.groups {operator} x");
        let arguments = [std::ffi::OsString::from(&filter)];
        let run = falconet_tests::sysdig::run_with(&host, crate::opened("", file.path()), arguments);
        assert!(
            run.code == Some(1) && run.stderr.contains("operator not supported list filters"),
            "{filter}: {}",
            run.shown()
        );
    }
}
