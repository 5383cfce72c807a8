// SPDX-License-Identifier: Apache-2.0
//! What every author implements: [`Plugin`], with its [`Info`], made from the host's [`Init`].
//!
//! Sourcing and extraction have modules of their own, [`source`](crate::source) and [`extract`](crate::extract). All of it
//! is safe code; the C shell around it is [`export!`](crate::export!)'s.
#![expect(unsafe_code, reason = "a handle is made from a part of a state")]

use core::ffi::CStr;
use core::fmt;

use crate::error::{Error, Report};
use crate::export::shell::StateOf;
use crate::export::{ExportedImports, ExportedShares, Head};
use crate::log::{Counters, Log};
use crate::shared::Shared;
use crate::tables::InitTables;

/// A plugin: who it is, and how its state is made.
///
/// The value is what `plugin_init` makes and `plugin_destroy` drops. A process may hold several at once, each with its
/// own host, so nothing of a plugin is global, and [`new`](Plugin::new) has no effect outside (rule 11.2).
///
/// ```
/// use falconet::{Error, Info, Init, Plugin};
/// struct Demo { payload: u32 }
/// impl Plugin for Demo {
///     type Error = Error;
///     const INFO: Info = Info::new(c"demo", c"0.1.0", c"a demo", c"you@example.org");
///     fn new(init: &Init<'_>) -> Result<Self, Error> {
///         let payload = init.config_str()?.parse().map_err(|_| "the config is the payload size in bytes, like 64")?;
///         Ok(Self { payload })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    note = "write `impl falconet::Plugin for {Self}`: its `Info`, its error type, and `new`"
)]
pub trait Plugin: Sized + Send + Sync + 'static {
    /// What goes wrong in it; [`falconet::Error`](Error) is a static text with numbers.
    type Error: Report;

    /// Who it is.
    const INFO: Info;

    /// Makes the state from the host's init input.
    ///
    /// # Errors
    /// The host shows the message and does not go on with this plugin.
    fn new(init: &Init<'_>) -> Result<Self, Self::Error>;
}

/// Who a plugin is. A mistake in it is a compile error.
///
/// ```
/// use falconet::Info;
/// const INFO: Info = Info::new(c"demo", c"0.1.0", c"a demo", c"you@example.org");
/// assert_eq!(INFO.name(), c"demo");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    name: &'static CStr,
    version: &'static CStr,
    description: &'static CStr,
    contact: &'static CStr,
}

impl Info {
    /// The plugin's name (unique in a host), its version `major.minor.patch`, what it does, whom to ask.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
    pub const fn new(
        name: &'static CStr,
        version: &'static CStr,
        description: &'static CStr,
        contact: &'static CStr,
    ) -> Self {
        if name.is_empty() || description.is_empty() || contact.is_empty() {
            panic!("a plugin has a name, a description and a contact");
        }
        if !is_version(version.to_bytes()) {
            panic!("a plugin's version is three numbers, like 0.1.0");
        }
        Self { name, version, description, contact }
    }

    /// The plugin's name.
    #[must_use]
    pub const fn name(&self) -> &'static CStr {
        self.name
    }

    /// Its version, `major.minor.patch`.
    #[must_use]
    pub const fn version(&self) -> &'static CStr {
        self.version
    }

    /// What it does.
    #[must_use]
    pub const fn description(&self) -> &'static CStr {
        self.description
    }

    /// Whom to ask.
    #[must_use]
    pub const fn contact(&self) -> &'static CStr {
        self.contact
    }
}

pub(crate) const fn is_version(text: &[u8]) -> bool {
    let mut dots = 0;
    let mut digits = 0;
    let mut rest = text;
    while let [byte, more @ ..] = rest {
        match *byte {
            b'0'..=b'9' => digits += 1,
            b'.' if digits > 0 => {
                dots += 1;
                digits = 0;
            }
            _ => return false,
        }
        rest = more;
    }
    dots == 2 && digits > 0
}

/// What the host gives a plugin at init. It lives as long as the call: copy what is kept (rule 1.10).
///
/// ```
/// use falconet::{Error, Init};
/// fn path(init: &Init<'_>) -> Result<bool, Error> {
///     init.log().info("reading the config");
///     Ok(init.config_str()?.starts_with('/'))
/// }
/// ```
pub struct Init<'a> {
    config: &'a CStr,
    head: &'static Head,
    /// What stands for no state of the plugin: it tells this plugin from others.
    plugin: &'static Head,
    tables: Option<&'a InitTables<'a>>,
}

impl<'a> Init<'a> {
    pub(crate) const fn new(
        config: &'a CStr,
        head: &'static Head,
        plugin: &'static Head,
        tables: Option<&'a InitTables<'a>>,
    ) -> Self {
        Self { config, head, plugin, tables }
    }

    /// The init config as the host passes it; empty where there is none.
    #[must_use]
    pub const fn config(&self) -> &'a CStr {
        self.config
    }

    /// The init config as text.
    ///
    /// # Errors
    /// Where it is no UTF-8; the number says from which byte on.
    pub fn config_str(&self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.config.to_bytes()).map_err(|error| {
            Error::new("the init config is not UTF-8").with("valid up to byte", error.valid_up_to() as u64)
        })
    }

    /// The host's log, for this state: keep it, give it to threads.
    #[must_use]
    pub fn log(&self) -> Log {
        self.head.shared.log()
    }

    /// The part of this state that other threads may touch: keep it, give it to threads. `P` is the plugin itself.
    ///
    /// # Errors
    /// Where this is the init of another plugin of the crate.
    pub fn shared<P: ExportedShares>(&self) -> Result<Shared<P>, Error> {
        if !core::ptr::eq(P::no_state(), self.plugin) {
            return Err(Error::new("init.shared::<P>() was asked for another plugin than the one of this init"));
        }
        // SAFETY: the head is the first field of a state of P's.
        Ok(Shared::new(unsafe { &*core::ptr::from_ref(self.head).cast::<StateOf<P>>() }))
    }

    /// The state tables of the host and of other plugins, to look up what [`Parse`](crate::Parse) and the fields use.
    /// `P` is the plugin itself, with `import_tables` in its `export!`.
    ///
    /// # Errors
    /// Where the host gives none.
    pub fn tables<P: ExportedImports>(&self) -> Result<&'a InitTables<'a>, Error> {
        self.tables.ok_or(Error::new("the host gives no state tables to this plugin"))
    }

    /// What this state counts: keep it, give it to threads.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.head.shared.counters()
    }
}

impl fmt::Debug for Init<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Init").field("config", &self.config).finish_non_exhaustive()
    }
}
