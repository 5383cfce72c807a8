// SPDX-License-Identifier: Apache-2.0
//! The report as tables for people.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, Table, presets};
use falconet_host::Phase;

use super::figures::{Figure, Figures, Report};

/// The look of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Terminal,
    Markdown,
}

/// Prints the report.
pub(super) fn print(out: &mut impl Write, report: &Report, look: Look) -> io::Result<()> {
    let names = names(report);
    let mut header = vec!["work", "plugin", "ns", "ratio", "least", "most", "instructions", "allocations", "GB/s"];
    // Where nothing was counted there is no column.
    let figures = || report.plugins.iter().flat_map(|plugin| plugin.phases.values());
    let counted = figures().any(|figure| figure.instructions.is_some());
    let allocations = figures().any(|figure| figure.allocations.is_some());
    header.retain(|name| (*name != "instructions" || counted) && (*name != "allocations" || allocations));
    let mut table = table(look, &header);
    for phase in Phase::ALL {
        for (plugin, name) in report.plugins.iter().zip(&names) {
            let Some(figure) = plugin.phases.get(&phase) else { continue };
            let mut row = vec![phase.name().to_owned(), name.clone()];
            row.extend(cells(figure, counted, allocations));
            table.add_row(row);
        }
    }
    numbers_right(&mut table, 2);
    writeln!(out, "{table}\n")?;
    let header =
        ["plugin", "file KiB", "load us", "dlopen", "init", "open", "first batch", "resident KiB", "bytes/event"];
    let mut table = self::table(look, &header);
    for (plugin, name) in report.plugins.iter().zip(&names) {
        table.add_row(of_library(plugin, name));
    }
    numbers_right(&mut table, 1);
    writeln!(out, "{table}\n")?;
    writeln!(
        out,
        "ns: CPU time of an event, or of a call where no source is in the work, user and system, the median of {} rounds;\n\
         least and most: of the rounds; ratio: to the first plugin; instructions: inside of the plugin, of one more event or\n\
         call; allocations: takings of memory, of an event or call; GB/s: 10^9 bytes of events a second of CPU time.\n\
         load: CPU time from dlopen to the first batch; resident: what the process grew by on that way.",
        report.rounds
    )
}

fn cells(figure: &Figure, counted: bool, allocations: bool) -> Vec<String> {
    let or_dash = |number: Option<f64>| number.map_or("-".to_owned(), short);
    let mut cells = vec![
        short(figure.ns),
        figure.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
        short(figure.least_ns),
        short(figure.most_ns),
    ];
    if counted {
        cells.push(figure.instructions.map_or("-".to_owned(), |number| format!("{number:.0}")));
    }
    if allocations {
        cells.push(or_dash(figure.allocations));
    }
    cells.push(or_dash(figure.gb_per_s));
    cells
}

fn of_library(plugin: &Figures, name: &str) -> Vec<String> {
    let load = &plugin.load;
    let bytes = plugin.phases.get(&Phase::Source).and_then(|figure| figure.bytes_per_event);
    let mut row = vec![name.to_owned(), short(plugin.file_bytes as f64 / 1024.0)];
    row.extend([load.total_us, load.dlopen_us, load.init_us, load.open_us, load.first_batch_us].map(short));
    row.extend([load.resident_kib, bytes].map(|number| number.map_or("-".to_owned(), short)));
    row
}

/// Each plugin's file name; with its folder where two are the same.
pub(super) fn names(report: &Report) -> Vec<String> {
    let file = |plugin: &Figures| plugin.library.file_name().map(|name| name.display().to_string()).unwrap_or_default();
    let files: Vec<String> = report.plugins.iter().map(file).collect();
    let unique = |name: &String| files.iter().filter(|file| *file == name).count() == 1;
    report
        .plugins
        .iter()
        .zip(&files)
        .map(|(plugin, name)| if unique(name) { name.clone() } else { plugin.library.display().to_string() })
        .collect()
}

/// A number with three digits or so that say something.
fn short(number: f64) -> String {
    match number.abs() {
        size if size < 0.005 => "0".to_owned(),
        size if size < 10.0 => format!("{number:.2}"),
        size if size < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

fn table(look: Look, header: &[&str]) -> Table {
    let mut table = Table::new();
    match look {
        Look::Terminal => table.load_style(presets::UTF8_FULL_CONDENSED),
        Look::Markdown => table.load_style(presets::ASCII_MARKDOWN),
    };
    table.set_header(header.iter().copied());
    table
}

fn numbers_right(table: &mut Table, from: usize) {
    for column in table.column_iter_mut().skip(from) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 0.004, 1.0, 9.994, 12.34, 123.4, 2678.0].map(short),
            ["0", "0", "1.00", "9.99", "12.3", "123", "2678"]
        );
    }
}
