// SPDX-License-Identifier: Apache-2.0
//! Several instances and states at once, and what is left when they are gone.

use std::fs;
use std::path::Path;
use std::thread;

use falconet_host::{Library, Logs, Next, Plugin};
use falconet_tests::plugins::Profile;

use crate::{File, assert_same_lines, blocks, drain, expected_of, load};

/// This process's open descriptors of a path or of what is in it.
pub(crate) fn descriptors_of(path: &Path) -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    open.filter(|entry| fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|to| to.starts_with(path))).count()
}

#[test]
fn host_4_10_instances_on_threads_do_not_meet() {
    let loaded = load(Profile::Release);
    let library: &Library = &loaded.library;
    thread::scope(|scope| {
        for seed in [21, 22] {
            scope.spawn(move || {
                let content = blocks::random_lines(seed, 2_000_000);
                let file = File::of(&content);
                let plugin = Plugin::init(library, "", &Logs::new()).unwrap();
                let request = library.field("access.line").unwrap();
                let mut instance = plugin.open(&file.path()).unwrap();
                let mut lines = Vec::new();
                while let Next::Event(event) = instance.next_event().unwrap() {
                    let extraction = plugin.extract(&event, std::slice::from_ref(&request)).unwrap();
                    lines.push(extraction.first().unwrap().as_bytes().unwrap().to_vec());
                }
                assert_same_lines(&lines, &expected_of(&content), "on a thread");
            });
        }
    });
}

#[test]
fn host_4_10_instances_of_one_state_keep_their_batches() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let contents = [31, 32].map(|seed| blocks::random_lines(seed, 500_000));
    let files = contents.each_ref().map(|content| File::of(content));
    let mut instances = files.each_ref().map(|file| plugin.open(&file.path()).unwrap());
    let mut lines = [Vec::new(), Vec::new()];
    let mut ended = [false; 2];
    while ended != [true; 2] {
        // Both batches are held at once, and read after both were made.
        let batches = instances.each_mut().map(|instance| instance.next_batch().unwrap());
        for (index, batch) in batches.iter().enumerate() {
            let payloads = batch.events.iter().map(|event| event.payload().unwrap());
            lines[index].extend(payloads.map(|payload| payload.strip_suffix(b"\0").unwrap().to_vec()));
            ended[index] = batch.status == falconet_host::Status::Eof;
        }
    }
    for (lines, content) in lines.iter().zip(&contents) {
        assert_same_lines(lines, &expected_of(content), "batches by turns");
    }
}

#[test]
fn the_ninth_instance_is_refused_until_one_is_closed() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let file = File::of(b"a line\n");
    for _ in 0..3 {
        let mut open: Vec<_> = (0..8).map(|_| plugin.open(&file.path()).unwrap()).collect();
        assert_eq!(descriptors_of(file.folder.path()), 8);
        let error = plugin.open(&file.path()).unwrap_err().to_string();
        assert!(error.contains("no instance or batch is free"), "{error}");
        for instance in &mut open {
            assert_eq!(drain(instance), [b"a line"]);
        }
        open.pop();
        assert_eq!(descriptors_of(file.folder.path()), 7);
        open.push(plugin.open(&file.path()).unwrap());
        drop(open);
        assert_eq!(descriptors_of(file.folder.path()), 0, "close gives everything back");
    }
}

#[test]
fn the_ninth_state_is_refused_until_one_is_destroyed() {
    let loaded = load(Profile::Release);
    for _ in 0..3 {
        let mut states: Vec<_> = (0..8).map(|_| loaded.init()).collect();
        let error = Plugin::init(&loaded.library, "", &Logs::new()).unwrap_err().to_string();
        assert!(error.contains("no state is free"), "{error}");
        states.pop();
        states.push(loaded.init());
    }
}

#[test]
fn an_instance_left_in_the_middle_leaves_nothing() {
    let loaded = load(Profile::Release);
    let file = File::of(&blocks::random_lines(41, 300_000));
    for _ in 0..20 {
        let plugin = loaded.init();
        let mut instance = plugin.open(&file.path()).unwrap();
        assert!(matches!(instance.next_event().unwrap(), Next::Event(_)));
        assert_eq!(descriptors_of(file.folder.path()), 1);
        drop(instance);
        assert_eq!(descriptors_of(file.folder.path()), 0);
    }
    assert!(loaded.copy.path().exists());
}
