// SPDX-License-Identifier: Apache-2.0
//! The fields of the object in the request: bindings, roles, config maps, services, pods.

use core::ffi::CStr;

use falconet::Field;
use falconet::extract::{Argument, List, Located, Request, Text};
use falconet_std::json::Value;

use super::event::{at, elements_at};
use super::lists::{self, Texts};
use super::text::{self, Until};
use super::{Found, Part};
use crate::K8sAudit;

/// A list field that takes an index.
macro_rules! list {
    ($name:literal, $desc:literal, $fill:path, $($step:literal),+) => {
        Field::<K8sAudit>::list($name, $desc, |_, found: &Found, list: &mut Texts<'_, '_>| {
            let _none = $fill(found, list, &[$($step),+]);
        })
        .argument(Argument::INDEX)
    };
}

/// A list field of the subjects of one kind.
macro_rules! subjects {
    ($name:literal, $desc:literal, $kind:literal, $namespaced:literal) => {
        Field::<K8sAudit>::list($name, $desc, |_, found: &Found, list: &mut Texts<'_, '_>| {
            let _none = subjects(found, list, $kind, $namespaced);
        })
    };
}

pub(super) const FIELDS: &[Field<K8sAudit>] = &[
    elements_at!("ka.req.binding.subjects", "the subjects of a binding, each as JSON", RequestObject, "subjects"),
    subjects!("ka.req.binding.subjects.user_names", "the users of a binding", "User", false),
    subjects!(
        "ka.req.binding.subjects.serviceaccount_names",
        "the service accounts of a binding",
        "ServiceAccount",
        false
    ),
    subjects!(
        "ka.req.binding.subjects.serviceaccount_ns_names",
        "the service accounts of a binding that have a namespace, as namespace:name",
        "ServiceAccount",
        true
    ),
    subjects!("ka.req.binding.subjects.group_names", "the groups of a binding", "Group", false),
    at!("ka.req.binding.role", "the role that a binding gives", RequestObject, "roleRef", "name"),
    Field::<K8sAudit>::new(
        "ka.req.binding.subject.has_name",
        "always true, as in the official plugin: use ka.req.binding.subjects.user_names and the like",
        |_, _, _| c"true",
    )
    .argument(Argument::KEY.required()),
    at!(
        "ka.req.configmap.name",
        "the name of the object that the request is about, a config map or any other",
        ObjectRef,
        "name"
    ),
    at!("ka.req.configmap.obj", "the data of a config map, as JSON", RequestObject, "data"),
    at!("ka.req.pod.host_ipc", "the pod's hostIPC", RequestObject, "spec", "hostIPC"),
    at!("ka.req.pod.host_network", "the pod's hostNetwork", RequestObject, "spec", "hostNetwork"),
    at!(
        "ka.req.container.host_network",
        "another name of ka.req.pod.host_network",
        RequestObject,
        "spec",
        "hostNetwork"
    ),
    at!("ka.req.pod.host_pid", "the pod's hostPID", RequestObject, "spec", "hostPID"),
    at!(
        "ka.req.pod.run_as_user",
        "the user id of the pod's security context",
        RequestObject,
        "spec",
        "securityContext",
        "runAsUser"
    ),
    at!(
        "ka.req.pod.run_as_group",
        "the group id of the pod's security context",
        RequestObject,
        "spec",
        "securityContext",
        "runAsGroup"
    ),
    at!(
        "ka.req.pod.fs_group",
        "the group that owns the pod's volumes",
        RequestObject,
        "spec",
        "securityContext",
        "fsGroup"
    ),
    elements_at!(
        "ka.req.pod.supplemental_groups",
        "the further groups of the pod's security context",
        RequestObject,
        "spec",
        "securityContext",
        "supplementalGroups"
    ),
    Field::<K8sAudit>::new(
        "ka.req.container.image",
        "the image of the pod's first container",
        |_, found: &Found, request| first_image(found, request, text::of),
    ),
    Field::<K8sAudit>::new(
        "ka.req.container.image.repository",
        "the same, without what follows its first colon or at sign",
        |_, found: &Found, request| first_image(found, request, text::repository),
    ),
    Field::<K8sAudit>::new(
        "ka.req.container.privileged",
        "whether any container of the pod is privileged",
        |_, found: &Found, request| any_privileged(found, request),
    ),
    elements_at!("ka.req.role.rules", "the rules of a role, each as JSON", RequestObject, "rules"),
    list!("ka.req.role.rules.apiGroups", "the API groups of a role's rules", lists::flattened, "rules", "apiGroups"),
    list!(
        "ka.req.role.rules.nonResourceURLs",
        "the URLs of a role's rules that are no resources",
        lists::flattened,
        "rules",
        "nonResourceURLs"
    ),
    list!("ka.req.role.rules.verbs", "the verbs of a role's rules", lists::flattened, "rules", "verbs"),
    list!("ka.req.role.rules.resources", "the resources of a role's rules", lists::flattened, "rules", "resources"),
    at!("ka.req.service.type", "the type of a service, such as NodePort", RequestObject, "spec", "type"),
    list!(
        "ka.req.service.ports",
        "the ports of a service, as one JSON array; the index is ignored",
        lists::values,
        "spec",
        "ports"
    ),
    Field::<K8sAudit>::new(
        "ka.req.volume.hostpath",
        "whether the pod mounts this path of its host; with an asterisk at the end, any path that begins so",
        |_, found: &Found, request| has_host_path(found, request),
    )
    .argument(Argument::KEY.required()),
    list!(
        "ka.req.pod.volumes.hostpath",
        "the paths of its host that the pod mounts",
        lists::values,
        "spec",
        "volumes",
        "hostPath",
        "path"
    ),
    list!(
        "ka.req.pod.volumes.flexvolume_driver",
        "the drivers of the pod's flex volumes",
        lists::values,
        "spec",
        "volumes",
        "flexVolume",
        "driver"
    ),
    list!("ka.req.pod.volumes.volume_type", "the types of the pod's volumes", volume_types, "spec", "volumes", ""),
];

/// The names of a binding's subjects of one kind, or else of those in a namespace, with it.
fn subjects(found: &Found, list: &mut Texts<'_, '_>, kind: &str, namespaced: bool) -> Option<()> {
    let event = list.event();
    for subject in found.part(&event, Part::RequestObject)?.member("subjects")?.elements()? {
        // A kind that is no string is none of ours.
        let of_kind = subject.member("kind").and_then(|its| its.text()).is_some_and(|its| its == *kind);
        let Some(name) = subject.member("name").filter(|_| of_kind) else { continue };
        let text = match (namespaced, subject.member("namespace")) {
            (false, _) => text::of(list, found, name),
            (true, None) => continue,
            (true, Some(namespace)) => list.text_with(|out| {
                let mut out = Until::nul(out);
                out.write_value(namespace, found)?;
                out.write(b":")?;
                out.write_value(name, found)
            }),
        };
        list.push(text);
    }
    Some(())
}

fn first_image(
    found: &Found,
    request: &mut Request<'_>,
    make: fn(&mut Request<'_>, &Found, Value<'_>) -> Option<Text>,
) -> Option<Text> {
    let (event, mut image) = (request.event(), None);
    lists::requested(found, &event, &["spec", "containers", "image"], Some(0), |value| image = value)?;
    make(request, found, image?)
}

fn any_privileged(found: &Found, request: &Request<'_>) -> Option<&'static CStr> {
    let mut any = false;
    let path = ["spec", "containers", "securityContext", "privileged"];
    lists::requested(found, &request.event(), &path, None, |value| {
        any |= value.is_some_and(|value| value.as_bool() == Some(true));
    })?;
    Some(truth(any))
}

fn has_host_path(found: &Found, request: &Request<'_>) -> Option<&'static CStr> {
    let wanted = request.key()?.to_bytes();
    let mut has = false;
    lists::requested(found, &request.event(), &["spec", "volumes", "hostPath", "path"], None, |path| {
        let Some(path) = path else { return };
        let path = path.text().map_or(path.as_bytes().into(), |text| text.to_bytes());
        has |= match wanted.strip_suffix(b"*") {
            Some(beginning) => path.starts_with(beginning),
            None => *path == *wanted,
        };
    })?;
    Some(truth(has))
}

const fn truth(truth: bool) -> &'static CStr {
    if truth { c"true" } else { c"false" }
}

/// Every key but the name of each volume.
fn volume_types(found: &Found, list: &mut Texts<'_, '_>, path: &[&str]) -> Option<()> {
    let (event, index) = (list.event(), list.index());
    lists::requested(found, &event, path, index, |volume| {
        for (key, _) in volume.and_then(|volume| volume.members()).into_iter().flatten() {
            if key != "name" {
                let text = text::unescaped(list, key);
                list.push(text);
            }
        }
    })
}
