// SPDX-License-Identifier: Apache-2.0
//! The log facade, routed to the state in whose call a line is written.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../../../core/tests/common/mod.rs"]
mod common;
#[path = "../common/counting.rs"]
mod counting;

mod allocation;
mod routing;
mod threads;

use common::parse::parse;
use common::{State, plugin_event};
use falconet_std::abi;

/// The plugin, as an author writes it, but for what a parsed event does: what the test says.
mod plugin {
    #![deny(unsafe_code)]

    use std::cell::RefCell;

    use falconet_std::config::{self, Configured};
    use falconet_std::{Error, Event, Info, Init, Parse, Parsing, Plugin, logging};

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Config {
        name: String,
        level: Option<logging::Level>,
    }

    pub(crate) struct Talking {
        name: String,
    }

    impl Plugin for Talking {
        type Error = Error;
        const INFO: Info = Info::new(c"talking", c"0.1.0", c"talks", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let config: Config = config::read(init.config())?;
            if let Some(level) = config.level {
                logging::set_level(level);
            }
            log::debug!("{} begins", config.name);
            Ok(Self { name: config.name })
        }
    }

    impl Drop for Talking {
        fn drop(&mut self) {
            log::debug!("{} ends", self.name);
        }
    }

    impl Configured for Talking {
        type Config = Config;
    }

    thread_local! {
        /// What the next parsed event of this thread does.
        pub(crate) static INSIDE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
    }

    impl Parse for Talking {
        fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            let inside = INSIDE.take().ok_or(Error::new("nothing is to be done"))?;
            inside();
            Ok(())
        }
    }

    falconet_std::export!(Talking: parse, config);
}

/// Does this in a call of the state.
fn inside(state: &State, work: impl FnOnce() + 'static) -> abi::Rc {
    plugin::INSIDE.set(Some(Box::new(work)));
    parse(state, 1, &plugin_event(1, 999, b""))
}

/// A state of that level.
fn state(name: &str, level: &str) -> State {
    State::init(&common::c(&format!(r#"{{"name": "{name}", "level": "{level}"}}"#)))
}

/// Lines of a severity.
fn lines<const N: usize>(lines: [(u32, &str); N]) -> Vec<(u32, String)> {
    lines.map(|(severity, line)| (severity, line.to_owned())).to_vec()
}
