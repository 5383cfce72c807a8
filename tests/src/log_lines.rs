// SPDX-License-Identifier: Apache-2.0
//! A web server's access log that is made here and is the same each time: some 190 bytes a line.

use std::fmt::Write as _;

/// Lines in the combined format, drawn from a few of each part by a generator of its own.
#[must_use]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "only called in tests")]
pub fn log_lines(lines: u64) -> String {
    const METHODS: [&str; 4] = ["GET", "GET", "POST", "HEAD"];
    const PATHS: [&str; 5] = [
        "/",
        "/images/logo-large.png",
        "/blog/2015/05/a-post-with-a-long-name.html?page=2&q=zero+copy",
        "/presentations/a/b/c/index.html",
        "/search?q=%E2%9C%93&from=0&size=25&sort=newest",
    ];
    const REFERERS: [&str; 3] = ["-", "https://www.example.org/", "https://search.example.com/?q=plugins&hl=en"];
    const AGENTS: [&str; 3] = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://www.example.com/bot.html)",
        "curl/8.14.1",
    ];
    let mut seed = 1u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut log = String::new();
    for line in 0..lines {
        let (hour, minute, second) = (line / 3600 % 24, line / 60 % 60, line % 60);
        let client = if draw(8) == 0 {
            format!("2001:db8::{:x}", draw(65_536))
        } else {
            format!("192.0.{}.{}", draw(256), draw(256))
        };
        writeln!(
            log,
            "{client} - {} [17/May/2015:{hour:02}:{minute:02}:{second:02} +0000] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\"",
            ["-", "-", "alice"][draw(3)],
            METHODS[draw(METHODS.len())],
            PATHS[draw(PATHS.len())],
            [200, 200, 304, 404, 500][draw(5)],
            draw(200_000),
            REFERERS[draw(REFERERS.len())],
            AGENTS[draw(AGENTS.len())],
        )
        .unwrap();
    }
    log
}
