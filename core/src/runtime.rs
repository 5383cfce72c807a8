// SPDX-License-Identifier: Apache-2.0
//! What a `no_std` shared library needs besides its code: [`runtime!`](crate::runtime!).

/// Gives a `no_std` plugin its panic handler and the one symbol that a build without `panic = "abort"` refers to.
///
/// A panic stops the process by a trap instruction: there is no way back into a C host. The core itself never panics;
/// a plugin's own code does where it indexes out of bounds or unwraps. Write it once, in the plugin's `lib.rs`:
///
/// ```text
/// #![no_std]
/// falconet::runtime!();
/// ```
///
/// In unit tests, which have std, it does nothing. Both profiles of the plugin's workspace need `panic = "abort"`.
#[macro_export]
macro_rules! runtime {
    () => {
        #[cfg(all(panic = "unwind", not(test)))]
        ::core::compile_error!(
            "a no_std plugin needs `panic = \"abort\"` in [profile.dev] and [profile.release] of the Cargo.toml at the root of its workspace"
        );

        #[cfg(not(test))]
        #[panic_handler]
        fn __falconet_panic(_: &::core::panic::PanicInfo<'_>) -> ! {
            $crate::runtime::trap()
        }

        // Dev builds refer to the personality of unwinding though nothing unwinds; without this the library links,
        // and then fails to load. Weak and hidden: it yields to a real one, and is not exported.
        #[cfg(not(test))]
        ::core::arch::global_asm!(".weak rust_eh_personality", ".hidden rust_eh_personality", "rust_eh_personality:",);
    };
}

/// Stops the process.
#[expect(unsafe_code, reason = "core offers no stable way to stop a process")]
pub fn trap() -> ! {
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    // SAFETY: the processor raises an invalid-opcode fault, and the system ends the process.
    unsafe {
        core::arch::asm!("ud2", options(noreturn, nomem, nostack))
    }
    #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
    // SAFETY: a permanently undefined instruction: the system ends the process.
    unsafe {
        core::arch::asm!("udf #0", options(noreturn, nomem, nostack))
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64", target_arch = "arm")))]
    loop {
        core::hint::spin_loop();
    }
}
