// SPDX-License-Identifier: Apache-2.0
//! A field from another plugin's state table: `access_stats.requests`, the requests of an event's client so far.
//!
//! The table is that of `access-counter`, which is loaded first: a table's owner comes before its users. The host parses an
//! event before fields of it are asked (rule 8.4), so the present request is among those counted.
#![no_std]
#![deny(unsafe_code)]

use core::ffi::CStr;

use falconet::extract::Request;
use falconet::tables::{Field as TableField, Table, Text};
use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};

falconet::runtime!();

/// The plugin: what it found of the table at init.
#[derive(Debug)]
pub struct AccessStats {
    clients: Table<CStr>,
    requests: TableField<u64>,
}

impl Plugin for AccessStats {
    type Error = Error;
    const INFO: Info =
        Info::new(c"access_stats", c"0.1.0", c"Requests of an event's client so far", c"falconet's authors");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        let tables = init.tables::<Self>()?;
        let Some(clients) = tables.find(c"access_clients")? else {
            return Err("there is no table access_clients: load the plugin access_counter before access_stats".into());
        };
        Ok(Self { clients, requests: tables.field(clients, c"requests")? })
    }
}

impl Extract for AccessStats {
    type Decoded = ();
    const EVENT_SOURCES: &'static [&'static str] = &["access_log"];
    const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new(
        "access_stats.requests",
        "Requests of this client so far, the present one included",
        |stats, (), request| stats.requests(request),
    )];

    fn decode(&self, _: &Event<'_>) -> Option<()> {
        Some(())
    }
}

impl AccessStats {
    fn requests(&self, request: &Request<'_>) -> Option<u64> {
        let event = request.event();
        let line = event.payload();
        let client = line.get(..line.iter().position(|byte| *byte == b' ')?)?;
        let client = Text::<64>::from_bytes(client).ok()?;
        let tables = request.tables(self).ok()?;
        let entry = tables.get(self.clients, client.as_c_str()).ok()??;
        tables.read(&entry, self.requests).ok()
    }
}

falconet::export!(AccessStats: extract, import_tables);
