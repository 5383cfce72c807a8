// SPDX-License-Identifier: Apache-2.0
//! What the examples cost, measured and compared with `tests/budgets.toml`: instructions, allocations, sizes, exported
//! symbols, unsafe blocks, and CPU time against C.
#![cfg(test)]

mod access_log;
mod bench;
mod boxed;
mod budget;
mod c_demo;
mod constant;
mod demo;
mod demo_std;
mod files;
mod k8s_audit;
mod layout;
mod neutral;

/// Each figure that some test here measures.
const FIGURES: [&[&str]; 8] = [
    demo::FIGURES,
    c_demo::FIGURES,
    demo_std::FIGURES,
    access_log::FIGURES,
    k8s_audit::FIGURES,
    constant::FIGURES,
    files::FIGURES,
    neutral::FIGURES,
];

#[test]
fn the_figures_of_the_file_are_those_that_are_measured() {
    let mut measured: Vec<String> = FIGURES.concat().into_iter().map(str::to_owned).collect();
    measured.sort();
    assert_eq!(budget::names(), measured);
}
