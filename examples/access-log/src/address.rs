// SPDX-License-Identifier: Apache-2.0
//! The address of a client as text, read without allocation.
#![forbid(unsafe_code)]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::word::digit;

/// The IPv4 or IPv6 address that is all of `text`; `None` if it is a host's name or anything else.
///
/// IPv4 is four decimal numbers without leading zeros. IPv6 is read as by [`core::net`], so an address with a zone
/// (`fe80::1%eth0`) or in brackets is none, and an IPv4 address in an IPv6 one stays IPv6.
#[must_use]
pub fn parse(text: &[u8]) -> Option<IpAddr> {
    if let Some(address) = v4(text) {
        return Some(IpAddr::V4(address));
    }
    // Only then, as host names are far more often met than IPv6: a cheap look before the costly parse.
    if !text.contains(&b':') {
        return None;
    }
    core::str::from_utf8(text).ok()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

fn v4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut rest = text;
    for (i, octet) in octets.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        (*octet, rest) = number(rest)?;
    }
    rest.is_empty().then_some(Ipv4Addr::from_octets(octets))
}

/// A decimal number up to 255 without leading zeros, and what follows it.
fn number(text: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = split_digit(text)?;
    let Some((second, rest_of_two)) = split_digit(rest) else { return Some((first, rest)) };
    if first == 0 {
        return None;
    }
    let two = first * 10 + second;
    let Some((third, rest_of_three)) = split_digit(rest_of_two) else { return Some((two, rest_of_two)) };
    Some((two.checked_mul(10)?.checked_add(third)?, rest_of_three))
}

/// The digit that a text begins with, and what follows it.
fn split_digit(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, rest) = text.split_first()?;
    Some((digit(first)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_core_net() {
        for text in [
            "192.0.2.1",
            "0.0.0.0",
            "255.255.255.255",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.4.",
            ".1.2.3.4",
            "1..2.3",
            "01.2.3.4",
            "00.2.3.4",
            "1.2.3.1000",
            "1.2.3.4 ",
            "1.2.3.a",
            "+1.2.3.4",
            "2001:db8::1",
            "2001:DB8:0:0:0:0:0:1",
            "::",
            "::1",
            "::ffff:192.0.2.1",
            "::ffff:192.0.2.256",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "fe80::1%eth0",
            "[::1]",
            "192.0.2.1:80",
            "host.example.org",
            "-",
            "",
            "\u{661}.2.3.4",
        ] {
            assert_eq!(parse(text.as_bytes()), text.parse().ok(), "{text}");
        }
        assert_eq!(parse(b"2001:db8::\xff"), None);
    }

    #[test]
    fn every_octet_is_read() {
        for octet in 0..=u8::MAX {
            let expected = Ipv4Addr::new(octet, 7, 0, octet);
            assert_eq!(parse(std::format!("{expected}").as_bytes()), Some(IpAddr::V4(expected)));
        }
    }
}
