// SPDX-License-Identifier: Apache-2.0
//! Fields and quirks that no recorded event shows, on made-up events in the project's own host.
#![cfg(test)]

#[path = "support/random.rs"]
mod random;
mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use falconet_host::{Event, Offset, Outcome, Plugin, encode_plugin_event};

fn of(plugin: &Plugin, payload: &str, field: &str) -> Option<String> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    support::printed(plugin, payload.as_bytes(), 1, NUMBER.fetch_add(1, Ordering::Relaxed), field)
}

/// The fields of an event with an id and these members.
fn check(plugin: &Plugin, members: &str, expected: &[(&str, Option<&str>)]) {
    let payload = format!("{{\"auditID\":\"x\",{members}}}");
    for (field, expected) in expected {
        assert_eq!(of(plugin, &payload, field).as_deref(), *expected, "{field} of {payload}");
    }
}

/// The fields of an event with an object in its request.
fn check_object(plugin: &Plugin, object: &str, expected: &[(&str, Option<&str>)]) {
    check(plugin, &format!("\"requestObject\":{object}"), expected);
}

#[test]
fn annotations_and_users_that_no_recorded_event_has() {
    let plugin = support::load("k8saudit");
    let annotations = r#""annotations":{
        "authentication.openshift.io/decision":"allow","authentication.openshift.io/username":"kube\u003aadmin",
        "validation.policy.admission.k8s.io/validation_failure":"[{\"message\":\"no\"}]",
        "pod-security.kubernetes.io/audit-violations":"would violate","cluster_name":"east"},
        "impersonatedUser":{"username":"other","groups":["g"]},"userAgent":"kubectl/v1","sourceIPs":["192.0.2.1"]"#;
    check(
        &plugin,
        annotations,
        &[
            ("ka.auth.openshift.decision", Some("allow")),
            ("ka.auth.openshift.username", Some("kube:admin")),
            ("ka.validations.admission.policy.failure", Some(r#"[{"message":"no"}]"#)),
            ("ka.security.pod.violations", Some("would violate")),
            ("ka.cluster.name", Some("east")),
            ("ka.impuser.name", Some("other")),
            ("ka.useragent", Some("kubectl/v1")),
            ("ka.sourceips", None),
            ("ka.sourceips[0]", None),
        ],
    );
}

#[test]
fn the_text_of_the_largest_event_is_the_whole_of_it() {
    let plugin = support::load("k8saudit");
    let largest = 256 * 1024;
    let start = r#"{"auditID":"x","big":""#;
    let payload = format!("{start}{}\"}}", "v".repeat(largest - start.len() - 2));
    let bytes = encode_plugin_event(1, 1, payload.as_bytes());
    let event = Event::from_bytes(&bytes, 1, c"k8s_audit").unwrap();
    let text = plugin.event_text(&event);
    assert_eq!((text.len(), text == payload), (largest, true));
}

#[test]
fn without_an_audit_id_there_is_nothing() {
    let plugin = support::load("k8saudit");
    for payload in [
        r#"{"verb":"v"}"#,
        r#"[{"auditID":1}]"#,
        "1",
        "",
        "x",
        r#"{"auditID":1,"verb":"v"} x"#,
        r#"{"x":{"auditID":1}}"#,
    ] {
        for field in ["ka.verb", "ka.auditid", "ka.req.binding.subject.has_name[x]", "ka.user.groups"] {
            assert_eq!(of(&plugin, payload, field), None, "{field} of {payload:?}");
        }
    }
    let bytes = encode_plugin_event(1, 1, br#"{"auditID":1}"#);
    let request = plugin.library().field("ka.auditid").unwrap();
    let other = Event::from_bytes(&bytes, 1, c"other").unwrap();
    assert_eq!(plugin.extract(&other, &[request]).unwrap().outcome, Outcome::NotAsked);
}

#[test]
fn sourceips_are_those_of_the_rules_in_the_request() {
    let plugin = support::load("k8saudit");
    check_object(
        &plugin,
        r#"{"rules":[{"sourceIPs":["a","b"]},{},{"sourceIPs":["c"]},{"sourceIPs":"d"}]}"#,
        &[
            ("ka.sourceips", Some("(a,b,c)")),
            ("ka.sourceips[0]", Some("(a,b)")),
            ("ka.sourceips[1]", None),
            ("ka.sourceips[2]", Some("(c)")),
            ("ka.sourceips[3]", None),
            ("ka.sourceips[4]", None),
            ("ka.sourceips[18446744073709551614]", None),
        ],
    );
}

#[test]
fn an_index_out_of_range_gives_nothing() {
    let plugin = support::load("k8saudit");
    check_object(
        &plugin,
        r#"{"spec":{"containers":[{"name":"a","image":"i","args":["x"],"command":["y"],"ports":[]}],"volumes":[{"emptyDir":{}}]}}"#,
        &[
            ("ka.req.pod.containers.name[1]", None),
            ("ka.req.pod.containers.image.repository[1]", None),
            ("ka.req.pod.containers.args[1]", None),
            ("ka.req.pod.containers.host_port", None),
            ("ka.req.pod.containers.host_port[1]", None),
            ("ka.req.pod.containers.eff_run_as_user[1]", None),
            ("ka.req.pod.containers.eff_run_as_user[0]", None),
            ("ka.req.pod.containers.eff_run_as_user", Some("(0)")),
            ("ka.req.pod.initContainers.name", None),
            ("ka.req.pod.volumes.volume_type[1]", None),
            ("ka.req.pod.volumes.flexvolume_driver[0]", None),
        ],
    );
}

#[test]
fn an_object_is_taken_for_the_element_of_an_array() {
    let plugin = support::load("k8saudit");
    check_object(
        &plugin,
        r#"{"spec":{"containers":{"name":"a","image":"r:1"},"volumes":{"name":"v","hostPath":{"path":"/etc"}}}}"#,
        &[
            ("ka.req.pod.containers.name", Some("(a)")),
            ("ka.req.pod.containers.name[7]", Some("(a)")),
            ("ka.req.container.image", Some("r:1")),
            ("ka.req.container.image.repository", Some("r")),
            ("ka.req.pod.containers.run_as_user", None),
            ("ka.req.container.privileged", None),
            ("ka.req.pod.volumes.hostpath", Some("(/etc)")),
            ("ka.req.volume.hostpath[/etc]", Some("true")),
            ("ka.req.pod.volumes.volume_type[3]", Some("(hostPath)")),
        ],
    );
}

#[test]
fn arrays_anywhere_on_the_way_are_gone_through() {
    let plugin = support::load("k8saudit");
    // The official plugin ends the host's process over volume_type here.
    check_object(
        &plugin,
        r#"[{"spec":[{"containers":[{"name":"a"},[{"name":"b"},[]]],"volumes":[[{"nfs":1}],5]}]},{"spec":{}},{}]"#,
        &[
            ("ka.req.pod.volumes.volume_type", Some("(nfs)")),
            ("ka.req.pod.volumes.volume_type[0]", None),
            ("ka.req.pod.containers.name", None),
            ("ka.req.pod.containers.name[0]", Some("(a)")),
            ("ka.req.pod.containers.eff_run_as_user", Some("(0,0,0,0)")),
            ("ka.req.container.privileged", Some("false")),
            ("ka.req.volume.hostpath[*]", Some("false")),
            ("ka.req.pod.host_ipc", None),
        ],
    );
    check_object(
        &plugin,
        "[]",
        &[("ka.req.container.privileged", Some("false")), ("ka.req.pod.containers.name", None)],
    );
    check_object(&plugin, "null", &[("ka.req.container.privileged", None), ("ka.req.role.rules", None)]);
    let deep = "[".repeat(9_990) + &"]".repeat(9_990);
    check_object(&plugin, &format!("{{\"spec\":{deep}}}"), &[("ka.req.pod.containers.name", None)]);
    check_object(&plugin, &format!("{{\"rules\":{deep}}}"), &[("ka.req.role.rules.verbs", None)]);
}

#[test]
fn effective_users_are_those_of_the_container_then_of_the_spec_then_0() {
    let plugin = support::load("k8saudit");
    check_object(
        &plugin,
        r#"{"spec":{"runAsUser":"p\u0041","securityContext":{"runAsUser":9},"ephemeralContainers":[{"runAsUser":null},{}]}}"#,
        &[
            ("ka.req.pod.ephemeralContainers.eff_run_as_user", Some("(null,pA)")),
            ("ka.req.pod.ephemeralContainers.eff_run_as_user[0]", Some("(null)")),
            ("ka.req.pod.ephemeralContainers.eff_run_as_user[1]", None),
            ("ka.req.pod.ephemeralContainers.eff_run_as_group", Some("(0,0)")),
            ("ka.req.pod.run_as_user", Some("9")),
        ],
    );
}

#[test]
fn words_are_joined_and_anything_else_leaves_nothing() {
    let plugin = support::load("k8saudit");
    let containers = |args: &str| format!("{{\"spec\":{{\"containers\":[{{}},{{\"args\":{args}}},{{\"args\":[]}}]}}}}");
    for (args, expected) in [
        (r#"["a","b\n c",""]"#, Some("(a b\n c ,)")),
        (r#"["a\u0000b","c"]"#, Some("(a,)")),
        ("[1]", None),
        ("\"a\"", None),
        ("null", None),
        ("{}", None),
    ] {
        check_object(&plugin, &containers(args), &[("ka.req.pod.containers.args", expected)]);
    }
    check_object(&plugin, &containers("1"), &[("ka.req.pod.containers.args[2]", Some("()"))]);
    check_object(&plugin, "{\"spec\":{\"containers\":[{},{}]}}", &[("ka.req.pod.containers.command", None)]);
}

#[test]
fn paths_of_the_host_match_as_a_whole_or_by_their_beginning() {
    let plugin = support::load("k8saudit");
    check_object(
        &plugin,
        r#"{"spec":{"volumes":[{"hostPath":{"path":"\/var\/l\u006fg"}},{"hostPath":{}},{"hostPath":{"path":5}}]}}"#,
        &[
            ("ka.req.volume.hostpath[/var/log]", Some("true")),
            ("ka.req.volume.hostpath[/var/lo]", Some("false")),
            ("ka.req.volume.hostpath[/var/lo*]", Some("true")),
            ("ka.req.volume.hostpath[/var/log*]", Some("true")),
            ("ka.req.volume.hostpath[/var/logs*]", Some("false")),
            ("ka.req.volume.hostpath[*]", Some("true")),
            ("ka.req.volume.hostpath[5]", Some("true")),
            ("ka.req.pod.volumes.hostpath", Some("(/var/log,5)")),
        ],
    );
    check_object(&plugin, r#"{"spec":{"volumes":[]}}"#, &[("ka.req.volume.hostpath[*]", Some("false"))]);
    check_object(&plugin, r#"{"spec":{}}"#, &[("ka.req.volume.hostpath[*]", None)]);
}

#[test]
fn a_pod_is_named_by_the_response_where_the_request_is_about_a_whole_pod() {
    let plugin = support::load("k8saudit");
    for (reference, expected) in [
        (r#"{"resource":"pods"}"#, Some("rn")),
        (r#"{"resource":"p\u006fds","subresource":""}"#, Some("rn")),
        (r#"{"resource":"pods","subresource":null}"#, Some("rn")),
        (r#"{"resource":"pods","subresource":1}"#, Some("rn")),
        (r#"{"resource":"pods","subresource":"log"}"#, None),
        (r#"{"resource":"services"}"#, None),
        ("{}", None),
        ("null", None),
    ] {
        let members = format!(r#""objectRef":{reference},"responseObject":{{"metadata":{{"name":"rn"}}}}"#);
        check(&plugin, &members, &[("ka.target.pod.name", expected)]);
    }
}

#[test]
fn a_parameter_of_a_uri_is_found_behind_json_escapes() {
    let plugin = support::load("k8saudit");
    for (uri, expected) in [
        (r#""/api?a=1\u0026watch=x%20y\u002bz""#, Some("x y z")),
        (r#""/api?watch=%00x""#, Some("")),
        (r#""/api?a=1""#, None),
        (r#""/api?watch=1\u0026b=%g""#, None),
        (r#""/api?watch=1\u003bb=2""#, None),
        ("5", None),
        ("null", None),
    ] {
        check(&plugin, &format!("\"requestURI\":{uri}"), &[("ka.uri.param[watch]", expected)]);
    }
    check(&plugin, r#""requestURI":"/a?%77=1""#, &[("ka.uri.param[w]", Some("1")), ("ka.uri", Some("/a?%77=1"))]);
}

#[test]
fn a_nul_is_the_end_of_a_value_and_blanks_are_left_out() {
    let plugin = support::load("k8saudit");
    check(
        &plugin,
        "\"verb\":\"a\\u0000b\",\"stage\":\"c\0d\",\"user\":{ \"username\" : [ 1 , { \"a b\" : \"c d\" } ] ,\n\"groups\" : [ [ 1 ] , 2 ]}",
        &[
            ("ka.verb", Some("a")),
            ("ka.stage", Some("c")),
            ("ka.user.name", Some(r#"[1,{"a b":"c d"}]"#)),
            ("ka.user.groups", Some("([1],2)")),
        ],
    );
}

#[test]
fn lists_that_are_none_have_no_value() {
    let plugin = support::load("k8saudit");
    for groups in ["[]", "{}", "\"a\"", "null", "1"] {
        check(&plugin, &format!("\"user\":{{\"groups\":{groups}}}"), &[("ka.user.groups", None)]);
    }
    check(&plugin, "\"user\":[{\"groups\":[1]}]", &[("ka.user.groups", None)]);
}

#[test]
fn subjects_are_told_apart_by_their_kind() {
    let plugin = support::load("k8saudit");
    check_object(
        &plugin,
        r#"{"subjects":[{"kind":"Us\u0065r","name":"u"},{"kind":["User"],"name":"v"},
            {"kind":"ServiceAccount","name":"a\u0041","namespace":null},{"kind":"ServiceAccount","namespace":"n"},["x"]]}"#,
        &[
            ("ka.req.binding.subjects.user_names", Some("(u)")),
            ("ka.req.binding.subjects.serviceaccount_names", Some("(aA)")),
            ("ka.req.binding.subjects.serviceaccount_ns_names", Some("(null:aA)")),
            ("ka.req.binding.subjects.group_names", None),
        ],
    );
}

#[test]
fn long_values_are_whole() {
    let plugin = support::load("k8saudit");
    let long = "x".repeat(262_000);
    check_object(&plugin, &format!("{{\"data\":\"{long}\"}}"), &[("ka.req.configmap.obj", Some(&long))]);
    let rules = vec!["\"v\""; 60_000].join(",");
    let expected = format!("({})", vec!["v"; 60_000].join(","));
    check_object(
        &plugin,
        &format!("{{\"rules\":[{{\"verbs\":[{rules}]}}]}}"),
        &[("ka.req.role.rules.verbs", Some(&expected))],
    );
}

#[test]
fn offsets_are_told_of_values_that_stand_in_the_event() {
    let plugin = support::load("k8saudit");
    let payload = br#"{"auditID":"x","user":{"username":"me","groups":["a",1]},"requestObject":{"spec":{"containers":[{"name":"c"}]}}}"#;
    let bytes = encode_plugin_event(1, 1, payload);
    let event = Event::from_bytes(&bytes, 1, c"k8s_audit").unwrap();
    for (field, expected) in [
        ("ka.auditid", vec!["\"x\""]),
        ("ka.user.name", vec!["\"me\""]),
        ("ka.user.groups", vec!["\"a\"", "1"]),
        ("ka.req.pod.containers.name", vec![""]),
    ] {
        let request = plugin.library().field(field).unwrap();
        let offsets = plugin.extract_with_offsets(&event, &request).unwrap().fields.remove(0).offsets.unwrap();
        let texts = offsets.iter().map(|Offset { start, length }| &bytes[*start as usize..][..*length as usize]);
        assert_eq!(texts.map(|text| std::str::from_utf8(text).unwrap()).collect::<Vec<_>>(), expected, "{field}");
    }
}

#[test]
fn no_bytes_make_extraction_fail() {
    const EVENT: &str = r#"{"auditID":"x","user":{"username":"a\u0041","groups":["g"]},"requestURI":"/a?b=%20\u0026c",
        "objectRef":{"resource":"pods","name":"n"},"responseObject":{"metadata":{"name":"r"}},"requestObject":{
        "subjects":[{"kind":"User","name":"u"}],"rules":[{"verbs":["v"],"sourceIPs":["i"]}],"spec":{"ports":[{"port":1}],
        "runAsUser":1,"containers":[{"name":"c","image":"i:1","args":["a"],"command":["b"],"ports":[{"hostPort":1}],
        "securityContext":{"privileged":true,"capabilities":{"add":["A"]}}},{"name":"d"}],"volumes":[{"hostPath":{"path":"/"}}]}}}"#;
    let plugin = support::load("k8saudit");
    let fields = &plugin.library().info().fields;
    let mut requests: Vec<_> = Vec::new();
    for field in fields {
        let arguments: &[&str] = match field.argument {
            takes if takes.key => &["[b]", "[/*]", "[]"],
            takes if takes.index => &["", "[0]", "[1]"],
            _ => &[""],
        };
        requests.extend(arguments.iter().map(|argument| format!("{}{argument}", field.name)));
    }
    let requests: Vec<_> = requests.iter().map(|request| plugin.library().field(request).unwrap()).collect();
    let (mut random, mut values) = (random::Random::new(6), 0);
    for number in 1..2_000 {
        let mut payload = EVENT.as_bytes().to_vec();
        for _ in 0..random.below(3) {
            let (start, bytes) = (random.below(payload.len()), random.bytes());
            let end = (start + random.below(12)).min(payload.len());
            payload.splice(start..end, bytes);
        }
        let bytes = encode_plugin_event(1, 1, &payload);
        let event = Event::from_bytes(&bytes, number, c"k8s_audit").unwrap();
        let extraction = plugin.extract(&event, &requests).unwrap();
        values += extraction.fields.iter().map(|field| field.values.len()).sum::<usize>();
    }
    assert!(values > 10_000, "{values}");
}
