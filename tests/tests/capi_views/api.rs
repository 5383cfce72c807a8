// SPDX-License-Identifier: Apache-2.0
//! The functions of the C library that are about views, as C calls them.

use std::ffi::c_void;
use std::sync::OnceLock;

use falconet_tests::capi;
use falconet_tests::plugins::Profile;

/// The structs, in the very file that the library is built from.
#[path = "../../../core/capi/src/types.rs"]
#[allow(dead_code, unreachable_pub, reason = "only the views are used")]
pub(crate) mod types;

use types::{View, ViewMut, WriteView};

/// Declares them, and finds each by its name with `falconet_` before it.
macro_rules! api {
    ($( $name:ident: fn($($argument:ty),*) -> $result:ty; )+) => {
        /// The loaded library.
        pub(crate) struct Api {
            $( pub(crate) $name: unsafe extern "C" fn($($argument),*) -> $result, )+
            _library: libloading::Library,
        }

        impl Api {
            fn load(profile: Profile) -> Self {
                // SAFETY: the library has no constructors; the types are those of the header, which other tests compare.
                unsafe {
                    let library = libloading::Library::new(capi::shared(profile)).unwrap();
                    Self {
                        $( $name: *library.get(concat!("falconet_", stringify!($name))).unwrap(), )+
                        _library: library,
                    }
                }
            }
        }
    };
}

api! {
    view_new: fn(*const c_void, usize, usize, *mut View) -> i32;
    view_read: fn(*mut View, *mut c_void, usize, *mut usize) -> i32;
    view_read_exact: fn(*mut View, *mut c_void, usize) -> i32;
    view_take: fn(*mut View, usize, *mut *const u8) -> i32;
    view_seek: fn(*mut View, i32, i64, *mut usize) -> i32;
    view_set_len: fn(*mut View, usize) -> i32;
    view_remaining: fn(*const View) -> usize;
    write_view_new: fn(*mut c_void, usize, *mut WriteView) -> i32;
    write_view_write: fn(*mut WriteView, *const c_void, usize, *mut usize) -> i32;
    write_view_write_all: fn(*mut WriteView, *const c_void, usize) -> i32;
    write_view_write_decimal: fn(*mut WriteView, u64) -> i32;
    write_view_place: fn(*mut WriteView, usize, *mut *mut u8) -> i32;
    write_view_room: fn(*mut WriteView, *mut *mut u8, *mut usize) -> i32;
    write_view_advance: fn(*mut WriteView, usize) -> i32;
    write_view_seek: fn(*mut WriteView, i32, i64, *mut usize) -> i32;
    write_view_set_len: fn(*mut WriteView, usize) -> i32;
    write_view_space: fn(*const WriteView) -> usize;
    view_mut_new: fn(*mut c_void, usize, usize, *mut ViewMut) -> i32;
    view_mut_into_read: fn(*mut ViewMut, *mut View) -> i32;
    view_mut_into_write: fn(*mut ViewMut, *mut WriteView) -> i32;
    view_mut_as_read: fn(*mut ViewMut, *mut View) -> i32;
    view_mut_read: fn(*mut ViewMut, *mut c_void, usize, *mut usize) -> i32;
    view_mut_read_exact: fn(*mut ViewMut, *mut c_void, usize) -> i32;
    view_mut_take: fn(*mut ViewMut, usize, *mut *mut u8) -> i32;
    view_mut_write: fn(*mut ViewMut, *const c_void, usize, *mut usize) -> i32;
    view_mut_write_all: fn(*mut ViewMut, *const c_void, usize) -> i32;
    view_mut_write_decimal: fn(*mut ViewMut, u64) -> i32;
    view_mut_seek: fn(*mut ViewMut, i32, i64, *mut usize) -> i32;
    view_mut_set_len: fn(*mut ViewMut, usize) -> i32;
    view_mut_remaining: fn(*const ViewMut) -> usize;
    view_mut_space: fn(*const ViewMut) -> usize;
}

impl Api {
    /// The library of a profile. In that of development it looks itself at what its unsafe calls ask for.
    pub(crate) fn of(profile: Profile) -> &'static Self {
        static DEV: OnceLock<Api> = OnceLock::new();
        static RELEASE: OnceLock<Api> = OnceLock::new();
        let api = match profile {
            Profile::Dev => &DEV,
            Profile::Release => &RELEASE,
        };
        api.get_or_init(|| Self::load(profile))
    }
}
