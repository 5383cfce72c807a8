// SPDX-License-Identifier: Apache-2.0
//! The words of [`export!`](crate::export!): its settings, which capability is named, and what goes with what.

/// The settings of [`export!`] as constants: the given ones shadow the defaults.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_settings {
    ($($setting:ident = $value:expr,)*) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the settings' names as they are written in `export!`")]
        mod __defaults {
            pub(super) const states: usize = 8;
            pub(super) const instances: usize = 8;
            pub(super) const memory: usize = 16 * 1024;
            pub(super) const routines: usize = 8;
        }
        #[allow(unused_imports, reason = "a setting that is given shadows its default")]
        use __defaults::*;
        $( $crate::__export_settings!(@one $setting = $value); )*
    };
    (@one states = $value:expr) => {
        #[allow(non_upper_case_globals, reason = "the setting's name as it is written in `export!`")]
        const states: usize = $value;
    };
    (@one instances = $value:expr) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the setting's name as it is written in `export!`")]
        const instances: usize = $value;
    };
    (@one memory = $value:expr) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the setting's name as it is written in `export!`")]
        const memory: usize = $value;
    };
    (@one routines = $value:expr) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the setting's name as it is written in `export!`")]
        const routines: usize = $value;
    };
    (@one $other:ident = $value:expr) => {
        compile_error!(concat!("export! has no setting `", stringify!($other), "`: it has states, instances, routines, memory"));
    };
}

/// `__export_if!(word [words ..] { then } { else })`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_if {
    ($any:ident [] { $($then:tt)* } { $($else:tt)* }) => { $($else)* };
    (source [source $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (extract [extract $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (offsets [offsets $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (parse [parse $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (shares [shares $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (shares [metrics $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (shares [listen $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (async_events [async_events $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (dump_state [dump_state $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (shares [export_tables $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (word_shares [shares $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (tables [export_tables $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (tables [import_tables $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (export_tables [export_tables $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (import_tables [import_tables $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (parsing [parse $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (parsing [extract $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (listen [listen $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (metrics [metrics $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (init_schema [init_schema $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (set_config [set_config $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (event_schema [event_schema $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (static_linking [static_linking $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (loadable [source $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (loadable [extract $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (loadable [parse $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (loadable [async_events $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    (loadable [listen $($more:ident)*] { $($then:tt)* } { $($else:tt)* }) => { $($then)* };
    ($any:ident [$other:ident $($more:ident)*] $then:tt $else:tt) => {
        $crate::__export_if! { $any [$($more)*] $then $else }
    };
}

/// Checks the words of [`export!`]: known, once each, and with what they belong to.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_words {
    ([$($word:ident)+]) => {
        $crate::__export_words!(@each $($word)+);
        $crate::__export_if! { offsets [$($word)+] {
            $crate::__export_if! { extract [$($word)+] {} {
                compile_error!("export! names `offsets` without `extract`: value offsets belong to extracted values");
            } }
        } {} }
        $crate::__export_if! { dump_state [$($word)+] {
            $crate::__export_if! { async_events [$($word)+] {} {
                compile_error!("export! names `dump_state` without `async_events`: a state is dumped as async events");
            } }
        } {} }
        $crate::__export_if! { tables [$($word)+] {
            $crate::__export_if! { parsing [$($word)+] {} {
                compile_error!("export! names `import_tables` or `export_tables` without `parse` or `extract`: the host has tables for no other plugin (rule 1.11)");
            } }
        } {} }
        $crate::__export_if! { loadable [$($word)+] {} {
            compile_error!("export! names none of source, extract, parse, async_events, listen: the host loads no plugin without");
        } }
    };
    (@each) => {};
    (@each $word:ident $($more:ident)*) => {
        $crate::__export_words!(@known $word);
        $crate::__export_words!(@once $word [$($more)*]);
        $crate::__export_words!(@each $($more)*);
    };
    // `metrics`, `listen` and `export_tables` imply `shares`, and are no second one.
    (@once shares $more:tt) => {
        $crate::__export_if! { word_shares $more {
            compile_error!("export! names the capability `shares` twice");
        } {} }
    };
    (@once $word:ident $more:tt) => {
        $crate::__export_if! { $word $more {
            compile_error!(concat!("export! names the capability `", stringify!($word), "` twice"));
        } {} }
    };
    (@known source) => {};
    (@known extract) => {};
    (@known offsets) => {};
    (@known parse) => {};
    (@known shares) => {};
    (@known metrics) => {};
    (@known async_events) => {};
    (@known dump_state) => {};
    (@known listen) => {};
    (@known import_tables) => {};
    (@known export_tables) => {};
    (@known init_schema) => {};
    (@known set_config) => {};
    (@known event_schema) => {};
    (@known $other:ident) => {
        compile_error!(concat!("export! knows no capability `", stringify!($other), "`: it knows source, extract, offsets, parse, import_tables, export_tables, shares, metrics, async_events, dump_state, listen, init_schema, set_config, event_schema"));
    };
}
