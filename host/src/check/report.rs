// SPDX-License-Identifier: Apache-2.0
//! What all scenarios together say of a plugin.

use std::collections::{BTreeMap, BTreeSet};

use falconet::abi::since;
use serde::Serialize;

use super::{Check, scenario::Scenario, witness::Message};
use crate::Version;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It was made, and found nothing.
    Passed,
    /// It found something.
    Failed,
    /// It could not be made, or does not concern this plugin.
    NotApplicable,
}

/// One check and what it said of the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The number of the rule in `docs/host.md`.
    pub rule: &'static str,
    /// The check's name.
    pub name: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What it finds.
    pub what: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// What was found, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Why it could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The check.
    #[serde(skip)]
    pub check: Check,
}

/// What a plugin says of itself; empty where it could not be loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The API version that it requires.
    pub api_version: String,
    /// What it can do.
    pub capabilities: String,
}

/// What was found of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The plugin.
    pub plugin: Checked,
    /// Why nothing further could be checked, if that is so: an init or open that failed, for example.
    pub stopped: Option<String>,
    /// What is no finding, and says how far the checks could see: fields without a value, for example.
    pub notes: Vec<String>,
    /// How many checks passed.
    pub passed: usize,
    /// How many found something.
    pub failed: usize,
    /// How many could not be made.
    pub not_applicable: usize,
    /// All checks, in the order of their rules.
    pub checks: Vec<Outcome>,
}

impl Report {
    /// The checks that went so.
    pub fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Outcome> {
        self.checks.iter().filter(move |outcome| outcome.verdict == verdict)
    }
}

/// What was heard from the children so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    plugin: Checked,
    stopped: Option<String>,
    judged: BTreeSet<Check>,
    found: BTreeMap<Check, Vec<String>>,
    skipped: BTreeMap<Check, String>,
    notes: Vec<String>,
    uses_offsets: bool,
}

/// More messages of one check tell nothing new.
const MESSAGES: usize = 5;

/// Why nothing is said of a check that comes after what ended all.
const NOT_REACHED: &str = "not reached, for the reason at the end";

/// What a plugin does that has a capability.
fn verb(capability: &str) -> &str {
    match capability {
        "source" => "give events",
        "extract" => "extract fields",
        "parse" => "parse events",
        "async" => "inject async events",
        "listen" => "listen to captures",
        other => other,
    }
}

impl Gathered {
    pub(super) fn take(&mut self, message: Message) {
        match message {
            Message::Plugin { name, version, api_version, capabilities } => {
                self.plugin = Checked { name, version, api_version, capabilities };
            }
            Message::Found { check, message } => self.found(check, message),
            Message::Judged(check) => drop(self.judged.insert(check)),
            Message::Skipped { check, why } => drop(self.skipped.entry(check).or_insert(why)),
            Message::Note(text) if self.notes.contains(&text) => {}
            Message::Note(text) => self.notes.push(text),
            Message::Stopped(why) => drop(self.stopped.get_or_insert(why)),
            Message::Calling { .. } | Message::Touched(_) | Message::Done => {}
        }
    }

    pub(super) fn found(&mut self, check: Check, message: String) {
        let messages = self.found.entry(check).or_default();
        if !messages.contains(&message) && messages.len() < MESSAGES {
            messages.push(message);
        }
    }

    /// The plugin was seen to look at `value_offsets`: it needs the version that brought it, and no less.
    pub(super) fn uses_offsets(&mut self) {
        self.uses_offsets = true;
        let (brought, claimed) = (since::VALUE_OFFSETS, &self.plugin.api_version);
        if claimed.parse().is_ok_and(|version: Version| version.minor < brought) {
            let message = format!(
                "plugin_extract_fields looks at value_offsets, which came with 3.{brought}.0, and {claimed} is required"
            );
            self.found(Check::ClaimTooLow, message);
        }
    }

    /// A scenario came to its end, one way or another: its child was watched.
    pub(super) fn ended(&mut self, scenario: Scenario) {
        if scenario != Scenario::Load {
            self.judged.extend([Check::Crash, Check::Abort, Check::Exit, Check::Hang, Check::LentKept]);
        }
    }

    /// Whether there is a plugin with which to go on.
    pub(super) fn goes_on(&self) -> bool {
        self.stopped.is_none() && !self.plugin.name.is_empty()
    }

    pub(super) fn report(mut self) -> Report {
        let claimed = self.plugin.api_version.parse().map_or(0, |version: Version| version.minor);
        if self.uses_offsets && claimed == since::VALUE_OFFSETS {
            // It gave no offsets, but it needs the member all the same.
            self.found.remove(&Check::ClaimTooHigh);
        }
        let nothing = match &self.stopped {
            Some(_) => NOT_REACHED.to_owned(),
            None if self.found.is_empty() => "nothing in this run shows it".to_owned(),
            None => "nothing in this run shows it; a finding may have ended it before".to_owned(),
        };
        // Of a plugin that could not be loaded nothing is known.
        let known = !self.plugin.name.is_empty();
        let capabilities: Vec<_> =
            if known { self.plugin.capabilities.split(", ").collect() } else { Check::CAPABILITIES.to_vec() };
        let checks: Vec<_> = Check::ALL
            .iter()
            .map(|check| {
                let findings = self.found.remove(check).unwrap_or_default();
                let verdict = match () {
                    () if !findings.is_empty() => Verdict::Failed,
                    () if self.judged.contains(check) => Verdict::Passed,
                    () => Verdict::NotApplicable,
                };
                let lacking = check.needs().iter().all(|capability| !capabilities.contains(capability));
                let lacking = (lacking && !check.needs().is_empty()).then(|| {
                    let verbs: Vec<_> = check.needs().iter().map(|capability| verb(capability)).collect();
                    format!("the plugin does not {}", verbs.join(" or "))
                });
                let why = self.skipped.remove(check).or(lacking).unwrap_or_else(|| nothing.clone());
                let (rule, name, what, fix) = (check.rule(), check.name(), check.what(), check.fix());
                let why = (verdict == Verdict::NotApplicable).then_some(why);
                Outcome { rule, name, verdict, what, fix, findings, why, check: *check }
            })
            .collect();
        let count = |verdict| checks.iter().filter(|outcome| outcome.verdict == verdict).count();
        Report {
            plugin: self.plugin,
            stopped: self.stopped,
            notes: self.notes,
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            not_applicable: count(Verdict::NotApplicable),
            checks,
        }
    }
}
