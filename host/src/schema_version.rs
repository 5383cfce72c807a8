// SPDX-License-Identifier: Apache-2.0
//! The version of the event schema that a plugin requires, checked as the real host does under live drivers, but always
//! (rule 2.2).
#![expect(unsafe_code, reason = "the plugin's function is called")]

use crate::{event::PLUGIN_EVENT, plugin::Plugin, text::text, version::Version, watch};

/// The version that the real host assumes where a plugin says nothing.
const ASSUMED: Version = Version::new(3, 0, 0);

impl Plugin {
    /// The version of the event schema that the plugin requires; `None` if it does not say.
    #[must_use]
    pub fn schema_version(&self) -> Option<String> {
        let get = self.api().get_required_event_schema_version?;
        let _watched = watch::calling("plugin_get_required_event_schema_version", self.library());
        // SAFETY: the state is alive; the text lives until the next call into it.
        unsafe { text(get(self.state())) }
    }

    /// Why the real host refuses this plugin when it opens a live driver, or `None` if it does not. It is silent on plugin
    /// sources and capture files.
    #[must_use]
    pub fn schema_warning(&self) -> Option<String> {
        let capabilities = self.library().info().capabilities;
        let of_syscalls =
            |types: Option<&[u16]>| types.is_none_or(|types| types.iter().any(|code| *code != PLUGIN_EVENT));
        let needed = (capabilities.parse && of_syscalls(self.parse_types()))
            || (capabilities.extract && of_syscalls(self.extract_types()));
        if !needed {
            return None;
        }
        let told = self.schema_version();
        let (host, fix) = (
            Version::EVENT_SCHEMA,
            "export plugin_get_required_event_schema_version, or declare only the event type 322",
        );
        let required = match told.as_deref().map(str::parse::<Version>) {
            None => ASSUMED,
            Some(Ok(version)) => version,
            Some(Err(error)) => return Some(format!("plugin_get_required_event_schema_version: {error}")),
        };
        let why = required.refused_by(host)?;
        let said = if told.is_some() { "it requires" } else { "it does not say so, which means" };
        Some(format!(
            "it takes events other than 322, and {said} the event schema {required}; a host with live drivers has {host} and refuses it: {why}; {fix}"
        ))
    }
}
