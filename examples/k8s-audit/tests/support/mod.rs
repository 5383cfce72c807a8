// SPDX-License-Identifier: Apache-2.0
//! What the tests of both plugins share: the recorded values, a plugin in the project's own host, and how that prints.
#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod recorded;

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use falconet_host::{Event, Library, Logs, Plugin, Value, encode_plugin_event};

/// A plugin, one at a time in a process: it has slots for a few states only, and tests run side by side.
pub(crate) struct Loaded {
    plugin: Plugin,
    _alone: MutexGuard<'static, ()>,
}

impl Deref for Loaded {
    type Target = Plugin;

    fn deref(&self) -> &Plugin {
        &self.plugin
    }
}

/// The plugin of this name, which cargo has built beside the test.
pub(crate) fn load(library: &str) -> Loaded {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let test = std::env::current_exe().unwrap();
    let file = format!("{}{library}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = Library::load(test.parent().unwrap().join(file)).unwrap();
    Loaded { plugin: Plugin::init(&library, "", &Logs::new()).unwrap(), _alone: alone }
}

/// A field of an event as the real host prints it; `None` where it has no value.
pub(crate) fn printed(plugin: &Plugin, payload: &[u8], nanos: u64, number: u64, field: &str) -> Option<String> {
    let bytes = encode_plugin_event(nanos, 1, payload);
    let event = Event::from_bytes(&bytes, number, c"k8s_audit").unwrap();
    let request = plugin.library().field(field).unwrap_or_else(|why| panic!("{why}"));
    let values = plugin.extract(&event, std::slice::from_ref(&request)).unwrap().fields.remove(0).values;
    print(&values, request.field().list)
}

/// The values of a field as the real host prints them, where nothing stands between empty texts and what follows them.
fn print(values: &[Value], list: bool) -> Option<String> {
    let mut values = values.iter().map(|value| value.to_text().unwrap().into_owned());
    if !list {
        return values.next();
    }
    let joined = values.reduce(|list, value| if list.is_empty() { value } else { list + "," + &value });
    joined.map(|list| format!("({list})"))
}
