"""What deploy/kustomize/base makes of a cluster: its pods come up, and may be moved one by one."""

import base64
from urllib.parse import urlsplit

from cluster import SYSTEM_NAMESPACE, condition
from fake_check_api import FakeCheckApi
from support import wait_until

APPS = f"/apis/apps/v1/namespaces/{SYSTEM_NAMESPACE}/deployments"
BUDGETS = f"/apis/policy/v1/namespaces/{SYSTEM_NAMESPACE}/poddisruptionbudgets"
CORE = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}"
FLOW = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/holmes-operator-lease"


def pods_of(cluster, app):
    return cluster.api("GET", f"{CORE}/pods?labelSelector=app%3D{app}")["items"]


def test_two_of_each_run_and_one_may_be_moved_at_a_time(cluster):
    for app in ("holmes-operator", "holmes-server"):
        wait_until(
            f"two pods of {app} are available",
            lambda app=app: (
                cluster.api("GET", f"{APPS}/{app}")["status"].get("availableReplicas") == 2
            ),
            60,
        )
        wait_until(
            f"{app} may lose one",
            lambda app=app: (
                cluster.api("GET", f"{BUDGETS}/{app}").get("status", {}).get("disruptionsAllowed") == 1
            ),
        )


def test_the_service_and_the_limits_are_those_of_the_specification(cluster):
    [port] = cluster.api("GET", f"{CORE}/services/holmes-api")["spec"]["ports"]
    [container] = cluster.api("GET", f"{APPS}/holmes-server")["spec"]["template"]["spec"]["containers"]
    [named] = [p for p in container["ports"] if p["name"] == port["targetPort"]]
    assert (port["port"], named["containerPort"]) == (8080, 5050)
    [operator] = cluster.api("GET", f"{APPS}/holmes-operator")["spec"]["template"]["spec"]["containers"]
    assert operator["resources"] == {
        "requests": {"memory": "256Mi", "cpu": "100m"},
        "limits": {"memory": "512Mi", "cpu": "500m"},
    }


def test_every_server_has_an_address_under_the_name_that_the_operator_asks(cluster):
    [operator, *_] = pods_of(cluster, "holmes-operator")
    env = {e["name"]: e.get("value") for e in operator["spec"]["containers"][0]["env"]}
    assert env["HOLMES_API_URL"] == "http://holmes-api-replicas:5050"
    service = cluster.api("GET", f"{CORE}/services/holmes-api-replicas")["spec"]
    assert service["clusterIP"] == "None" and service["publishNotReadyAddresses"]
    assert [port["port"] for port in service["ports"]] == [5050]
    slices = (
        f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}/endpointslices"
        "?labelSelector=kubernetes.io/service-name%3Dholmes-api-replicas"
    )

    def addresses():
        endpoints = [e for s in cluster.api("GET", slices)["items"] for e in s["endpoints"] or []]
        return len({e["targetRef"]["name"] for e in endpoints}) == 2

    wait_until("both servers have an address", addresses)


def test_renewals_of_the_lease_have_a_priority_of_their_own(cluster):
    def in_order():
        schema = cluster.api("GET", FLOW)
        return condition(schema.get("status", {}), "Dangling").get("status") == "False"

    wait_until("the flow schema's priority level exists", in_order)
    seen = cluster.request("GET", "/debug/api_priority_and_fairness/dump_priority_levels").text()
    assert "leader-election" in seen


def test_operator_may_use_its_own_lease_and_no_other(cluster):
    def may(verb, *resource, ns=SYSTEM_NAMESPACE):
        asked = cluster.kubectl(
            *("auth", "can-i", verb, *resource, "-n", ns),
            f"--as=system:serviceaccount:{SYSTEM_NAMESPACE}:holmes-operator",
            check=False,
        )
        return asked.stdout.strip() == "yes"

    leases = "leases.coordination.k8s.io"
    assert may("create", leases)
    assert may("get", f"{leases}/holmes-operator") and may("update", f"{leases}/holmes-operator")
    assert not may("update", f"{leases}/another") and not may("delete", leases)
    assert not may("create", leases, ns="default")
    assert not may("update", f"{leases}/holmes-operator", ns="default")


def test_in_a_pod_its_account_is_enough_and_its_namespace_has_the_lease(start, ns, cluster, tmp_path):
    account = f"{CORE}/serviceaccounts/holmes-operator"
    token = cluster.api("POST", f"{account}/token", {"spec": {"expirationSeconds": 3600}})
    mounted = tmp_path / "run/secrets/kubernetes.io/serviceaccount"
    mounted.mkdir(parents=True)
    (mounted / "ca.crt").write_bytes(base64.b64decode(cluster.ca))
    (mounted / "token").write_text(token["status"]["token"])
    (mounted / "namespace").write_text(SYSTEM_NAMESPACE)
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}/leases/holmes-operator"
    cluster.remove(lease)
    server = urlsplit(cluster.server)
    api = FakeCheckApi()
    try:
        operator = start.operator(
            api.address,
            mounts={"/var/run": tmp_path / "run"},
            KUBECONFIG=tmp_path / "absent",  # a pod's account goes before it
            KUBERNETES_SERVICE_HOST=server.hostname,
            KUBERNETES_SERVICE_PORT=server.port,
        )
        assert ns.run("in-a-pod", "Is all well?")["phase"] == "Completed"
    finally:
        api.close()
    assert cluster.api("GET", lease)["spec"]["holderIdentity"]
    assert operator.metrics().value("leader_election_master_status", name="holmes-operator") == 1
