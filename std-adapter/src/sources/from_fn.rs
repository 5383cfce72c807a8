// SPDX-License-Identifier: Apache-2.0
//! Events of a function: [`FromFn`].

use std::fmt;
use std::marker::PhantomData;

use falconet::view::WriteView;
use falconet::{NextEvent, One, Plugin, Source};

/// A function of any kind that gives one event at a time.
pub type BoxedFn<P> = Box<dyn FnMut(&P, &mut WriteView<'_>) -> Result<One, <P as Plugin>::Error> + Send>;

/// An instance whose events are written by a function, one at a time: what [`NextEvent::next`] is.
///
/// ```
/// use falconet_std::sources::FromFn;
/// use falconet_std::{Error, Info, Init, One, Plugin, Source, Timestamp};
/// use std::ffi::CStr;
///
/// struct Ticks;
/// impl Plugin for Ticks {
///     type Error = Error;
///     const INFO: Info = Info::new(c"ticks", c"0.1.0", c"ten ticks", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Source for Ticks {
///     const ID: u32 = 999;
///     const EVENT_SOURCE: &'static CStr = c"ticks";
///     type Instance = FromFn<Self>;
///     fn open(&self, _: &CStr) -> Result<FromFn<Self>, Error> {
///         let mut ticks = 0..10_u8;
///         Ok(FromFn::boxed(move |_, payload| {
///             let Some(tick) = ticks.next() else { return Ok(One::Eof) };
///             payload.write_all(&[tick])?;
///             Ok(One::Event(Timestamp::HOST))
///         }))
///     }
/// }
/// falconet_std::export!(Ticks: source);
/// ```
pub struct FromFn<P: Plugin, F = BoxedFn<P>> {
    next: F,
    _of: PhantomData<fn(&P)>,
}

impl<P: Plugin> FromFn<P> {
    /// The events of this function, boxed, so that the type has a name.
    pub fn boxed(next: impl FnMut(&P, &mut WriteView<'_>) -> Result<One, P::Error> + Send + 'static) -> Self {
        Self::new(Box::new(next))
    }
}

impl<P, F> FromFn<P, F>
where
    P: Plugin,
    F: FnMut(&P, &mut WriteView<'_>) -> Result<One, P::Error>,
{
    /// The events of this function.
    pub const fn new(next: F) -> Self {
        Self { next, _of: PhantomData }
    }
}

impl<P, F> NextEvent for FromFn<P, F>
where
    P: Source<Instance = Self>,
    F: FnMut(&P, &mut WriteView<'_>) -> Result<One, P::Error> + Send + 'static,
{
    type Plugin = P;

    #[inline]
    fn next(&mut self, plugin: &P, payload: &mut WriteView<'_>) -> Result<One, <P as Plugin>::Error> {
        (self.next)(plugin, payload)
    }
}

impl<P: Plugin, F> fmt::Debug for FromFn<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}
