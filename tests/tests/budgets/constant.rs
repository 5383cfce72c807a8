// SPDX-License-Identifier: Apache-2.0
//! What an event of `examples/demo` costs is the same however many there were before it, and however many instances are
//! open. Not the same are the digits of its number: each costs an instruction or two.

use falconet_tests::host::Skip;
use falconet_tests::plugins::{self, Profile};

use crate::bench::{Subject, bench};
use crate::budget::{Figures, short};

pub(crate) const FIGURES: &[&str] =
    &["demo.first_event", "demo.events_1_to_100", "demo.events_to_1e6", "demo.time_1e8", "demo.instances_8"];

const NEXT_BATCH: &str = "plugin_next_batch";

#[test]
fn an_event_costs_the_same_from_1_to_100_million() {
    let _said = events();
}

fn events() -> Result<(), Skip> {
    let bench = bench()?;
    let library = plugins::demo(Profile::Release);
    let subject = Subject { library: &library, config: "" };
    let drain = |events: u64| subject.instructions_once(NEXT_BATCH, &events.to_string(), &["drain"]);
    // With the end that each run has at its end.
    let ends = drain(0)?;
    let mut figures = Figures::default();
    figures.add("demo.first_event", drain(1)? - ends);
    // The first batch makes the headers of its slots, once.
    let mut most: f64 = 0.0;
    let steps = [(128, 1_280), (1_280, 12_800), (12_800, 128_000), (128_000, 1_024_000)];
    for (from, to) in steps {
        let each = (drain(to)? - drain(from)?) / (to as f64 - from as f64);
        println!("events {from} to {to}: {} instructions each", short(each));
        most = most.max(each);
    }
    figures.add("demo.events_1_to_100", (drain(100)? - drain(1)?) / 99.0);
    figures.add("demo.events_to_1e6", most);

    // A hundred million are too many to be counted one by one: their CPU time, beside that of the first ones.
    let printed = subject.run(&bench.plain, "100000001", &["decades"]);
    let [first, last] = ["e6", "e8"].map(|decade| printed.number(decade));
    for decade in ["e5", "e6", "e7", "e8"] {
        println!("up to {decade} events: {} ns each", short(printed.number(decade)));
    }
    figures.add("demo.time_1e8", last / first);
    figures.finish();
    Ok(())
}

#[test]
fn an_event_costs_the_same_with_1_to_8_instances() {
    let _said = instances();
}

fn instances() -> Result<(), Skip> {
    let library = plugins::demo(Profile::Release);
    let subject = Subject { library: &library, config: "" };
    let each = |instances: u64| {
        let of_each = subject.instructions(NEXT_BATCH, [12_800, 25_600], |events| {
            (events.to_string(), vec!["turns".to_owned(), instances.to_string()])
        })?;
        Ok::<f64, Skip>(of_each / instances as f64)
    };
    let alone = each(1)?;
    let mut most: f64 = 0.0;
    for instances in [2, 4, 8] {
        let beside = each(instances)?;
        println!("{instances} instances in turn: {} instructions an event, one alone {}", short(beside), short(alone));
        most = most.max(beside);
    }
    let mut figures = Figures::default();
    figures.add("demo.instances_8", most / alone);
    figures.finish();
    Ok(())
}
