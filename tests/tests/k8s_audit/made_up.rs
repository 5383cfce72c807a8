// SPDX-License-Identifier: Apache-2.0
//! Audit events made up here, so that every field has a value in one of them, and not the same in all.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

/// A container with all that there is a field for; `number` makes it another one.
fn container(kind: &str, number: u32) -> Json {
    let even = number.is_multiple_of(2);
    json!({
        "name": format!("{kind}-{number}"),
        "image": format!("registry.example:5000/{kind}/app{number}:1.{number}@sha256:ab{number}"),
        "args": [format!("--{kind}"), format!("{number}")],
        "command": [format!("/bin/{kind}"), "-c", format!("echo {number}")],
        "ports": [{"containerPort": 8000 + number}, {"containerPort": 80, "hostPort": 30000 + number}],
        "runAsUser": 100 + number,
        "runAsGroup": 200 + number,
        "securityContext": {
            "privileged": even,
            "allowPrivilegeEscalation": !even,
            "readOnlyRootFilesystem": even,
            "runAsUser": 1000 + number,
            "runAsGroup": 2000 + number,
            "procMount": if even { "Default" } else { "Unmasked" },
            "capabilities": {"add": ["NET_ADMIN", format!("CAP_{number}")]},
        },
    })
}

fn pod(number: u32) -> Json {
    let containers = |kind: &str| Json::from_iter([container(kind, number), container(kind, number + 1)]);
    json!({
        "kind": "Event", "auditID": format!("pod-{number}"), "stage": "ResponseComplete", "verb": "create",
        "stageTimestamp": format!("2026-01-02T03:04:0{number}.123456Z"),
        "requestURI": format!("/api/v1/namespaces/n{number}/pods?dryRun=All&watch={number}"),
        "user": {"username": format!("maker{number}"), "groups": ["makers", format!("group{number}")]},
        "objectRef": {"resource": "pods", "namespace": format!("n{number}"), "name": format!("pod{number}")},
        "requestObject": {"kind": "Pod", "spec": {
            "hostIPC": number == 1, "hostNetwork": number == 2, "hostPID": number == 3,
            "runAsUser": 10 + number, "runAsGroup": 20 + number,
            "securityContext": {
                "runAsUser": 11 + number, "runAsGroup": 21 + number, "fsGroup": 31 + number,
                "supplementalGroups": [41 + number, 42, "x"],
            },
            "containers": containers("main"),
            "initContainers": containers("init"),
            "ephemeralContainers": containers("look"),
            "volumes": [
                {"name": "a", "hostPath": {"path": format!("/var/run/{number}"), "type": "File"},
                    "flexVolume": {"driver": format!("example/a{number}")}},
                {"name": "b", "hostPath": {"path": "/etc"}, "flexVolume": {"driver": "example/b"}, "emptyDir": {}},
            ],
        }},
        "responseObject": {"metadata": {"name": format!("pod{number}-x7f")}},
        "responseStatus": {"code": 200 + number, "reason": format!("Created {number}")},
        "userAgent": format!("kubectl/v1.{number} (linux/amd64)"),
        "annotations": {
            "authorization.k8s.io/decision": if number == 2 { "forbid" } else { "allow" },
            "authorization.k8s.io/reason": format!("RBAC: rule {number}"),
        },
    })
}

/// Something was done to an object.
fn event(id: &str, verb: &str, object: &Json, more: &Json) -> Json {
    let mut event = json!({
        "kind": "Event", "auditID": id, "stage": "RequestReceived", "verb": verb,
        "stageTimestamp": "2026-02-03T04:05:06.7+01:30", "objectRef": object, "user": {"username": "somebody"},
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

/// All of them, each of one line.
pub(crate) fn lines() -> Vec<String> {
    let of = |resource: &str, name: &str| json!({"resource": resource, "name": name, "namespace": "prod"});
    let events = [
        pod(1),
        pod(2),
        pod(3),
        // What a pod says for its containers, or nobody.
        event(
            "plain",
            "create",
            &of("pods", "plain"),
            &json!({"requestObject": {"spec": {"runAsUser": 77, "containers": [
                {"name": "a", "image": "nginx"},
                {"name": "b", "image": "nginx@sha256:00", "runAsGroup": 5, "securityContext": {"privileged": true},
                    "ports": [{"containerPort": 8080}]},
            ]}}}),
        ),
        event(
            "nameless",
            "create",
            &of("pods", "nameless"),
            &json!({"requestObject": {"spec": {"containers": [
                {"image": "busybox:latest"}, {"name": "second", "args": [], "command": ["sleep", "1"]},
            ]}}}),
        ),
        event(
            "binding",
            "create",
            &of("clusterrolebindings", "all"),
            &json!({"requestObject": {
                "roleRef": {"name": "cluster-admin"},
                "subjects": [
                    {"kind": "User", "name": "alice"}, {"kind": "User", "name": "bob"},
                    {"kind": "Group", "name": "system:masters"}, {"kind": "Group", "name": "admins"},
                    {"kind": "ServiceAccount", "name": "builder", "namespace": "ci"},
                    {"kind": "ServiceAccount", "name": "global"},
                ],
            }}),
        ),
        event(
            "binding2",
            "update",
            &of("rolebindings", "some"),
            &json!({"requestObject": {
                "roleRef": {"name": "view"},
                "subjects": [
                    {"kind": "User", "name": "carol"}, {"kind": "Group", "name": "admins"},
                    {"kind": "ServiceAccount", "name": "default", "namespace": "kube-system"},
                ],
            }}),
        ),
        event(
            "role",
            "create",
            &of("clusterroles", "reader"),
            &json!({"requestObject": {"rules": [
                {"apiGroups": ["", "apps"], "resources": ["pods", "pods/exec"], "verbs": ["get", "list"],
                    "sourceIPs": ["192.0.2.1", "192.0.2.2"]},
                {"apiGroups": ["batch"], "resources": ["*"], "verbs": ["*"], "nonResourceURLs": ["/healthz", "/metrics"],
                    "sourceIPs": ["2001:db8::1"]},
            ]}}),
        ),
        event(
            "role2",
            "patch",
            &of("roles", "writer"),
            &json!({"requestObject": {"rules": [
                {"verbs": ["delete"], "resources": ["secrets"], "nonResourceURLs": ["/version"], "apiGroups": ["apps"]},
            ]}}),
        ),
        event(
            "service",
            "create",
            &of("services", "web"),
            &json!({"requestObject": {"spec": {
                "type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}, {"port": 443}],
            }}}),
        ),
        event(
            "service2",
            "create",
            &of("services", "db"),
            &json!({"requestObject": {"spec": {
                "type": "ClusterIP", "ports": [{"port": 5432}],
            }}}),
        ),
        event(
            "configmap",
            "update",
            &of("configmaps", "settings"),
            &json!({"requestObject": {
                "data": {"color": "Grün ☂", "quoted": "a \"b\" \\ c\n\td", "aws_access_key_id": "x"},
            }}),
        ),
        event(
            "exec",
            "create",
            &json!({"resource": "pods", "subresource": "exec", "name": "web-0", "namespace": "dev"}),
            &json!({
                "requestURI": "/api/v1/namespaces/dev/pods/web-0/exec?command=sh+-c&command=ls&container=a%20b%2Fc&stdin=true",
                "responseStatus": {"code": 101, "reason": null},
            }),
        ),
        event(
            "watch",
            "watch",
            &of("nodes", "n"),
            &json!({
                "requestURI": "/api/v1/nodes?timeoutSeconds=7m3s&watch=true&container=", "impersonatedUser": {"username": "root"},
                "user": {"username": "Zoë", "groups": ["", "system:authenticated", "Ünicode"]},
            }),
        ),
        event(
            "refused",
            "delete",
            &of("secrets", "token"),
            &json!({
                "responseStatus": {"code": 403, "reason": "Forbidden"}, "impersonatedUser": {"username": "system:admin"},
                "annotations": {
                    "authentication.openshift.io/decision": "deny", "authentication.openshift.io/username": "kubeadmin",
                    "cluster_name": "east-1", "pod-security.kubernetes.io/audit-violations": "would violate \"restricted\"",
                    "validation.policy.admission.k8s.io/validation_failure": "[{\"message\":\"no\"}]",
                },
            }),
        ),
        event(
            "refused2",
            "delete",
            &of("secrets", "other"),
            &json!({
                "user": {"username": "system:admin", "groups": ["system:masters"]},
                "impersonatedUser": {"username": "system:admin"}, "responseStatus": {"code": 404, "reason": "NotFound"},
                "annotations": {
                    "authentication.openshift.io/decision": "allow", "authentication.openshift.io/username": "dev",
                    "cluster_name": "west-2", "pod-security.kubernetes.io/audit-violations": "none",
                    "validation.policy.admission.k8s.io/validation_failure": "[]",
                },
            }),
        ),
        // No audit event by its fields, but by its time: it has values of the other plugin only.
        json!({"kind": "Event", "stageTimestamp": "2026-01-01T00:00:00Z", "verb": "create", "a": {"b": [1, null, {"c/d": "~"}]}}),
    ];
    events.iter().map(Json::to_string).collect()
}

/// Writes lines to a file, so many times over.
pub(crate) fn write(path: &Path, lines: &[String], times: usize) {
    fs::write(path, (lines.join("\n") + "\n").repeat(times)).unwrap();
}
