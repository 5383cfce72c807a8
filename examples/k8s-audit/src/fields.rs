// SPDX-License-Identifier: Apache-2.0
//! The 100 `ka.*` fields: what an event is decoded to, and the list of them all.
//!
//! A value that is no string is its JSON text, `null` too. A NUL ends a value, as it does in the host. What has the
//! wrong type has no value.

mod containers;
mod event;
mod lists;
mod objects;
mod text;
mod uri;

use falconet::{Event, Field, Span};
use falconet_std::json::{self, Rules, Value};

use crate::K8sAudit;

/// Where the members of an audit event stand, found once for all of its fields.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    parts: [Option<Span>; Part::NAMES.len()],
    /// Whether there are insignificant blanks: texts of objects and arrays are without.
    has_blanks: bool,
}

/// A member of an audit event that fields are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    AuditId,
    Stage,
    Annotations,
    User,
    ImpersonatedUser,
    Verb,
    RequestUri,
    ObjectRef,
    RequestObject,
    ResponseObject,
    ResponseStatus,
    UserAgent,
}

impl Part {
    /// The members' names, in the order of the parts.
    const NAMES: [&'static str; 12] = [
        "auditID",
        "stage",
        "annotations",
        "user",
        "impersonatedUser",
        "verb",
        "requestURI",
        "objectRef",
        "requestObject",
        "responseObject",
        "responseStatus",
        "userAgent",
    ];
}

impl Found {
    /// Finds the members of an audit event; `None` where the payload is none, which is to say has no `auditID`.
    #[must_use]
    pub fn new(event: &Event<'_>) -> Option<Self> {
        let mut parts = [None; Part::NAMES.len()];
        let checked = json::check_members(event.payload(), Rules::Lenient, |name, value| {
            let part = Part::NAMES.iter().position(|its| name == *its);
            if let Some(part @ None) = part.and_then(|part| parts.get_mut(part)) {
                *part = event.span_of(value.as_bytes());
            }
        });
        let found = Self { parts, has_blanks: checked.ok()?.blanks() > 0 };
        found.span(Part::AuditId)?;
        Some(found)
    }

    fn span(&self, part: Part) -> Option<Span> {
        self.parts.get(part as usize).copied().flatten()
    }

    /// A member of the event.
    fn part<'e>(&self, event: &Event<'e>, part: Part) -> Option<Value<'e>> {
        event.get(self.span(part)?).map(Value::trust)
    }
}

/// The fields by what they are about.
const GROUPS: [&[Field<K8sAudit>]; 5] =
    [event::FIELDS, objects::FIELDS, containers::FIELDS, containers::INIT_FIELDS, containers::EPHEMERAL_FIELDS];

/// All fields.
pub(crate) const FIELDS: [Field<K8sAudit>; LEN] = all();

const LEN: usize = {
    let mut len = 0;
    let mut groups = GROUPS.as_slice();
    while let [group, rest @ ..] = groups {
        len += group.len();
        groups = rest;
    }
    len
};

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn all() -> [Field<K8sAudit>; LEN] {
    let mut all = [GROUPS[0][0]; LEN];
    let mut at = 0;
    let mut groups = GROUPS.as_slice();
    while let [group, rest @ ..] = groups {
        let mut i = 0;
        while i < group.len() {
            all[at] = group[i];
            (at, i) = (at + 1, i + 1);
        }
        groups = rest;
    }
    all
}
