// SPDX-License-Identifier: Apache-2.0
//! The fields of the request that an event is about: who has asked what, and what was answered.

use falconet::Field;
use falconet::extract::{Argument, List, Located, Request, Text};

use super::{Found, Part, lists, uri};
use crate::K8sAudit;

/// A field that is the value at a path.
macro_rules! at {
    ($name:literal, $desc:literal, $part:ident $(, $step:literal)*) => {
        Field::<K8sAudit>::new($name, $desc, |_, found: &Found, request| {
            lists::value(found, request, Part::$part, &[$($step),*])
        })
    };
}

/// A field that is the elements of the array at a path.
macro_rules! elements_at {
    ($name:literal, $desc:literal, $part:ident $(, $step:literal)*) => {
        Field::<K8sAudit>::list($name, $desc, |_, found: &Found, list: &mut List<'_, '_, Option<Located<Text>>>| {
            let _none = lists::elements(found, list, Part::$part, &[$($step),*]);
        })
    };
}

pub(super) use {at, elements_at};

pub(super) const FIELDS: &[Field<K8sAudit>] = &[
    at!("ka.auditid", "the id of the audit event", AuditId),
    at!("ka.stage", "how far the request was handled, such as ResponseComplete", Stage),
    at!("ka.auth.decision", "what the authorizer decided", Annotations, "authorization.k8s.io/decision"),
    at!("ka.auth.reason", "why the authorizer decided so", Annotations, "authorization.k8s.io/reason"),
    at!(
        "ka.auth.openshift.decision",
        "what OpenShift's authentication decided",
        Annotations,
        "authentication.openshift.io/decision"
    ),
    at!(
        "ka.validations.admission.policy.failure",
        "what a validating admission policy found wrong",
        Annotations,
        "validation.policy.admission.k8s.io/validation_failure"
    ),
    at!(
        "ka.security.pod.violations",
        "what the pod security standards found wrong",
        Annotations,
        "pod-security.kubernetes.io/audit-violations"
    ),
    at!(
        "ka.auth.openshift.username",
        "the user that OpenShift's authentication saw",
        Annotations,
        "authentication.openshift.io/username"
    ),
    at!("ka.user.name", "the user who made the request", User, "username"),
    elements_at!("ka.user.groups", "the groups of this user", User, "groups"),
    at!("ka.impuser.name", "the user who was impersonated", ImpersonatedUser, "username"),
    at!("ka.verb", "what was asked for, such as create or watch", Verb),
    at!("ka.uri", "the request's URI as the client has sent it", RequestUri),
    Field::<K8sAudit>::new("ka.uri.param", "the first value of a parameter in the URI's query", |_, found: &Found, request| {
        uri_param(found, request)
    })
    .argument(Argument::KEY.required()),
    at!("ka.target.name", "the name of the object that the request is about", ObjectRef, "name"),
    at!("ka.target.namespace", "the namespace of this object", ObjectRef, "namespace"),
    at!("ka.target.resource", "the kind of this object as a resource, such as pods", ObjectRef, "resource"),
    at!("ka.target.subresource", "the part of this object that the request is about, such as exec", ObjectRef, "subresource"),
    Field::<K8sAudit>::new(
        "ka.target.pod.name",
        "the pod's name in the response to a request about a whole pod",
        |_, found: &Found, request| {
            let event = request.event();
            let object = found.part(&event, Part::ObjectRef)?;
            let resource = object.member("resource")?.text()?;
            let subresource = object.member("subresource").and_then(|its| its.text());
            let whole = resource == "pods" && subresource.is_none_or(|its| its == "");
            if whole { lists::value(found, request, Part::ResponseObject, &["metadata", "name"]) } else { None }
        },
    ),
    at!("ka.resp.name", "the name of the object in the response", ResponseObject, "metadata", "name"),
    at!("ka.response.code", "the status code of the response", ResponseStatus, "code"),
    at!("ka.response.reason", "why the response has this status", ResponseStatus, "reason"),
    at!("ka.useragent", "what the client says it is", UserAgent),
    Field::<K8sAudit>::list(
        "ka.sourceips",
        "the sourceIPs of the rules in the request, as in the official plugin; the client's addresses are in json.value[/sourceIPs]",
        |_, found: &Found, list: &mut lists::Texts<'_, '_>| {
            let _none = lists::flattened(found, list, &["rules", "sourceIPs"]);
        },
    )
    .argument(Argument::INDEX),
    at!("ka.cluster.name", "the cluster's name, where an annotation has it", Annotations, "cluster_name"),
];

fn uri_param(found: &Found, request: &mut Request<'_>) -> Option<Text> {
    let event = request.event();
    let value = found.part(&event, Part::RequestUri)?;
    // The API server writes & as an escape, so nearly every URI with two parameters is copied here.
    let uri = value.text().map_or(value.as_bytes().into(), |text| text.to_bytes());
    let param = uri::param(&uri, request.key()?.to_bytes())?;
    request.text_with(|out| {
        let mut out = super::text::Until::nul(out);
        param.write(|piece| out.write(piece))
    })
}
