#!/usr/bin/env python3
"""Makes src/kube/store/protobuf_messages.cc from the Go sources of the Kubernetes API: which field of
which built-in kind has which number in protobuf, and which name in JSON.

    go=$(tests/cluster/go.sh); modules=$(cd tests/cluster && "$go" list -m -f '{{.Dir}}' k8s.io/api k8s.io/apimachinery)
    tools/protobuf_messages.py $modules > src/kube/store/protobuf_messages.cc
"""

import re
import sys
from pathlib import Path

# Package of Go to the prefix of its messages, and the group and version of its kinds.
PACKAGES = {
    "core/v1": ("core", "v1"),
    "apps/v1": ("apps", "apps/v1"),
    "batch/v1": ("batch", "batch/v1"),
    "autoscaling/v1": ("scale", "autoscaling/v1"),
    "autoscaling/v2": ("autoscaling", "autoscaling/v2"),
    "policy/v1": ("policy", "policy/v1"),
    "networking/v1": ("networking", "networking.k8s.io/v1"),
    "discovery/v1": ("discovery", "discovery.k8s.io/v1"),
    "storage/v1": ("storage", "storage.k8s.io/v1"),
    "coordination/v1": ("coordination", "coordination.k8s.io/v1"),
    "rbac/v1": ("rbac", "rbac.authorization.k8s.io/v1"),
    "events/v1": ("events", "events.k8s.io/v1"),
    "authentication/v1": ("authentication", "authentication.k8s.io/v1"),
    "authorization/v1": ("authorization", "authorization.k8s.io/v1"),
}
META = "pkg/apis/meta/v1"
IMPORTS = {"metav1": "meta", "v1": "core", "corev1": "core", "resource": "resource",
           "intstr": "intstr", "runtime": "runtime", "types": "types"}
KINDS = """Namespace Node PersistentVolume Pod Service ConfigMap Secret ServiceAccount
PersistentVolumeClaim ResourceQuota LimitRange ReplicationController Endpoints Event Deployment
ReplicaSet StatefulSet DaemonSet Job CronJob HorizontalPodAutoscaler PodDisruptionBudget Ingress
NetworkPolicy EndpointSlice StorageClass Lease Role RoleBinding ClusterRole ClusterRoleBinding Scale
SelfSubjectReview TokenReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview""".split()
SCALARS = {"string": "s", "bool": "b", "int32": "i", "int64": "i", "int": "i", "float64": "d",
           "[]byte": "y", "types.UID": "s", "types.NodeName": "s"}
SPECIAL = {"meta.Time": "T", "meta.MicroTime": "U", "resource.Quantity": "Q",
           "intstr.IntOrString": "I", "meta.FieldsV1": "F", "runtime.RawExtension": "R"}
# Messages that hold a list of strings and nothing else.
STRING_LISTS = {"authentication.ExtraValue", "authorization.ExtraValue"}

FIELD = re.compile(r'^\s+(?:(\w+)\s+)?(\S+)\s+`json:"([^"]*)"[^`]*?protobuf:"\w+,(\d+)')


def read_package(prefix, folder, structs, aliases):
    for path in sorted(folder.glob("*.go")):
        if path.name.endswith("_test.go") or path.name.startswith(("zz_", "generated")):
            continue
        open_struct = None
        for line in path.read_text().splitlines():
            if begin := re.match(r"^type (\w+) struct \{$", line):
                open_struct = structs.setdefault(f"{prefix}.{begin[1]}", [])
            elif line == "}":
                open_struct = None
            elif alias := re.match(r"^type (\w+) =? ?([\w.\[\]*]+)$", line):
                aliases[f"{prefix}.{alias[1]}"] = qualified(alias[2], prefix)
            elif open_struct is not None and (field := FIELD.match(line)):
                open_struct.append((field[2], field[3], int(field[4])))


def qualified(go_type, prefix):
    """The same with the package of its last word: "[]Pod" is "[]core.Pod"."""
    head, name = re.match(r"^((?:\*|\[\]|map\[[\w.]+\])*)([\w.]+)$", go_type).groups()
    if head + name in SCALARS or name in SCALARS or name == "byte":
        return head + name
    package, _, word = name.rpartition(".")
    return f"{head}{IMPORTS.get(package, package) if package else prefix}.{word}"


class Rows:
    def __init__(self, structs, aliases):
        self.structs, self.aliases = structs, aliases
        self.rows = {}

    def add(self, message):
        if message in self.rows:
            return
        self.rows[message] = []
        for go_type, json_tag, number in self.structs[message]:
            name, *options = json_tag.split(",")
            kind = self.kind_of(qualified(go_type, message.split(".")[0]), "omitempty" in options)
            self.rows[message].append(f"{name}:{number}:{'~' if 'inline' in options else ''}{kind}")

    def kind_of(self, go_type, omitempty):
        while True:
            if go_type in self.aliases and go_type not in STRING_LISTS:
                go_type = self.aliases[go_type]
            elif go_type in SCALARS:
                return ("?" if omitempty else "") + SCALARS[go_type]
            elif go_type in SPECIAL:
                return SPECIAL[go_type]
            elif go_type in STRING_LISTS:
                return "L"
            elif go_type.startswith("*"):
                return self.kind_of(go_type[1:], False)
            elif go_type.startswith("[]"):
                return "*" + self.kind_of(go_type[2:], False)
            elif head := re.match(r"^map\[[\w.]+\]", go_type):
                return "%" + self.kind_of(go_type[head.end():], False)
            else:
                self.add(go_type)
                return go_type


def main():
    api, machinery = Path(sys.argv[1]), Path(sys.argv[2])
    structs, aliases = {}, {}
    read_package("meta", machinery / META, structs, aliases)
    for folder, (prefix, _) in PACKAGES.items():
        read_package(prefix, api / folder, structs, aliases)
    rows = Rows(structs, aliases)
    kinds = [("meta.DeleteOptions", "* DeleteOptions")]  # of every group
    kinds += [(f"{prefix}.{kind}", f"{version} {kind}")
              for prefix, version in PACKAGES.values()
              for kind in KINDS if f"{prefix}.{kind}" in structs]
    for message, _ in kinds:
        rows.add(message)
    print("// Made by tools/protobuf_messages.py; the format is said in protobuf_messages.h.")
    print('#include "kube/store/protobuf_messages.h"\n\nnamespace holmes::kube {\n')
    print('const std::string_view kProtobufKinds = R"(')
    for message, kind in kinds:
        print(kind, message)
    print(')";\n\nconst std::string_view kProtobufMessages = R"(')
    for message, fields in sorted(rows.rows.items()):
        print(message, *fields)
    print(')";\n\n}  // namespace holmes::kube')


main()
