// SPDX-License-Identifier: Apache-2.0
//! What an iterator may give for an event: [`Item`].

use std::borrow::Cow;
use std::sync::Arc;

use falconet::Timestamp;

/// An event, or why there are no more: bytes or text, either of them with a time before it, or a `Result` of these.
///
/// ```
/// use falconet_std::sources::Item;
/// use falconet_std::{Error, Timestamp};
/// fn event(item: impl Item<Error>) -> Result<(Timestamp, Vec<u8>), Error> {
///     let (ts, payload) = item.event()?;
///     Ok((ts, payload.as_ref().to_vec()))
/// }
/// assert_eq!(event("text").unwrap(), (Timestamp::HOST, b"text".to_vec()));
/// assert_eq!(event((Timestamp::from_nanos(7), vec![1, 2])).unwrap(), (Timestamp::from_nanos(7), vec![1, 2]));
/// let failed: Result<String, std::num::ParseIntError> = "x".parse::<u8>().map(|n| n.to_string());
/// assert_eq!(event(failed).unwrap_err().to_string(), "invalid digit found in string");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event",
    note = "bytes or text (`Vec<u8>`, `String`, `&[u8]`, ..), `(Timestamp, bytes)`, or a `Result` of one of these",
    note = "or implement `falconet_std::sources::Item<E>`, where `E` is the plugin's error"
)]
pub trait Item<E> {
    /// The payload's bytes.
    type Payload: AsRef<[u8]>;

    /// The event's time and payload.
    ///
    /// # Errors
    /// Ends the capture with the message.
    fn event(self) -> Result<(Timestamp, Self::Payload), E>;
}

macro_rules! bytes {
    ($([$($generics:tt)*] $bytes:ty),+ $(,)?) => {$(
        impl<$($generics)* E> Item<E> for $bytes {
            type Payload = Self;

            fn event(self) -> Result<(Timestamp, Self), E> {
                Ok((Timestamp::HOST, self))
            }
        }
    )+};
}

bytes! {
    [] Vec<u8>, [] Box<[u8]>, [] Arc<[u8]>, [] String, [] &[u8], [] &str, [] Cow<'_, [u8]>,
    [const N: usize,] [u8; N], [const N: usize,] &[u8; N],
}

impl<E, T: Item<E>> Item<E> for (Timestamp, T) {
    type Payload = T::Payload;

    fn event(self) -> Result<(Timestamp, T::Payload), E> {
        Ok((self.0, self.1.event()?.1))
    }
}

impl<E, T: Item<E>, X: Into<E>> Item<E> for Result<T, X> {
    type Payload = T::Payload;

    fn event(self) -> Result<(Timestamp, T::Payload), E> {
        self.map_err(Into::into)?.event()
    }
}
