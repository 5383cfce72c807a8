// SPDX-License-Identifier: Apache-2.0
//! Events read and written byte by byte, as the comments of `plugin_types.h` say.

use super::Whole;

/// A well-formed event.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) ts: u64,
    pub(crate) tid: u64,
    pub(crate) event_type: u16,
    pub(crate) parameters: Vec<&'a [u8]>,
}

fn number_at(bytes: &[u8], at: usize, width: usize) -> u64 {
    let bytes = &bytes[at..at + width];
    let digits: Vec<u8> =
        if cfg!(target_endian = "little") { bytes.iter().rev().copied().collect() } else { bytes.to_vec() };
    digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::try_from(number_at(bytes, at, 4)).unwrap()
}

/// How wide the lengths of a type's parameters are.
fn width(event_type: u16) -> usize {
    if [322, 324, 402].contains(&event_type) { 4 } else { 2 }
}

impl<'a> Parsed<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() < 26 {
            return None;
        }
        let len = u32_at(bytes, 16) as usize;
        if !(26..=bytes.len()).contains(&len) {
            return None;
        }
        let bytes = &bytes[..len];
        let event_type = u16::try_from(number_at(bytes, 20, 2)).unwrap();
        let (count, width) = (u64::from(u32_at(bytes, 22)), width(event_type));
        let mut lengths = Vec::new();
        let mut at = 26;
        for _ in 0..count {
            if at + width > len {
                return None;
            }
            lengths.push(number_at(bytes, at, width));
            at += width;
        }
        let mut parameters = Vec::new();
        for parameter in lengths {
            let left = (len - at) as u64;
            if parameter > left {
                return None;
            }
            let parameter = usize::try_from(parameter).unwrap();
            parameters.push(&bytes[at..at + parameter]);
            at += parameter;
        }
        Some(Self { bytes, ts: number_at(bytes, 0, 8), tid: number_at(bytes, 8, 8), event_type, parameters })
    }

    /// Id and payload.
    pub(crate) fn plugin(&self) -> Option<(u32, &'a [u8])> {
        match (self.event_type, &self.parameters[..]) {
            (322, [id, payload, ..]) if id.len() == 4 => Some((u32_at(id, 0), payload)),
            _ => None,
        }
    }

    /// Id, name and data.
    pub(crate) fn as_async(&self) -> Option<(u32, &'a [u8], &'a [u8])> {
        match (self.event_type, &self.parameters[..]) {
            (402, [id, name, data, ..]) if id.len() == 4 => {
                let end = name.iter().position(|byte| *byte == 0)?;
                Some((u32_at(id, 0), &name[..end], data))
            }
            _ => None,
        }
    }
}

/// The bytes of an event.
pub(crate) fn encode((ts, tid, event_type, parameters): &Whole) -> Vec<u8> {
    let width = width(*event_type);
    let len = 26 + parameters.iter().map(|parameter| width + parameter.len()).sum::<usize>();
    let mut bytes = Vec::new();
    bytes.extend(ts.to_ne_bytes());
    bytes.extend(tid.to_ne_bytes());
    bytes.extend(u32::try_from(len).unwrap().to_ne_bytes());
    bytes.extend(event_type.to_ne_bytes());
    bytes.extend(u32::try_from(parameters.len()).unwrap().to_ne_bytes());
    for parameter in parameters {
        match width {
            4 => bytes.extend(u32::try_from(parameter.len()).unwrap().to_ne_bytes()),
            _ => bytes.extend(u16::try_from(parameter.len()).unwrap().to_ne_bytes()),
        }
    }
    bytes.extend(parameters.concat());
    bytes
}
