// SPDX-License-Identifier: Apache-2.0
//! What is done with a plugin, each in a process of its own.

use super::{Subject, beside, cycles, fields, load, reuse, source, states, subject::Loaded, witness::Witness};

macro_rules! scenarios {
    ($($name:ident $text:literal $run:expr, $what:literal;)+) => {
        /// A way to use a plugin in which checks are made.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Scenario {
            /// It is loaded and asked what it is.
            Load,
            /// It is used and unmapped.
            Unload,
            $(#[doc = $what] $name,)+
        }

        impl Scenario {
            /// All, in their order.
            pub const ALL: &'static [Self] = &[Self::Load, $(Self::$name,)+ Self::Unload];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { Self::Load => "load", Self::Unload => "unload", $(Self::$name => $text),+ }
            }

            /// Makes the checks.
            pub(super) fn run(self, witness: &Witness, subject: &Subject) {
                let run: fn(&Witness, &Loaded<'_>) = match self {
                    Self::Load => return load::run(witness, subject),
                    Self::Unload => return states::unload(witness, subject),
                    $(Self::$name => $run),+
                };
                match Loaded::new(subject) {
                    Ok(loaded) => run(witness, &loaded),
                    Err(error) => witness.stopped(error.to_string()),
                }
            }
        }
    };
}

scenarios! {
    Init "init" load::init, "It is initialised, and asked what it tells then.";
    Source "source" source::run, "Its events are read to their end.";
    OpenFails "open-fails" source::open_fails, "Its source is opened with params that make no sense, and NULL is closed.";
    Fields "fields" fields::run, "Its fields are extracted, alone and together, and read at once and later.";
    OldHost "old-host" fields::old_host, "Fields are extracted as by a host that has no value_offsets.";
    Numbers "numbers" reuse::numbers, "Fields of events with the same number are extracted.";
    Kept "kept" reuse::kept, "Fields are extracted while the memory of earlier events is gone.";
    PastTheEnd "past-the-end" reuse::past_the_end, "Fields of events that are cut short are extracted.";
    Several "several" states::several, "Several states live at once, and are read in turn.";
    OtherThread "other-thread" states::other_thread, "It is used on another thread than that of its init.";
    Together "together" beside::run, "It is used as in a host: async events, captures, tables, metrics.";
    Metrics "metrics" beside::metrics, "Its metrics are read on this thread and on others.";
    Routines "routines" beside::routines, "It is told of a capture, and its routines run.";
    NoRoutines "no-routines" beside::no_routines, "It is told of a capture in a host without threads.";
    Cycles "cycles" cycles::run, "It is initialised and destroyed many times.";
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|scenario| scenario.name() == text);
        found.copied().ok_or_else(|| format!("there is no scenario '{text}'"))
    }
}
