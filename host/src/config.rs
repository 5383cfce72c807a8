// SPDX-License-Identifier: Apache-2.0
//! The config of a plugin: checked against its schema before init and before every change (rule 1.12).
#![expect(unsafe_code, reason = "the plugin's function is called")]

use falconet::abi::SetConfigInput;

use crate::{
    call::{CallError, Code},
    lent::{Lent, LentText},
    library::Library,
    plugin::{InitError, Plugin, c_text},
    watch,
};

/// The config as the plugin gets it: `{}` in place of an empty one if there is a JSON schema, which it must fit.
pub(crate) fn checked<'a>(library: &Library, config: &'a str) -> Result<&'a str, InitError> {
    let Some(schema) = &library.info().init_schema else { return Ok(config) };
    let config = if config.is_empty() { "{}" } else { config };
    let value = serde_json::from_str(config).map_err(|error| InitError::Config(error.to_string()))?;
    let schema = serde_json::from_str(schema).map_err(|error| InitError::Schema(error.to_string()))?;
    let schema = jsonschema::validator_for(&schema).map_err(|error| InitError::Schema(error.to_string()))?;
    let errors: Vec<_> = schema
        .iter_errors(&value)
        .map(|error| match error.instance_path().as_str() {
            "" => error.to_string(),
            path => format!("at {path}: {error}"),
        })
        .collect();
    if errors.is_empty() { Ok(config) } else { Err(InitError::Invalid(errors.join("; "))) }
}

impl Plugin {
    /// Changes the plugin's config while it lives.
    ///
    /// # Errors
    /// [`InitError`] if the config does not fit the plugin's schema, the plugin cannot change it, or refuses it.
    pub fn set_config(&self, config: &str) -> Result<(), InitError> {
        let call = "plugin_set_config";
        let text = LentText::new(c_text(call, checked(self.library(), config)?)?);
        let set_config = self.api().set_config.ok_or(CallError::NoSymbol { symbol: call })?;
        let input = Lent::new(SetConfigInput { config: text.as_ptr() });
        let watched = watch::calling(call, self.library());
        // SAFETY: the state is alive; the input and its text are ours and live during the call.
        let rc = unsafe { set_config(self.state(), input.as_ptr()) };
        drop(watched);
        input.poison();
        self.keep(text);
        match Code::done(call, rc)? {
            true => Ok(()),
            false => Err(CallError::Failed { call, message: self.last_error() }.into()),
        }
    }
}
