// SPDX-License-Identifier: Apache-2.0
//! What a task's work gives when it ends: [`Outcome`].

use falconet::error::{Message, Report};

/// What work may give: nothing, or a result whose error goes to the host's log.
///
/// ```
/// use falconet_std::Error;
/// use falconet_std::task::Outcome;
/// assert!(().failure().is_none());
/// assert_eq!(Err::<(), _>(Error::new("no such file")).failure().unwrap().as_str(), "no such file");
/// ```
#[diagnostic::on_unimplemented(
    message = "a task's work gives nothing or a `Result<(), E>`, not `{Self}`",
    note = "`E` can be reported to the host: `falconet_std::Error` takes any error of std by `?`"
)]
pub trait Outcome {
    /// Why it failed, if it did.
    fn failure(self) -> Option<Message>;
}

impl Outcome for () {
    fn failure(self) -> Option<Message> {
        None
    }
}

impl<E: Report> Outcome for Result<(), E> {
    fn failure(self) -> Option<Message> {
        let error = self.err()?;
        let mut text = Message::new();
        error.report(&mut text);
        Some(text)
    }
}
