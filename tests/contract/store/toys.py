"""A toy kind with a bit of everything, and objects to ask about."""

GROUP = "toys.test"
TOYS = "/apis/toys.test/v1/namespaces/{ns}/toys"
ALL_TOYS = "/apis/toys.test/v1/toys"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONFIGMAPS = "/api/v1/namespaces/{ns}/configmaps"
SECRETS = "/api/v1/namespaces/{ns}/secrets"
PODS = "/api/v1/namespaces/{ns}/pods"
SERVICES = "/api/v1/namespaces/{ns}/services"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"

SPEC = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 0, "maximum": 1000},
        "colour": {"type": "string", "enum": ["red", "green"], "default": "red"},
        "label": {"type": "string", "minLength": 2, "maxLength": 8, "pattern": "^[a-z]+$"},
        "weight": {"type": "number"},
        "soft": {"type": "boolean", "default": False},
        "parts": {
            "type": "array",
            "maxItems": 3,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "count": {"type": "integer", "default": 1},
                },
            },
        },
        "badges": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "x-kubernetes-map-type": "atomic",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "text": {"type": "string"}},
            },
        },
        "stops": {
            "type": "array",
            "items": {"type": "object", "properties": {"x": {"type": "integer"}}},
        },
        "place": {
            "type": "object",
            "x-kubernetes-map-type": "atomic",
            "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
        },
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "notes": {"type": "array", "items": {"type": "string"}},
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
        "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "port": {"x-kubernetes-int-or-string": True},
        "wish": {"type": "string", "nullable": True},
        "motto": {
            "type": "string",
            "maxLength": 100,
            "x-kubernetes-validations": [
                {"rule": "self.trim().size() > 0", "message": "must not be blank"}
            ],
        },
    },
}

CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "toys.toys.test"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {
            "plural": "toys",
            "singular": "toy",
            "kind": "Toy",
            "listKind": "ToyList",
            "shortNames": ["ty"],
            "categories": ["all"],
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "selectableFields": [{"jsonPath": ".spec.colour"}],
                "additionalPrinterColumns": [
                    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                    {"name": "Mood", "type": "string", "jsonPath": ".status.mood"},
                    {
                        "name": "Colour",
                        "type": "string",
                        "jsonPath": ".spec.colour",
                        "priority": 1,
                    },
                ],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": SPEC,
                            "status": {
                                "type": "object",
                                "properties": {
                                    "mood": {"type": "string"},
                                    "since": {"type": "string", "format": "date-time"},
                                },
                            },
                        },
                    }
                },
            }
        ],
    },
}


def toy(name="a", labels=None, **spec):
    metadata = {"name": name}
    if labels:
        metadata["labels"] = labels
    return {
        "apiVersion": "toys.test/v1",
        "kind": "Toy",
        "metadata": metadata,
        "spec": {"size": 1} | spec,
    }


def configmap(name="a", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pod(name="a", **spec):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "a"}},
        "spec": {"containers": [{"name": "main", "image": "toy"}]} | spec,
    }


def deployment(name="a", **spec):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {
                "metadata": {"labels": {"app": "a"}},
                "spec": {"containers": [{"name": "main", "image": "toy"}]},
            },
        }
        | spec,
    }


def service(name="a", **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "a"}, "ports": [{"name": "web", "port": 80}]} | spec,
    }
