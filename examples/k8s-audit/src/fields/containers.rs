// SPDX-License-Identifier: Apache-2.0
//! The fields of a pod's containers, the same for its init containers and its ephemeral containers.

use falconet::Field;
use falconet::extract::Argument;
use falconet_std::json::Kind;

use super::Found;
use super::lists::{self, Texts};
use super::text;
use crate::K8sAudit;

/// The fields of the list of containers that is called `$list`, and the rest of them behind.
macro_rules! container_fields {
    ($list:literal, $whose:literal $(, $rest:expr)?) => {
        &[
            container_fields!(@ $list, "args", concat!("the arguments of each ", $whose, ", joined with blanks"),
                |found, list| lists::joined_words(found, list, &["spec", $list, "args"])),
            container_fields!(@ $list, "command", concat!("the entry point of each ", $whose, ", joined with blanks"),
                |found, list| lists::joined_words(found, list, &["spec", $list, "command"])),
            container_fields!(@ $list, "name", concat!("the name of each ", $whose),
                |found, list| lists::all_values(found, list, &["spec", $list, "name"], text::of)),
            container_fields!(@ $list, "image", concat!("the image of each ", $whose),
                |found, list| lists::all_values(found, list, &["spec", $list, "image"], text::of)),
            container_fields!(@ $list, "image.repository",
                concat!("the image of each ", $whose, ", without what follows its first colon or at sign"),
                |found, list| lists::all_values(found, list, &["spec", $list, "image"], text::repository)),
            container_fields!(@ $list, "privileged", concat!("whether each ", $whose, " that says so is privileged"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "privileged"])),
            container_fields!(@ $list, "allow_privilege_escalation",
                concat!("whether each ", $whose, " that says so may gain privileges"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "allowPrivilegeEscalation"])),
            container_fields!(@ $list, "read_only_fs",
                concat!("whether each ", $whose, " that says so has a read-only root file system"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "readOnlyRootFilesystem"])),
            container_fields!(@ $list, "run_as_user", concat!("the user id of each ", $whose, " that has one"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "runAsUser"])),
            container_fields!(@ $list, "eff_run_as_user",
                concat!("the runAsUser of each ", $whose, ", or else of the pod's spec, or else 0"),
                |found, list| lists::effective(found, list, &["spec", $list, "runAsUser"], &["spec", "runAsUser"])),
            container_fields!(@ $list, "run_as_group", concat!("the group id of each ", $whose, " that has one"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "runAsGroup"])),
            container_fields!(@ $list, "eff_run_as_group",
                concat!("the runAsGroup of each ", $whose, ", or else of the pod's spec, or else 0"),
                |found, list| lists::effective(found, list, &["spec", $list, "runAsGroup"], &["spec", "runAsGroup"])),
            container_fields!(@ $list, "proc_mount", concat!("the way /proc is mounted in each ", $whose, " that says so"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "procMount"])),
            container_fields!(@ $list, "add_capabilities",
                concat!("the capabilities that are added to each ", $whose, ", as one JSON array"),
                |found, list| lists::values(found, list, &["spec", $list, "securityContext", "capabilities", "add"])),
            $($rest)?
        ]
    };
    (@ $list:literal, $name:literal, $desc:expr, |$found:ident, $values:ident| $fill:expr) => {
        Field::<K8sAudit>::list(
            concat!("ka.req.pod.", $list, ".", $name),
            $desc,
            |_, $found: &Found, $values: &mut Texts<'_, '_>| { let _none = $fill; },
        )
        .argument(Argument::INDEX)
    };
}

macro_rules! host_port {
    ($list:literal, $whose:literal) => {
        container_fields!(@ $list, "host_port",
            concat!("the ports that each ", $whose, " takes on its host, or else the ports that it has"),
            |found, list| host_ports(found, list, &["spec", $list, "ports"]))
    };
}

/// Of the containers that run as long as the pod.
pub(super) const FIELDS: &[Field<K8sAudit>] =
    container_fields!("containers", "container of the pod", host_port!("containers", "container of the pod"));

/// Of the containers that run before those.
pub(super) const INIT_FIELDS: &[Field<K8sAudit>] =
    container_fields!("initContainers", "init container", host_port!("initContainers", "init container"));

/// Of the containers that are added for a look into a pod. They have no ports.
pub(super) const EPHEMERAL_FIELDS: &[Field<K8sAudit>] = container_fields!("ephemeralContainers", "ephemeral container");

/// The `hostPort` of all ports, or else their `containerPort`; none at all where the ports are no array.
fn host_ports(found: &Found, list: &mut Texts<'_, '_>, path: &[&str]) -> Option<()> {
    let (event, index, mut wrong) = (list.event(), list.index(), false);
    lists::requested(found, &event, path, index, |ports| {
        wrong |= ports.is_some_and(|ports| ports.kind() != Kind::Array);
    })?;
    if wrong {
        return None;
    }
    lists::requested(found, &event, path, index, |ports| {
        for port in ports.and_then(|ports| ports.elements()).into_iter().flatten() {
            if let Some(port) = port.member("hostPort").or_else(|| port.member("containerPort")) {
                let text = text::of(list, found, port);
                list.push(text);
            }
        }
    })
}
