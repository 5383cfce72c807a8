#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fields of examples/k8s-audit and examples/json, and filters on them, by other means.

It is the independent witness for the Rust plugins: written from what the fields mean, it shares nothing with them.

usage: k8s_audit.py values FILE < FIELDS
       k8s_audit.py select FILE < FILTERS

FILE has one audit event a line, JSON by the strict rules, in which duplicate keys and NULs do not occur.

FIELDS is one field with its argument a line. `values` prints one JSON object a line for each event, with those of the
fields that have a value: a string, or a list of strings.

FILTERS is one filter a line, as JSON; `select` prints the numbers of the events, from 1, that it selects, as a JSON array:
  [FIELD, "exists"]   [FIELD, OPERATOR, OPERAND]   ["and", FILTER...]   ["or", FILTER...]   ["not", FILTER]
FIELD may be in tolower(), toupper() or len(). OPERAND is a string; a number for `<` and its like; a list of strings for
`in`, `intersects` and `pmatch`; {"val": FIELD} for what another field has. As in the host, a field without a value meets
no condition, and texts are compared byte by byte, also with numbers.
"""

import calendar
import fnmatch
import json
import re
import sys
import urllib.parse

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)')


class Node:
    """A JSON value: its text without blanks, and what is in it."""

    def __init__(self, raw, items=None, members=None):
        self.raw, self.items, self.members = raw, items, members

    def text(self):
        """A string's text, and the JSON text of anything else."""
        return json.loads(self.raw) if self.raw.startswith('"') else self.raw

    def is_string(self):
        return self.raw.startswith('"')

    def at(self, *names):
        """What names lead to, through objects only; None where there is nothing."""
        node = self
        for name in names:
            if node is None or node.members is None:
                return None
            node = node.members.get(name)
        return node


def parse(text):
    json.loads(text)  # it is JSON
    tokens = TOKEN.findall(text)
    node, end = build(tokens, 0)
    assert end == len(tokens), text
    return node


def build(tokens, at):
    first = tokens[at]
    if first == "[":
        items, at = [], at + 1
        while tokens[at] != "]":
            item, at = build(tokens, at + (tokens[at] == ","))
            items.append(item)
        return Node("[" + ",".join(item.raw for item in items) + "]", items=items), at + 1
    if first == "{":
        members, raws, at = {}, [], at + 1
        while tokens[at] != "}":
            at += tokens[at] == ","
            name = tokens[at]
            value, at = build(tokens, at + 2)
            members[json.loads(name)] = value
            raws.append(name + ":" + value.raw)
        return Node("{" + ",".join(raws) + "}", members=members), at + 1
    return Node(first), at + 1


def text_or_none(node):
    return None if node is None else node.text()


# Fields that are what a path leads to.
PATHS = {
    "ka.auditid": ["auditID"],
    "ka.stage": ["stage"],
    "ka.auth.decision": ["annotations", "authorization.k8s.io/decision"],
    "ka.auth.reason": ["annotations", "authorization.k8s.io/reason"],
    "ka.auth.openshift.decision": ["annotations", "authentication.openshift.io/decision"],
    "ka.auth.openshift.username": ["annotations", "authentication.openshift.io/username"],
    "ka.validations.admission.policy.failure": ["annotations", "validation.policy.admission.k8s.io/validation_failure"],
    "ka.security.pod.violations": ["annotations", "pod-security.kubernetes.io/audit-violations"],
    "ka.cluster.name": ["annotations", "cluster_name"],
    "ka.user.name": ["user", "username"],
    "ka.impuser.name": ["impersonatedUser", "username"],
    "ka.verb": ["verb"],
    "ka.uri": ["requestURI"],
    "ka.target.name": ["objectRef", "name"],
    "ka.target.namespace": ["objectRef", "namespace"],
    "ka.target.resource": ["objectRef", "resource"],
    "ka.target.subresource": ["objectRef", "subresource"],
    "ka.req.binding.role": ["requestObject", "roleRef", "name"],
    "ka.req.configmap.name": ["objectRef", "name"],
    "ka.req.configmap.obj": ["requestObject", "data"],
    "ka.req.pod.host_ipc": ["requestObject", "spec", "hostIPC"],
    "ka.req.pod.host_network": ["requestObject", "spec", "hostNetwork"],
    "ka.req.container.host_network": ["requestObject", "spec", "hostNetwork"],
    "ka.req.pod.host_pid": ["requestObject", "spec", "hostPID"],
    "ka.req.pod.run_as_user": ["requestObject", "spec", "securityContext", "runAsUser"],
    "ka.req.pod.run_as_group": ["requestObject", "spec", "securityContext", "runAsGroup"],
    "ka.req.pod.fs_group": ["requestObject", "spec", "securityContext", "fsGroup"],
    "ka.req.service.type": ["requestObject", "spec", "type"],
    "ka.resp.name": ["responseObject", "metadata", "name"],
    "ka.response.code": ["responseStatus", "code"],
    "ka.response.reason": ["responseStatus", "reason"],
    "ka.useragent": ["userAgent"],
}

# Fields that are the elements of an array.
ARRAYS = {
    "ka.user.groups": ["user", "groups"],
    "ka.req.binding.subjects": ["requestObject", "subjects"],
    "ka.req.pod.supplemental_groups": ["requestObject", "spec", "securityContext", "supplementalGroups"],
    "ka.req.role.rules": ["requestObject", "rules"],
}

# Of a container, in its security context.
SECURITY = {
    "privileged": ["privileged"],
    "allow_privilege_escalation": ["allowPrivilegeEscalation"],
    "read_only_fs": ["readOnlyRootFilesystem"],
    "run_as_user": ["runAsUser"],
    "run_as_group": ["runAsGroup"],
    "proc_mount": ["procMount"],
    "add_capabilities": ["capabilities", "add"],
}


def elements(node, index):
    """The elements of an array, or the one of this number; an object stands for each; nothing where there is neither."""
    if node is None or node.items is None and node.members is None:
        return None
    items = node.items if node.items is not None else [node]
    if index is None or node.items is None:
        return items
    return items[index : index + 1] or None


def container_field(event, kind, name, index):
    spec = event.at("requestObject", "spec")
    containers = elements(spec.at(kind), index) if spec is not None else None
    if containers is None:
        return None
    if name in ("name", "image", "image.repository"):
        texts = [text_or_none(container.at(name.split(".")[0])) for container in containers]
        if None in texts:
            return None
        return [re.split("@", text.split(":")[0])[0] for text in texts] if name.endswith("repository") else texts
    if name in ("args", "command"):
        words = [container.at(name) for container in containers]
        words = [its for its in words if its is not None]
        if any(its.items is None or not all(map(Node.is_string, its.items)) for its in words):
            return None
        return [" ".join(word.text() for word in its.items) for its in words]
    if name in ("eff_run_as_user", "eff_run_as_group"):
        key = "runAsUser" if name.endswith("user") else "runAsGroup"
        values = [text_or_none(container.at(key)) for container in containers]
        if index is not None:
            return None if None in values else values
        default = text_or_none(spec.at(key)) or "0"
        return [default if value is None else value for value in values]
    if name == "host_port":
        lists = [container.at("ports") for container in containers]
        if any(ports is not None and ports.items is None for ports in lists):
            return None
        ports = [port for its in lists if its is not None for port in its.items]
        values = [port.at("hostPort") or port.at("containerPort") for port in ports]
    else:
        values = [container.at("securityContext", *SECURITY[name]) for container in containers]
    return [value.text() for value in values if value is not None]


def uri_param(uri, key):
    """By the rules of Go, for well-formed URIs."""
    query = uri.split("#")[0].partition("?")[2]
    if ";" in query or re.search("%(?![0-9A-Fa-f]{2})", query):
        return None
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if part and urllib.parse.unquote_plus(name) == key:
            return urllib.parse.unquote_plus(value)
    return None


def nanoseconds(event):
    """The time of the event."""
    match = re.fullmatch(
        r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:[.,](\d+))?(?:Z|([+-])(\d+):(\d+))", event.at("stageTimestamp").text()
    )
    seconds = calendar.timegm(tuple(int(match[i]) for i in range(1, 7)))
    if match[8]:
        zone = int(match[9]) * 3600 + int(match[10]) * 60
        seconds += -zone if match[8] == "+" else zone
    return seconds * 10**9 + int((match[7] or "0")[:9].ljust(9, "0"))


def pointer(node, path):
    if not path:
        return node
    for step in path.removeprefix("/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if node.items is not None:
            if not step.isdigit() or int(step) >= len(node.items):
                return None
            node = node.items[int(step)]
        else:
            node = node.at(step)
            if node is None:
                return None
    return node


def indented(node, depth=0):
    """As Go's json.Indent does it."""
    line = "\n" + "  " * (depth + 1)
    if node.items:
        inside = ("," + line).join(indented(item, depth + 1) for item in node.items)
        return "[" + line + inside + line[:-2] + "]"
    if node.members:
        inside = []
        rest = node.raw[1:]
        for value in node.members.values():
            name = TOKEN.match(rest)[1]
            inside.append(name + ": " + indented(value, depth + 1))
            rest = rest[len(name) + 1 + len(value.raw) + 1 :]
        return "{" + line + ("," + line).join(inside) + line[:-2] + "}"
    return node.raw


def subjects(event, kind, namespaced):
    found = event.at("requestObject", "subjects")
    names = []
    for subject in found.items if found is not None and found.items is not None else []:
        of_kind, name, namespace = subject.at("kind"), subject.at("name"), subject.at("namespace")
        if of_kind is None or of_kind.raw != json.dumps(kind) or name is None:
            continue
        if not namespaced:
            names.append(name.text())
        elif namespace is not None:
            names.append(namespace.text() + ":" + name.text())
    return names


def flattened(event, index, *names):
    """The elements of an array in each of the request object's elements."""
    *to, last = names
    lists = [element.at(last) for element in elements(event.at("requestObject", *to), index) or []]
    return [item.text() for items in lists if items is not None for item in items.items or []]


def volume_field(event, name, index):
    volumes = elements(event.at("requestObject", "spec", "volumes"), index)
    if volumes is None:
        return None
    if name == "volume_type":
        return [key for volume in volumes for key in volume.members or {} if key != "name"]
    path = {"hostpath": ["hostPath", "path"], "flexvolume_driver": ["flexVolume", "driver"]}[name]
    values = [volume.at(*path) for volume in volumes]
    return [value.text() for value in values if value is not None]


def audit_field(event, name, argument):
    """A field `ka.*`: None, a text, or a list of texts."""
    if event.at("auditID") is None:
        return None
    if name in PATHS:
        return text_or_none(event.at(*PATHS[name]))
    if name in ARRAYS:
        node = event.at(*ARRAYS[name])
        return [item.text() for item in node.items] if node is not None and node.items is not None else None
    if name == "ka.uri.param":
        uri = event.at("requestURI")
        return None if uri is None else uri_param(uri.text(), argument)
    if name == "ka.target.pod.name":
        resource, subresource = event.at("objectRef", "resource"), event.at("objectRef", "subresource")
        whole = subresource is None or subresource.raw in ('""', "null")
        is_pod = resource is not None and resource.raw == '"pods"'
        return text_or_none(event.at("responseObject", "metadata", "name")) if is_pod and whole else None
    if name == "ka.req.binding.subject.has_name":
        return "true"
    kinds = {"user_names": "User", "serviceaccount_names": "ServiceAccount", "group_names": "Group"}
    kinds["serviceaccount_ns_names"] = "ServiceAccount"
    start, _, end = name.rpartition(".")
    if start == "ka.req.binding.subjects":
        return subjects(event, kinds[end], end == "serviceaccount_ns_names")
    spec = event.at("requestObject", "spec")
    if name in ("ka.req.container.image", "ka.req.container.image.repository"):
        images = container_field(event, "containers", name.removeprefix("ka.req.container."), 0)
        return images[0] if images else None
    if name == "ka.req.container.privileged":
        containers = elements(spec.at("containers"), None) if spec is not None else None
        if containers is None:
            return None
        flags = [container.at("securityContext", "privileged") for container in containers]
        return "true" if any(flag is not None and flag.raw == "true" for flag in flags) else "false"
    if name == "ka.req.volume.hostpath":
        paths = volume_field(event, "hostpath", None)
        if paths is None:
            return None
        if argument.endswith("*"):
            return "true" if any(path.startswith(argument[:-1]) for path in paths) else "false"
        return "true" if argument in paths else "false"
    index = None if argument is None else int(argument)
    if start == "ka.req.role.rules":
        return flattened(event, index, "rules", end)
    if name == "ka.sourceips":
        return flattened(event, index, "rules", "sourceIPs")
    if name == "ka.req.service.ports":
        ports = spec.at("ports") if spec is not None else None
        return None if ports is None else [ports.raw]
    if start == "ka.req.pod.volumes":
        return volume_field(event, end, index)
    match = re.fullmatch(r"ka\.req\.pod\.(containers|initContainers|ephemeralContainers)\.(.+)", name)
    if not match:
        raise ValueError(f"no field {name}")
    return container_field(event, match[1], match[2], index)


def field(event, text):
    """The value of a field; None where it has none, as where its list is empty."""
    match = re.fullmatch(r"([a-z0-9A-Z_.]+)(?:\[(.*)\])?", text)
    if not match:
        raise ValueError(f"no field {text}")
    name, argument = match[1], match[2]
    if name.startswith("ka."):
        value = audit_field(event, name, argument)
        return None if value == [] else value
    what = {"json": name[5:], "jevt": name[5:]}[name[:4]]
    if what == "value":
        return text_or_none(pointer(event, argument))
    return {"obj": lambda: indented(event), "rawtime": lambda: str(nanoseconds(event))}[what]()


def operand_of(event, text):
    """The value of a field with what stands around it."""
    match = re.fullmatch(r"(tolower|toupper|len)\((.*)\)", text)
    if not match:
        return field(event, text)
    value = field(event, match[2])
    if value is None:
        return None
    if match[1] == "len":
        # Of a list its elements, of a text its bytes.
        return len(value if isinstance(value, list) else value.encode())
    return lower(value, match[1] == "tolower")


def lower(text, is_lower):
    """ASCII letters only, as in the C locale."""
    data = text.encode()
    return (data.lower() if is_lower else data.upper()).decode()


def path_begins(path, begin):
    """Whether the path is this one or something below it."""
    return path == begin or path.startswith(begin.rstrip("/") + "/")


ORDER = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
TEXT = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "contains": lambda a, b: b in a,
    "icontains": lambda a, b: lower(b, True) in lower(a, True),
    "startswith": lambda a, b: a.startswith(b),
    "endswith": lambda a, b: a.endswith(b),
    "glob": fnmatch.fnmatchcase,
    "iglob": lambda a, b: fnmatch.fnmatchcase(lower(a, True), lower(b, True)),
    "regex": lambda a, b: re.fullmatch(b, a) is not None,
}


def meets(event, condition):
    first = condition[0]
    if first in ("and", "or"):
        return (all if first == "and" else any)(meets(event, its) for its in condition[1:])
    if first == "not":
        return not meets(event, condition[1])
    value = operand_of(event, first)
    if value is None:
        return False
    operator = condition[1]
    if operator == "exists":
        return True
    operand = condition[2]
    if isinstance(operand, dict):
        operand = field(event, operand["val"])
        if operand is None:
            return False
    if operator in ORDER:
        if isinstance(value, int):
            return ORDER[operator](value, operand)
        return ORDER[operator](value.encode(), str(operand).encode())
    if isinstance(value, int):
        return {"=": value == operand, "!=": value != operand}[operator]
    if operator == "pmatch":
        return any(path_begins(value, begin) for begin in operand)
    values = value if isinstance(value, list) else [value]
    if operator == "in":
        return all(item in operand for item in values)
    if operator == "intersects":
        return any(item in operand for item in values)
    return TEXT[operator](value, operand)


def main():
    what, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        events = [parse(line) for line in file.read().split("\n") if line.strip()]
    lines = sys.stdin.read().splitlines()
    if what == "values":
        for event in events:
            values = {name: field(event, name) for name in lines}
            print(json.dumps({name: value for name, value in values.items() if value is not None}))
    else:
        for line in lines:
            condition = json.loads(line)
            print(json.dumps([number for number, event in enumerate(events, 1) if meets(event, condition)]))


main()
