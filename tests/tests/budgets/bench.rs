// SPDX-License-Identifier: Apache-2.0
//! `tests/c/bench.c`, compiled: what a plugin needs for one thing more.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use falconet::abi;
use falconet_host::{FieldType, Library};
use falconet_tests::host::Skip;
use falconet_tests::tools::{self, Printed};

/// The compiled programs.
pub(crate) struct Bench {
    /// Without anything between the plugin and the libc.
    pub(crate) plain: PathBuf,
    /// With a malloc that counts.
    pub(crate) counting: PathBuf,
}

/// Compiles them, once.
pub(crate) fn bench() -> Result<&'static Bench, Skip> {
    static BENCH: OnceLock<Result<Bench, Skip>> = OnceLock::new();
    let bench = BENCH.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let bench = Bench { plain: folder.join("bench"), counting: folder.join("bench_counting") };
        tools::compile(&bench.plain, &["bench.c"], &[])?;
        tools::compile(&bench.counting, &["bench.c", "allocations.c"], &["-fno-builtin", "-rdynamic"])?;
        Ok(bench)
    });
    bench.as_ref().map_err(Skip::clone)
}

/// A plugin to be looked at.
pub(crate) struct Subject<'a> {
    pub(crate) library: &'a Path,
    pub(crate) config: &'a str,
}

impl Subject<'_> {
    fn arguments(&self, params: &str, work: &[&str]) -> Vec<String> {
        let library = self.library.to_str().unwrap();
        [library, self.config, params].iter().chain(work).map(|argument| (*argument).to_owned()).collect()
    }

    /// Runs a program of [`Bench`] and gives what it printed.
    pub(crate) fn run(&self, program: &Path, params: &str, work: &[&str]) -> Printed {
        tools::output(Command::new(program).args(self.arguments(params, work)))
    }

    /// Instructions inside of `function`, a figure a unit: `run(n)` gives open params and work for `n` units.
    ///
    /// It is the difference between two runs, so that what is done once is not in it.
    pub(crate) fn instructions(
        &self,
        function: &str,
        units: [u64; 2],
        run: impl Fn(u64) -> (String, Vec<String>),
    ) -> Result<f64, Skip> {
        let program = &bench()?.plain;
        let [less, more] = units.map(|count| {
            let (params, work) = run(count);
            let work: Vec<&str> = work.iter().map(String::as_str).collect();
            tools::instructions(function, program, self.arguments(&params, &work))
        });
        Ok(difference(less?, more?) / difference(units[0], units[1]))
    }

    /// Instructions inside of `function` in all of a short run.
    pub(crate) fn instructions_once(&self, function: &str, params: &str, work: &[&str]) -> Result<f64, Skip> {
        let count = tools::instructions(function, &bench()?.plain, self.arguments(params, work))?;
        Ok(difference(0, count))
    }

    /// Instructions of one of many extractions: `work` is `fresh` or `again`, each call asks for all `fields`.
    pub(crate) fn extraction(&self, params: &str, work: &str, fields: &[String]) -> Result<f64, Skip> {
        self.instructions("plugin_extract_fields", [1_000, 3_000], |count| {
            let work = [work.to_owned(), count.to_string()];
            (params.to_owned(), work.into_iter().chain(fields.iter().cloned()).collect())
        })
    }
}

fn difference(less: u64, more: u64) -> f64 {
    let difference = more.checked_sub(less).expect("the longer run needs more");
    f64::from(u32::try_from(difference).expect("runs are short"))
}

/// Fields as the bench takes them, `id:type`.
pub(crate) fn fields(library: &Path, names: &[&str]) -> Vec<String> {
    let library = Library::load(library).unwrap();
    let number = |kind: FieldType| match kind {
        FieldType::U64 => abi::FTYPE_UINT64,
        FieldType::String => abi::FTYPE_STRING,
        FieldType::RelTime => abi::FTYPE_RELTIME,
        FieldType::AbsTime => abi::FTYPE_ABSTIME,
        FieldType::Bool => abi::FTYPE_BOOL,
        FieldType::IpAddr => abi::FTYPE_IPADDR,
        FieldType::IpNet => abi::FTYPE_IPNET,
    };
    let id_and_type = |name: &&str| {
        let request = library.field(name).unwrap();
        format!("{}:{}", request.field().id, number(request.field().kind))
    };
    names.iter().map(id_and_type).collect()
}
