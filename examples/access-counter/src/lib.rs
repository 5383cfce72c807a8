// SPDX-License-Identifier: Apache-2.0
//! A parser: counts the requests of each client of `access_log` in a state table that other plugins may read.
//!
//! The table `access_clients` has the client's text as its key (up to 63 bytes) and the fields `client` and `requests`, both
//! read-only. It holds 4,096 clients; a request of another one is not counted in it, but in the metric `uncounted`, and the
//! parse fails with a clear error. Load it before plugins that use its table.
#![no_std]
#![deny(unsafe_code)]

use falconet::metrics::{Counter, Metric};
use falconet::tables::{EntryField, ExportTables, ExportedTable, Row, StateTable, Text};
use falconet::{Error, Event, Info, Init, Metrics, Parse, Parsing, Plugin, Shared, Shares};

falconet::runtime!();

/// Clients that the table holds.
const CLIENTS: usize = if cfg!(feature = "small") { 16 } else { 4096 };

/// A client's name or address: what stands before the first space of a line.
type Client = Text<64>;

/// The plugin.
#[derive(Debug)]
pub struct AccessCounter {
    shared: Shared<Self>,
}

impl Plugin for AccessCounter {
    type Error = Error;
    const INFO: Info = Info::new(c"access_counter", c"0.1.0", c"Requests of each client", c"falconet's authors");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        Ok(Self { shared: init.shared::<Self>()? })
    }
}

/// What lies beside the plugin: the table and the metrics.
#[derive(Debug)]
pub struct Counts {
    clients: StateTable<Client, Requests, CLIENTS>,
    requests: Counter<u64>,
    uncounted: Counter<u64>,
}

impl Shares for AccessCounter {
    type Shared = Counts;
    const SHARED: Counts = Counts { clients: StateTable::new(), requests: Counter::new(), uncounted: Counter::new() };
}

/// An entry of the table.
#[derive(Debug)]
pub struct Requests {
    client: Client,
    requests: u64,
}

impl Row for Requests {
    const EMPTY: Self = Self { client: Text::new(), requests: 0 };
    const FIELDS: &'static [EntryField<Self>] = &[
        EntryField::new(c"client", |row: &mut Self| &mut row.client).read_only(),
        EntryField::new(c"requests", |row: &mut Self| &mut row.requests).read_only(),
    ];
}

impl ExportTables for AccessCounter {
    const TABLES: &'static [ExportedTable<Counts>] =
        &[ExportedTable::new(c"access_clients", |counts: &Counts| &counts.clients)];
}

impl Metrics for AccessCounter {
    const METRICS: &'static [Metric<Counts>] = &[
        Metric::new(c"requests", |counts: &Counts| &counts.requests),
        Metric::new(c"uncounted", |counts: &Counts| &counts.uncounted),
    ];
}

impl Parse for AccessCounter {
    const PARSE_SOURCES: &'static [&'static str] = &["access_log"];

    fn parse(&mut self, event: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
        let Some(client) = client(event.payload()) else { return Ok(()) };
        let counted = self.count(client);
        let counter = if counted.is_ok() { &self.shared.requests } else { &self.shared.uncounted };
        counter.add(1);
        counted
    }
}

impl AccessCounter {
    fn count(&self, client: &[u8]) -> Result<(), Error> {
        let client = Client::from_bytes(client)?;
        let mut clients = self.shared.clients.lock()?;
        let row = clients.get_or_insert(&client)?;
        row.client = client;
        row.requests += 1;
        Ok(())
    }
}

/// The client of a line; `None` where it has none.
fn client(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|byte| *byte == b' ').filter(|end| *end > 0)?;
    line.get(..end)
}

falconet::export!(AccessCounter: parse, export_tables, metrics);
