// SPDX-License-Identifier: Apache-2.0
//! The checks: one for each rule of the host that can be seen from outside, with what it finds and what to do.

use serde::{Deserialize, Serialize};

/// Declares the checks: a name for code, the rule, the name for users, what is wrong, what to do.
macro_rules! checks {
    ($($variant:ident $rule:literal $name:literal $what:literal $fix:literal)+) => {
        /// One check of `falconet check`.
        ///
        /// ```
        /// use falconet_host::check::Check;
        /// let check = Check::NevtsUnset;
        /// assert_eq!((check.rule(), check.name()), ("4.3", "nevts-unset"));
        /// assert!(Check::ALL.contains(&check));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Check {
            $(#[doc = $what] $variant,)+
        }

        impl Check {
            /// All checks, in the order of their rules.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The number of the rule in `docs/host.md`.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule),+ }
            }

            /// Its short name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it finds, in one line.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $what),+ }
            }

            /// What to do about it, in one line.
            #[must_use]
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix),+ }
            }
        }
    };
}

checks! {
    NotLoadable "1.1" "not-loadable"
        "the dynamic linker refuses the library: it is none, or a symbol or a library that it needs is not there"
        "build an ELF shared library (-shared -fPIC) and link every library that it uses; with -Wl,-z,defs the linker names what is missing"
    SymbolsMissing "1.1" "symbols-missing"
        "a symbol that every plugin must export is missing"
        "export all eight: get_required_api_version, get_version, get_name, get_description, get_contact, init, destroy, get_last_error"
    IdentityTexts "1.1" "identity-texts"
        "one of plugin_get_name, _version, _description and _contact gives NULL, the name is empty, or the version is none"
        "give texts that live as long as the library, and a version such as 1.2.3"
    CapabilitySymbols "1.2" "capability-symbols"
        "a capability has some of its symbols and lacks others"
        "export all symbols of a capability or none"
    IdAndSource "1.2" "id-and-source"
        "there is an id without an event source, or an event source without an id"
        "give both or neither"
    NoCapability "1.2" "no-capability"
        "the plugin can do nothing"
        "export the functions of at least one capability: a source, fields, parsing, async events or capture listening"
    OrphanSymbol "1.2" "orphan-symbol"
        "a function is exported that the host never calls, because the capability that it belongs to is missing"
        "export the rest of the capability, or leave the function out"
    SourceNull "1.3" "event-source-null"
        "get_event_source gives NULL, which the host follows"
        "give a text, an empty one if there is no event source"
    SourceReserved "1.3" "event-source-reserved"
        "the event source has a name that is the host's"
        "choose another name than syscall, internal and plugins"
    ApiVersion "1.4" "api-version"
        "plugin_get_required_api_version gives no version, or one that hosts of today refuse"
        "give three numbers such as 3.3.0: the host's major number, and a minor number that is not above the host's"
    ClaimTooLow "1.5" "claim-too-low"
        "something is used that came with a later API version than plugin_get_required_api_version gives: an older host lacks it"
        "give the version that it came with, or a later one"
    ClaimTooHigh "1.5" "claim-too-high"
        "plugin_get_required_api_version gives a later version than the plugin needs for what it exports or was seen to use"
        "give the version that the finding names, so that older hosts load the plugin, too; a later one only for what this run did not show"
    InitRcUnset "1.8" "init-rc-unset"
        "plugin_init returns without writing rc, or writes one that it does not have"
        "write rc on every path: 0 success, 1 failure"
    OpenRcUnset "1.8" "open-rc-unset"
        "plugin_open returns without writing rc, or writes one that it does not have"
        "write rc on every path: 0 success, 1 failure"
    OpenParamsRcUnset "1.8" "open-params-rc-unset"
        "plugin_list_open_params returns without writing rc, or writes one that it does not have"
        "write rc on every path: 0 success, 1 failure"
    CallRc "1.8" "rc-unknown"
        "a call gives an rc that the API does not have, or that means nothing for it"
        "give 0 for success and 1 for failure"
    InitFailureSilent "1.9" "init-failure-silent"
        "a failed init tells the user nothing: it gives no state to ask, or the state has no message"
        "give a state with a failure, and a message in its get_last_error"
    StateNull "1.9" "state-null"
        "plugin_init succeeds with a state of NULL, which the host never destroys"
        "give a pointer that is not NULL, to a static if there is no state"
    LentKept "1.10" "lent-memory-kept"
        "memory that was lent for one call (config, params, the structs of a call) is used in a later one"
        "copy what is needed later; of what a call is given, only the values of owner and log_fn may be kept"
    TablesNull "1.11" "tables-null"
        "init crashes where tables is NULL, as it is for a plugin that neither parses nor extracts"
        "look whether tables is NULL before it is used"
    InitSchema "1.12" "init-schema"
        "get_init_schema gives no JSON schema, or a type that the API does not have"
        "give a JSON object that is a schema and the type 1, or no text and the type 0"
    TypesNotExported "2.1" "types-not-exported"
        "the plugin names neither event types nor sources, or the source syscall: the host gives it every event of the system"
        "export the function that the finding names, and give {322} there if it takes events of plugins only"
    EventSchema "2.2" "event-schema"
        "the plugin takes events of the system and does not require their present schema: a host with a live driver refuses it"
        "export plugin_get_required_event_schema_version, or name only the event type 322 for fields and parsing"
    EventHeader "3.1" "event-header"
        "an event that is given has a len that does not hold its header and lengths, or its pointer is NULL"
        "len counts 26 bytes of header, the lengths of the parameters and their bytes"
    EventParams "3.3" "event-params"
        "the lengths of an event's parameters do not add up to its len, or its id is not 4 bytes long"
        "a plugin event has two parameters: an id of 4 bytes, and the payload of len - 38 bytes"
    ReadsPastEvent "3.5" "reads-past-event"
        "bytes behind the end of an event are read"
        "check every length against the event's len; look for a NUL only inside of the payload"
    BatchReadOnly "4.1" "batch-read-only"
        "an event lies in memory that the host cannot write, and it writes id, tid and ts there"
        "give events in writable memory"
    TsNotReset "4.1" "ts-not-reset"
        "memory of an event is used again with the ts that the host wrote into it for an earlier one"
        "set ts anew for each event, to UINT64_MAX or the time"
    EventType "4.2" "event-type"
        "a source with an id gives an event that is no plugin event with two parameters"
        "give type 322 and nparams 2"
    EventId "4.2" "event-id"
        "a plugin event has another plugin's id, or none where the source has no id"
        "leave 0 in a source with an id, or write the plugin's own id"
    NextBatchRc "4.3" "next-batch-rc"
        "plugin_next_batch gives an rc that the API does not have"
        "give 0 success, -1 timeout, 2 end or 1 failure"
    NevtsUnset "4.3" "nevts-unset"
        "plugin_next_batch returns without writing nevts, so the host delivers the last batch once more"
        "write nevts on every path, 0 where there are no events"
    EvtsUnset "4.3" "evts-unset"
        "plugin_next_batch gives events and leaves evts unwritten, or NULL"
        "write evts on every path"
    BatchReplayed "4.3" "batch-replayed"
        "the events of the last batch come again with a timeout, the end or a failure"
        "write nevts on every path, and 0 where there are no new events"
    Progress "4.3" "progress-unset"
        "plugin_get_progress leaves its out-param unwritten, or gives more than 10000"
        "write hundredths of a percent, 0 to 10000, on every path"
    SuccessEmpty "4.4" "success-empty"
        "plugin_next_batch gives success without an event, which ends the capture"
        "give -1 (timeout) where there is nothing yet"
    EventsLost "4.5" "events-lost"
        "events were written before the end, a timeout or a failure, and never given; or not as many come as --events says"
        "count in nevts what was written, whatever the rc, and give each event once"
    ErrorOverwritten "4.5" "error-overwritten"
        "the message of a failed next_batch is gone when its last events have been delivered"
        "keep the message until the next call of next_batch, close or open"
    EofNotSticky "4.6" "eof-not-sticky"
        "after the end, plugin_next_batch says something else than the end"
        "give 2 (end) each time after the end was given"
    CloseNull "4.7" "close-null"
        "closing NULL does harm, as the host does where open has failed"
        "return at once from plugin_close for an instance of NULL"
    LastErrorNull "4.8" "last-error-null"
        "plugin_get_last_error gives NULL"
        "give a text each time, an empty one if there was no error"
    FailureSilent "4.8" "failure-silent"
        "a failure of open or next_batch comes without a message"
        "set a message that get_last_error gives, before a failure is returned"
    NextBatchBlocks "4.9" "next-batch-blocks"
        "plugin_next_batch blocks for longer than a second, and async events wait as long"
        "give -1 (timeout) after some ten milliseconds without an event"
    BatchChanged "4.10" "batch-changed-while-lent"
        "the memory of a batch changes before the next next_batch or close"
        "leave a batch that was given alone until then"
    BatchShared "4.10" "batch-shared"
        "two instances have the memory of a batch in common"
        "give each instance memory of its own"
    OpenParamsJson "4.12" "open-params-json"
        "what plugin_list_open_params gives is no JSON array of objects with a value that is not empty"
        "give [{\"value\":\"..\",\"desc\":\"..\"}]"
    SeveralFields "5.1" "several-fields"
        "several fields asked in one call have other values than each asked alone"
        "give each result of a call memory of its own"
    CacheKey "5.2" "stale-cache"
        "an event is answered with the values of an earlier one that had the same number"
        "give a kept value only if number, pointer, ts and len of the event are the same, and forget it at open, close, capture_open and set_config"
    CacheNumberZero "5.2" "stale-cache-number-0"
        "an event with number 0, which the host gives to events of its own making, is answered from what was kept"
        "keep nothing of an event with number 0: decode it each time"
    EventKept "5.2" "event-kept"
        "the memory of an event is read in a later call, when it is no longer lent"
        "keep values, not pointers into the event"
    ResLenUnset "5.3" "res-len-unset"
        "a successful extraction leaves res_len or res unwritten"
        "write res_len before all else, 0 where there is no value"
    ArgPresent "5.4" "arg-not-present"
        "a field's value depends on arg_index although arg_present says that there is no argument"
        "look at arg_present before arg_key and arg_index"
    ValueMalformed "5.6" "value-malformed"
        "a value is NULL, misaligned or of another type than declared, an address is not 4 or 16 bytes long, a plain field has several values"
        "write into res the address of the values, each of the type that plugin_get_fields declares"
    BoolSize "5.6" "bool-size"
        "a bool is neither 0 nor 1: the host reads 4 bytes"
        "write bools as uint32_t"
    OffsetsRange "5.7" "offsets-range"
        "value_offsets point outside of the event, or only one of the two arrays is there"
        "give start and length inside of the event, and 0 and 0 for a computed value"
    OffsetsWrong "5.7" "offsets-wrong"
        "value_offsets point to other bytes than the value, which is elsewhere in the event"
        "give the place of the value, counted from the event's first byte"
    ResultDangles "5.8" "result-dangles"
        "a value changes or is gone before the next extraction on its state"
        "keep results in memory of the state until the next extraction on it: not on the stack, nor in a static that all states use"
    ResultsShared "5.8" "results-share-memory"
        "a value is overwritten when another field of the same event is extracted"
        "give each field memory of its own in the state: the host reads the values of several fields together"
    FieldsJson "6.1" "fields-json"
        "what plugin_get_fields gives is no JSON array with at least one entry"
        "give an array of objects with name, type and desc"
    FieldEntry "6.2" "field-entry"
        "an entry of plugin_get_fields is wrong: its name, type, desc, a flag or the argument"
        "correct the entry as the finding says"
    ListsJson "6.3" "lists-json"
        "a list of sources or of async events is no JSON array of texts"
        "give an array of texts, for get_async_events with at least one"
    AsyncEvent "7.1" "async-event"
        "an async event is malformed, has a name that is not declared, or a tid"
        "give type 402 with three parameters, a declared name with its NUL, and the tid -1"
    AsyncFuture "7.2" "async-event-in-the-future"
        "an async event has a ts more than 10 s in the future, and the host loses it"
        "give nanoseconds since 1970, or UINT64_MAX for the present"
    AsyncHandler "7.3" "async-after-null"
        "the handler of async events is called after it was taken back"
        "when the handler is NULL, stop what calls it and wait for its end, then return"
    DumpState "7.5" "dump-state-event"
        "an event of dump_state has no time, or comes after dump_state has returned"
        "give each event its ts and id, and call the handler only during the call"
    CloseFails "8.1" "close-fails"
        "set_async_event_handler(NULL) or capture_close fails: the host throws, and what is left to close stays open"
        "give success there, whatever happened"
    OtherThread "8.2" "other-thread"
        "the plugin does not work on another thread than that of its init"
        "keep nothing of a state in thread-local memory"
    MetricsThread "8.2" "metrics-thread"
        "get_metrics fails or gives something else on another thread than the plugin's"
        "answer from any thread at any time: read atomics, and write the answer where no other call writes"
    MetricValues "8.2" "metric-malformed"
        "a metric is malformed, or their number is not written"
        "write num_metrics on every path; give each a name that is not empty and a type of the API"
    Routines "8.3" "routines"
        "a routine is subscribed while no capture is open, or it is NULL"
        "subscribe between capture_open and capture_close"
    SubscribeNull "8.3" "subscribe-null"
        "the plugin does not survive that subscribe gives NULL, as in a host without threads"
        "go on without the routine, or fail capture_open with a message"
    RoutineSpins "8.3" "routine-spins"
        "a routine returns at once each time, and is queued again at once"
        "let the routine wait, as long as its work can wait"
    Crash "8.5" "crash"
        "a call ends the process with a signal"
        "find the cause: the finding names the call and the signal, and a debugger the line"
    Abort "8.5" "abort"
        "a call aborts the process: an exception or panic leaves a function, or it calls abort"
        "catch exceptions and panics in every function that the host calls, and return a failure"
    Exit "8.5" "exit"
        "a call ends the process"
        "return a failure; a plugin never calls exit"
    Hang "8.5" "hang"
        "a call does not return"
        "return from every call; next_batch within some ten milliseconds"
    TableExported "9.1" "table-exported"
        "a table that the plugin exports is incomplete, or its functions contradict each other"
        "fill in the old and the _ext vtables, with the same pointers, and serve all functions"
    TableMisused "9.2" "table-misused"
        "a function of the tables is called with a NULL, a type or a handle that does not fit"
        "use the handles and types that the host gave"
    EntryNotReleased "9.3" "entry-not-released"
        "an entry is kept at the end of a callback, released twice, or not added or destroyed"
        "release each entry of get and add once before the callback returns"
    SubtableKept "9.4" "subtable-kept"
        "a table in an entry is used in a later call"
        "read the pointer to it anew in each call"
    TableTooLate "9.6" "table-used-outside"
        "a table is used outside of the calls that have tables, written while extracting, or an entry outlives its callback"
        "use tables and entries only during the call that has them, and never write while extracting"
    ErrorTooLong "10.1" "error-too-long"
        "a message has more than 1024 bytes with its NUL"
        "cut messages at PLUGIN_MAX_ERRLEN"
    NameTooLong "10.1" "name-too-long"
        "a metric's plugin.metric has more than 511 bytes, or an async event's name more than 31"
        "choose a shorter name"
    SeveralStates "11.1" "several-states"
        "several states do not live beside each other: a second init fails, or they disturb each other"
        "keep all that is of a state in the state"
    NotGivenBack "11.2" "not-given-back"
        "init or open fails after many states or instances were made and destroyed"
        "give every slot back in destroy and close"
    Leaks "11.2" "leaks"
        "memory, open files or threads grow with every init and destroy, or open and close"
        "free, close and join in destroy and close what init and open made"
    Unload "11.2" "unload"
        "the library cannot be unmapped after destroy: a thread, a destructor or a handler of it is left"
        "leave no thread and no destructor of thread-local memory behind destroy"
}

impl Check {
    /// What a plugin can do, as it is printed.
    pub(super) const CAPABILITIES: [&'static str; 5] = ["source", "extract", "parse", "async", "listen"];

    /// One of these a plugin can do, or the check does not concern it; empty if it concerns all.
    pub(super) fn needs(self) -> &'static [&'static str] {
        let section = self.rule().split('.').next().unwrap_or_default();
        match (self, section) {
            (Self::ReadsPastEvent, _) | (_, "5") => &["extract"],
            (Self::LastErrorNull, _) => &[],
            (Self::OpenRcUnset | Self::OpenParamsRcUnset | Self::OtherThread, _) | (_, "3" | "4") => &["source"],
            (Self::TypesNotExported | Self::EventSchema, _) => &["extract", "parse"],
            (Self::CloseFails, _) => &["async", "listen"],
            (Self::Routines | Self::SubscribeNull | Self::RoutineSpins, _) => &["listen"],
            (_, "7") => &["async"],
            (_, "9") => &["extract", "parse", "listen"],
            _ => &[],
        }
    }
}

/// The rules without a check, and why. Each rule of `docs/host.md` is here or has a check.
pub const NOT_CHECKED: &[(&str, &str)] = &[
    ("1.6", "concerns plugins beside each other in one host; `falconet run --with` refuses the second"),
    ("1.7", "a plugin linked into the host has no library; its layout is refused when it is loaded"),
    ("3.2", "counted in 3.1 and 3.3: lengths of the wrong size do not add up to the event's len"),
    ("3.4", "counted in 7.1, where async events are checked"),
    ("3.6", "a limit of capture files that a plugin cannot break"),
    ("4.11", "the host's own: NULL and an empty text are right, and reading past the event is 3.5"),
    ("4.13", "what sysdig and Falco do after a failure"),
    ("5.5", "advice: the text of a failed extraction is never read, so nobody sees whether there is one"),
    ("7.4", "a refusal by the host, which is no mistake of the plugin"),
    ("8.4", "the host's own order"),
    ("9.5", "what the host does with entries that are not there: nothing that a plugin can break"),
    ("11.3", "settings of Falco, not of the plugin"),
];
