// SPDX-License-Identifier: Apache-2.0
//! The init config as a type: read with [`read`], its schema made from it, errors that name the wrong key.
//!
//! | write | in `export!` | does |
//! | --- | --- | --- |
//! | [`Configured`], with the type | `config` | the host checks the config by the type's JSON schema, draft 7, before init |
//! | [`Reconfigure`] too | `config, set_config` | a config that changes while the plugin runs arrives as the type |
//!
//! ```
//! use falconet_std::config::{self, Configured, Reconfigure};
//! use falconet_std::{Error, Info, Init, Plugin};
//!
//! /// Documentation becomes descriptions in the schema.
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Limits {
//!     /// Requests a second.
//!     #[serde(default = "hundred")]
//!     rate: u32,
//! }
//! fn hundred() -> u32 {
//!     100
//! }
//!
//! struct Limiter { limits: Limits }
//! impl Plugin for Limiter {
//!     type Error = Error;
//!     const INFO: Info = Info::new(c"limiter", c"0.1.0", c"limits", c"you@example.org");
//!     fn new(init: &Init<'_>) -> Result<Self, Error> {
//!         Ok(Self { limits: config::read(init.config())? })
//!     }
//! }
//! impl Configured for Limiter {
//!     type Config = Limits;
//! }
//! impl Reconfigure for Limiter {
//!     fn reconfigure(&mut self, limits: Limits) -> Result<(), Error> {
//!         self.limits = limits;
//!         Ok(())
//!     }
//! }
//! # impl falconet_std::Parse for Limiter {
//! #     fn parse(&mut self, _: &falconet_std::Event<'_>, _: &mut falconet_std::Parsing<'_, Self>) -> Result<(), Error> { Ok(()) }
//! # }
//! falconet_std::export!(Limiter: parse, config, set_config);
//! ```
//!
//! The plugin's own dependencies are `serde` and `schemars`, of the major versions that falconet-std has (1 and 1).
//!
//! Without the word `config` the words `init_schema` and `set_config` are the core's: a schema and a config as texts.

mod error;
mod schema;

use std::ffi::CStr;

use falconet::Plugin;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use error::ConfigError;
pub use falconet::config::{EventSchema, InitSchema, SetConfig};
pub use schema::schema;
#[doc(hidden)]
pub use schema::{ANY, SchemaText};

/// A plugin whose init config is a type. See the [module](self) for an example.
///
/// The schema is `#[derive(JsonSchema)]`'s, so that it is what `#[derive(Deserialize)]` takes, attributes of serde
/// included. The host wants one whose type is an object: a struct.
#[diagnostic::on_unimplemented(
    message = "the capability `config` needs `impl falconet_std::config::Configured for {Self}`",
    label = "has no type of config",
    note = "write `impl falconet_std::config::Configured for {Self}`, or leave `config` out of `export!`"
)]
pub trait Configured: Plugin {
    /// The type.
    type Config: DeserializeOwned + JsonSchema;
}

/// A plugin whose config may change while it runs. See the [module](self) for an example.
#[diagnostic::on_unimplemented(
    message = "the capabilities `config, set_config` need `impl falconet_std::config::Reconfigure for {Self}`",
    label = "takes no config at run time",
    note = "write `impl falconet_std::config::Reconfigure for {Self}`, or leave `set_config` out of `export!`"
)]
pub trait Reconfigure: Configured<Error: From<ConfigError>> {
    /// Takes a new config. What was decoded of an event is forgotten (rule 5.2). A text that is none is refused before.
    ///
    /// # Errors
    /// The host shows the message; leave the plugin as it was.
    fn reconfigure(&mut self, config: Self::Config) -> Result<(), Self::Error>;
}

/// Reads a config: JSON text, of which an empty one counts as `{}` (rule 1.12).
///
/// ```
/// use falconet_std::config;
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Config { server: Server }
/// #[derive(Debug, serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Server { port: u16 }
///
/// let config: Config = config::read(cr#"{"server": {"port": 9765}}"#)?;
/// assert_eq!(config.server.port, 9765);
///
/// let error = config::read::<Config>(cr#"{"server": {"port": "x"}}"#).unwrap_err();
/// assert_eq!(error.to_string(), r#"config: .server.port: invalid type: string "x", expected u16"#);
/// # Ok::<(), config::ConfigError>(())
/// ```
///
/// # Errors
/// [`ConfigError`] where it is no JSON, or not of the type.
pub fn read<C: for<'de> Deserialize<'de>>(config: &CStr) -> Result<C, ConfigError> {
    let text = match config.to_bytes().trim_ascii() {
        b"" => b"{}",
        text => text,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let config = serde_path_to_error::deserialize(&mut deserializer).map_err(ConfigError::new)?;
    deserializer.end().map_err(ConfigError::of_text)?;
    Ok(config)
}
