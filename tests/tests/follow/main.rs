// SPDX-License-Identifier: Apache-2.0
//! `examples/access-log` following a log: what is appended, rotated, cut or removed meanwhile comes whole and once.
#![cfg(test)]

mod command;
mod growing;
mod numbered;
mod replaced;
mod writer;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use falconet_host::{Batch, Instance, Library, Logs, Plugin, Status};
use falconet_tests::plugins::{self, Copy, Profile};
use tempfile::TempDir;

const FOLLOW: &str = "{\"follow\":true}";

/// Nothing that is waited for takes longer, however slow the machine is.
const DEADLINE: Duration = Duration::from_secs(15);

/// The plugin, loaded from a copy of its own so that no other test shares its slots.
struct Loaded {
    _copy: Copy,
    library: Library,
    logs: Logs,
}

fn load() -> Loaded {
    let copy = Copy::of(&plugins::access_log(Profile::Release)).unwrap();
    let library = Library::load(copy.path()).unwrap();
    Loaded { _copy: copy, library, logs: Logs::new() }
}

impl Loaded {
    fn init(&self) -> Plugin {
        Plugin::init(&self.library, FOLLOW, &self.logs).unwrap()
    }

    /// What was logged since the last call, one line a message, without what each begins with.
    fn logged(&self) -> Vec<String> {
        self.logs.take().iter().map(|record| record.to_string().replace(": access_log: ", ": ")).collect()
    }
}

/// A log file in a folder of its own.
struct Log {
    folder: TempDir,
}

impl Log {
    /// A file with this content.
    fn of(content: impl AsRef<[u8]>) -> Self {
        let log = Self { folder: tempfile::tempdir().unwrap() };
        log.create(content);
        log
    }

    fn path(&self) -> PathBuf {
        self.beside("access.log")
    }

    /// The path of another file in its folder.
    fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a new file where none is.
    fn create(&self, content: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).create_new(true).open(self.path()).unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    fn append(&self, content: impl AsRef<[u8]>) {
        append(&self.path(), content);
    }

    /// Renames it to `access.log.1`, that one to `access.log.2`, and so on.
    fn rotate(&self) {
        rotate(&self.path());
    }

    /// How many descriptors this process has of files in its folder, removed ones included.
    fn descriptors(&self) -> usize {
        let open = fs::read_dir("/proc/self/fd").unwrap();
        let here = |path: PathBuf| path.starts_with(self.folder.path());
        open.filter(|entry| fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(here)).count()
    }
}

fn append(path: &Path, content: impl AsRef<[u8]>) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(content.as_ref()).unwrap();
}

/// As logrotate does: the oldest first, so that none is overwritten.
fn rotate(path: &Path) {
    let numbered = |number: u32| match number {
        0 => path.to_path_buf(),
        number => PathBuf::from(format!("{}.{number}", path.display())),
    };
    let count = (1..).take_while(|number| numbered(*number).exists()).count();
    for number in (0..=u32::try_from(count).unwrap()).rev() {
        fs::rename(numbered(number), numbered(number + 1)).unwrap();
    }
}

/// An open stream that never ends.
struct Tail<'p> {
    instance: Instance<'p>,
}

impl<'p> Tail<'p> {
    fn open(plugin: &'p Plugin, path: &Path) -> Self {
        Self { instance: plugin.open(path.to_str().unwrap()).unwrap() }
    }

    /// The lines of one batch, and whether there is nothing more at the moment.
    fn batch(&mut self) -> (Vec<String>, bool) {
        let Batch { events, status } = self.instance.next_batch().unwrap();
        let lines = events.iter().map(|event| {
            let line = event.payload().unwrap().strip_suffix(b"\0").expect("a line is followed by a NUL");
            String::from_utf8(line.to_vec()).unwrap()
        });
        let idle = match status {
            Status::More => false,
            Status::Timeout => true,
            other => panic!("{other:?} where a followed log has no end"),
        };
        (lines.collect(), idle)
    }

    /// The next lines, as many as `count`, as soon as they are there.
    fn lines(&mut self, count: usize) -> Vec<String> {
        let (mut lines, begin) = (Vec::new(), Instant::now());
        while lines.len() < count {
            assert!(begin.elapsed() < DEADLINE, "{} of {count} lines came, the last: {:?}", lines.len(), lines.last());
            lines.append(&mut self.batch().0);
        }
        assert_eq!(lines.len(), count, "more lines than were written: {lines:?}");
        lines
    }

    /// Asks a few times, and there is nothing.
    fn nothing(&mut self) {
        for _ in 0..3 {
            assert_eq!(self.batch(), (Vec::new(), true));
        }
    }
}
