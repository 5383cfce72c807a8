#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fields of examples/access-log, read by other means: regular expressions, datetime and ipaddress.

It is the independent witness for the Rust parser: written from what the fields mean, it shares nothing with it.

usage: parse_access_log.py [--query KEY]... [--segment N]... [--encoding lossy|latin-1] FILE

One JSON object a line for each event: {"num": 1, "ts": ns or null, "fields": {"access.line": ...}}. "ts" is the time of
every line that has one before its request, whatever follows. A field without a value is not there. Numbers and booleans
are JSON's; access.client is text as inet_ntop(3) writes it; access.segments is a list, and has no value where it would
be empty. Every line is an event, an empty one too.

A log is bytes and JSON is text. With --encoding lossy, the default, bytes that are no UTF-8 become U+FFFD, as in the
output of `falconet run --json`. With latin-1 each byte becomes the character of its number: nothing is lost, and what
another program printed can be compared byte for byte, decoded the same way.
"""

import argparse
import datetime
import ipaddress
import json
import re
import socket
import sys

QUOTED = rb'"((?:[^"\\]|\\.)*)"'
HEAD = (
    rb"([^ ]+) [^ ]+ "  # client, ident
    rb"((?:(?!\] \").)*) \[((?:(?! \[|\] \").)*)\] "  # user, time: the last bracket opened before the first `] "`
)
LINE = re.compile(
    HEAD
    + QUOTED  # request
    + rb" ([0-9]{3}) ([0-9]+|-)"  # status, size
    + rb"(?: " + QUOTED + rb" " + QUOTED + rb"(?: .*)?)?",  # referer, agent, and what else a server appends
    re.DOTALL,
)
BEGINNING = re.compile(HEAD + rb'"', re.DOTALL)
REQUEST = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (.*)", re.DOTALL)
PROTOCOL = re.compile(rb"(.*) (HTTP/[^ ]*)", re.DOTALL)
TIME = re.compile(rb"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})")
MONTHS = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"]
EPOCH = datetime.datetime(1970, 1, 1)
U64_MAX = 2**64 - 1


def nanoseconds(text):
    """UTC nanoseconds since 1970, or None where the text is no time or one that 64 bits do not hold."""
    match = TIME.fullmatch(text)
    if not match or match[2] not in MONTHS:
        return None
    day, year, hour, minute, second, zone_hours, zone_minutes = (int(match[i]) for i in (1, 3, 4, 5, 6, 8, 9))
    if second > 60 or zone_hours > 23 or zone_minutes > 59:
        return None
    try:
        # Without the seconds, which may be 60 and which datetime would refuse.
        local = datetime.datetime(year, MONTHS.index(match[2]) + 1, day, hour, minute)
    except ValueError:
        return None
    zone = datetime.timedelta(hours=zone_hours, minutes=zone_minutes)
    since = local - EPOCH + datetime.timedelta(seconds=second) + (-zone if match[7] == b"+" else zone)
    ns = (since // datetime.timedelta(seconds=1)) * 10**9
    return ns if 0 <= ns <= U64_MAX else None


def address(text):
    """The address as inet_ntop(3) writes it, or None where the text is none."""
    if b"%" in text:  # a zone is no part of the 16 bytes of an address; ipaddress would take it
        return None
    try:
        found = ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        return None
    return socket.inet_ntop(socket.AF_INET if found.version == 4 else socket.AF_INET6, found.packed)


def segments(path):
    """The path's segments: what stands between its slashes, the leading one left out."""
    if not path:
        return []
    return re.sub(rb"\A/", b"", path).split(b"/")


def query_value(query, key):
    """The first value of a key; a parameter without `=` has an empty one."""
    for parameter in query.split(b"&"):
        if parameter:
            name, _, value = parameter.partition(b"=")
            if name == key:
                return value
    return None


def unless_dash(value):
    return None if value == b"-" else value


def fields(line, keys, numbers):
    """All fields of a line as bytes, numbers, booleans, lists, and None where there is no value."""
    found = {"access.line": line}
    match = LINE.fullmatch(line)
    if not match or (match[6] != b"-" and int(match[6]) > U64_MAX):
        return found
    client, user, time, request, status, size, referer, agent = match.groups()
    found["access.client"] = address(client)
    found["access.user"] = unless_dash(user)
    found["access.time"] = nanoseconds(time)
    found["access.status"] = int(status)
    found["access.error"] = int(status) >= 400
    found["access.bytes"] = None if size == b"-" else int(size)
    found["access.referer"] = unless_dash(referer)
    found["access.agent"] = unless_dash(agent)

    request = REQUEST.fullmatch(request)
    if request:
        method, target = request.groups()
        versioned = PROTOCOL.fullmatch(target)
        protocol = None
        if versioned:
            target, protocol = versioned.groups()
        if target:
            path, mark, query = target.partition(b"?")
            found["access.method"] = method
            found["access.path"] = path
            found["access.protocol"] = protocol
            if mark:
                for key in keys:
                    found[f"access.query[{key}]"] = query_value(query, key.encode())
            parts = segments(path)
            for number in numbers:
                found[f"access.segment[{number}]"] = parts[number] if number < len(parts) else None
            # An empty list is no value.
            found["access.segments"] = parts or None
    return found


def event_time(line):
    """The time of a line's event: it is there if the line is right up to its request, as far as that goes."""
    match = BEGINNING.match(line)
    return nanoseconds(match[3]) if match else None


def lines(data):
    """A log's lines: a CR before the LF is dropped, and a last line needs no LF."""
    *ended, last = data.split(b"\n")
    for line in ended:
        yield line.removesuffix(b"\r")
    if last:
        yield last


def main():
    parser = argparse.ArgumentParser(description="The fields of an access log, as JSON lines.")
    parser.add_argument("file")
    parser.add_argument("--query", metavar="KEY", action="append", default=[])
    parser.add_argument("--segment", metavar="N", action="append", default=[], type=int)
    parser.add_argument("--encoding", choices=["lossy", "latin-1"], default="lossy")
    options = parser.parse_args()

    def text(value):
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace") if options.encoding == "lossy" else value.decode("latin-1")
        if isinstance(value, list):
            return [text(item) for item in value]
        return value

    with open(options.file, "rb") as file:
        data = file.read()
    for num, line in enumerate(lines(data), 1):
        found = fields(line, options.query, options.segment)
        values = {name: text(value) for name, value in found.items() if value is not None}
        json.dump({"num": num, "ts": event_time(line), "fields": values}, sys.stdout)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
