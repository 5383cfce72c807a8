// SPDX-License-Identifier: Apache-2.0
//! The init config: its JSON schema, [`InitSchema`], and changes at run time, [`SetConfig`].

use core::ffi::CStr;

use crate::plugin::Plugin;

/// A plugin that says what its init config looks like. The host checks the config before `plugin_init`, and gives an
/// empty one as `{}` (rule 1.12).
///
/// ```
/// use core::ffi::CStr;
/// use falconet::{Error, Info, Init, InitSchema, Plugin, SetConfig};
/// struct Limited;
/// impl Plugin for Limited {
///     type Error = Error;
///     const INFO: Info = Info::new(c"limited", c"0.1.0", c"limits", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl InitSchema for Limited {
///     const INIT_SCHEMA: &'static CStr =
///         cr#"{"type": "object", "properties": {"limit": {"type": "integer", "minimum": 1}}}"#;
/// }
/// impl SetConfig for Limited {
///     fn set_config(&mut self, config: &CStr) -> Result<(), Error> {
///         if config.is_empty() { Err("the config is empty: an object was expected".into()) } else { Ok(()) }
///     }
/// }
/// # impl falconet::Parse for Limited {
/// #     fn parse(&mut self, _: &falconet::Event<'_>, _: &mut falconet::Parsing<'_, Self>) -> Result<(), Error> { Ok(()) }
/// # }
/// falconet::export!(Limited: parse, init_schema, set_config);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `init_schema` needs `impl falconet::InitSchema for {Self}`",
    label = "has no schema",
    note = "write `impl falconet::InitSchema for {Self}`, or leave `init_schema` out of `export!`"
)]
pub trait InitSchema: Plugin {
    /// A JSON schema, draft 4 to 7, whose type is an object: the host refuses another one.
    const INIT_SCHEMA: &'static CStr;

    /// What the host is given: [`INIT_SCHEMA`](InitSchema::INIT_SCHEMA), unless it is made at run time.
    #[must_use]
    fn init_schema() -> &'static CStr {
        Self::INIT_SCHEMA
    }
}

/// A plugin whose config may change while it runs. See [`InitSchema`] for an example.
#[diagnostic::on_unimplemented(
    message = "the capability `set_config` needs `impl falconet::SetConfig for {Self}`",
    label = "takes no config at run time",
    note = "write `impl falconet::SetConfig for {Self}`, or leave `set_config` out of `export!`"
)]
pub trait SetConfig: Plugin {
    /// Takes a new config, which looks like that of init. What was decoded of an event is forgotten (rule 5.2).
    ///
    /// # Errors
    /// The host shows the message; leave the plugin as it was.
    fn set_config(&mut self, config: &CStr) -> Result<(), Self::Error>;
}

/// A plugin that extracts from or parses events other than plugin events: it says which version of libscap's event
/// table it was written for (rule 2.2).
///
/// ```
/// use falconet::{Error, EventSchema, Info, Init, Plugin};
/// struct Execs;
/// impl Plugin for Execs {
///     type Error = Error;
///     const INFO: Info = Info::new(c"execs", c"0.1.0", c"programs started", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl EventSchema for Execs {} // any of today's major version
/// assert_eq!(Execs::EVENT_SCHEMA, c"4.0.0");
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `event_schema` needs `impl falconet::EventSchema for {Self}`",
    label = "says no version",
    note = "write `impl falconet::EventSchema for {Self} {{}}`"
)]
pub trait EventSchema: Plugin {
    /// The least version that will do, of the same major version as the host's.
    const EVENT_SCHEMA: &'static CStr = c"4.0.0";
}
