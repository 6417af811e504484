#!/usr/bin/env python3
"""Writes states/*.yaml, as `kubectl get all,events,nodes,pvc,pv,... -A -o yaml` prints a cluster."""

from pathlib import Path

import yaml
from objects import DAY, HOUR, State, container

HERE = Path(__file__).resolve().parent
REGISTRY = "registry.example.com"


def back_off(name, pod_name, ns, minutes=5):
    wait = "5m0s" if minutes >= 5 else "40s"
    return ("CrashLoopBackOff", f"back-off {wait} restarting failed container={name} pod={pod_name}_{ns}")


def shop():
    s = State("shop", ["node-a", "node-b", "node-c"])
    for node in s.nodes:
        s.node(node)
    s.system()
    s.deployment("shop", "frontend", [container("web", f"{REGISTRY}/shop/frontend:2.14.0")], [{}, {}, {}])
    s.deployment("shop", "cart", [container("cart", f"{REGISTRY}/shop/cart:1.8.2", memory="512Mi")],
                 [{"age": 30 * DAY, "restarts": 1, "restarted": 9 * DAY, "last": ("OOMKilled", 137)},
                  {"age": 30 * DAY}], rollout_age=30 * DAY)
    s.deployment("shop", "payments",
                 [container("api", f"{REGISTRY}/shop/payments:5.1.0", env=[("LEDGER_URL", "http://ledger:8080")])],
                 [{}, {"ready": False, "restarts": 17, "restarted": 4, "last": ("Error", 1),
                       "waiting": back_off("api", "payments", "shop")}], rollout_age=70)
    broken = s.pods_of("payments-")[1]
    s.event(broken, "Normal", "Pulled", f'Container image "{REGISTRY}/shop/payments:5.1.0" already present on machine',
            4, "kubelet", count=18, first=70)
    s.event(broken, "Warning", "BackOff", "Back-off restarting failed container api in pod "
            f"{broken['metadata']['name']}_shop", 1, "kubelet", count=311, first=69)
    s.stateful_set("shop", "catalog-db", [container("postgres", f"{REGISTRY}/base/postgres:16.4", 5432, "1Gi")], [{}],
                   claim="50Gi")
    return s


def analytics():
    s = State("analytics", ["worker-1", "worker-2"])
    for node in s.nodes:
        s.node(node)
    s.system()
    etl = [container("etl", f"{REGISTRY}/analytics/etl:0.31.4", None, "2Gi", probe=None, args=["--day", "yesterday"])]
    cron = s.cron_job("analytics", "nightly-etl", etl, "0 2 * * *", 7.5 * HOUR, succeeded=7 * HOUR)
    s.job("analytics", "nightly-etl-29393400", etl, 31.5 * HOUR, took=26, cron=cron)
    s.job("analytics", "nightly-etl-29394840", etl, 7.5 * HOUR, took=28, cron=cron)
    s.job("analytics", "invoice-export", [container("export", f"{REGISTRY}/analytics/export:3.0.0", None, probe=None)],
          150, took=12, failed=4)
    s.stateful_set("analytics", "warehouse", [container("clickhouse", f"{REGISTRY}/base/clickhouse:24.8", 8123, "4Gi")],
                   [{"age": 50 * DAY}, {"age": 50 * DAY}], claim="200Gi")
    lost = s.claim("analytics", "model-cache", "100Gi", age=3 * HOUR, bound=False, storage_class="nvme-local")
    s.event(lost, "Warning", "ProvisioningFailed", 'storageclass.storage.k8s.io "nvme-local" not found', 2,
            "persistentvolume-controller", count=712, first=3 * HOUR)
    s.deployment("analytics", "dashboard", [container("ui", f"{REGISTRY}/analytics/dashboard:7.2.1")], [{}, {}])
    return s


def edge():
    s = State("edge", ["edge-1", "edge-2", "edge-3"])
    s.node("edge-1")
    s.node("edge-2")
    dead = s.node("edge-3", lost=42)
    s.system(lost=["edge-3"])
    s.event(dead, "Normal", "NodeNotReady", "Node edge-3 status is now: NodeNotReady", 42, "node-controller")
    s.deployment("edge", "gateway", [container("envoy", f"{REGISTRY}/edge/gateway:1.31.2", memory="384Mi")],
                 [{"node": "edge-1"}, {"node": "edge-2"}, {"node": "edge-1"}], rollout_age=11 * DAY)
    s.deployment("edge", "ratelimit", [container("ratelimit", f"{REGISTRY}/edge/ratelimit:0.9.0")],
                 [{"node": "edge-2"}, {"node": "edge-1"}], rollout_age=38)
    fresh = s.pods_of("ratelimit-")
    for i, pod in enumerate(fresh):
        s.event(pod, "Normal", "Scheduled", f"Successfully assigned edge/{pod['metadata']['name']} to edge-{2 - i}", 38,
                "default-scheduler")
        s.event(pod, "Normal", "Pulled", f'Successfully pulled image "{REGISTRY}/edge/ratelimit:0.9.0" in 2.114s '
                "(2.114s including waiting). Image size: 31884120 bytes.", 38, "kubelet")
        s.event(pod, "Normal", "Started", "Started container ratelimit", 38, "kubelet")
    return s


def media():
    s = State("media", ["m1", "m2", "m3"])
    for node in s.nodes:
        s.node(node)
    s.system()
    s.daemon_set("logging", "log-agent", [container("agent", f"{REGISTRY}/base/agent:1.9.3", 2020)], [{}, {}, {}])
    s.claim("media", "thumbnails", "40Gi", mode="ReadWriteMany")
    s.deployment("media", "transcoder", [container("transcode", f"{REGISTRY}/media/transcoder:4.4.0", memory="1Gi")],
                 [{}, {"restarts": 14, "restarted": 6, "last": ("OOMKilled", 137)}], rollout_age=2 * DAY)
    killed = s.pods_of("transcoder-")[1]
    s.event(killed, "Warning", "BackOff", "Back-off restarting failed container transcode in pod "
            f"{killed['metadata']['name']}_media", 7, "kubelet", count=9, first=5 * HOUR)
    s.deployment("media", "uploader", [container("uploader", f"{REGISTRY}/media/uploader:2.0.9-rc1")],
                 [{"ready": False, "waiting": ("ImagePullBackOff", "Back-off pulling image "
                   f'"{REGISTRY}/media/uploader:2.0.9-rc1": ErrImagePull: rpc error: code = NotFound desc = failed to '
                   f"pull and unpack image: {REGISTRY}/media/uploader:2.0.9-rc1: not found")}], rollout_age=25)
    stuck = s.pods_of("uploader-")[0]
    s.event(stuck, "Warning", "Failed", f'Failed to pull image "{REGISTRY}/media/uploader:2.0.9-rc1": rpc error: code = '
            f"NotFound desc = failed to pull and unpack image: {REGISTRY}/media/uploader:2.0.9-rc1: not found", 3,
            "kubelet", count=9, first=25)
    s.event(stuck, "Warning", "Failed", "Error: ImagePullBackOff", 1, "kubelet", count=96, first=25)
    s.deployment("media", "streaming", [container("hls", f"{REGISTRY}/media/streaming:3.3.3")], [{}, {}, {}, {}])
    return s


# The second set: not to be looked at while prompts and tools are worked on.


def bank():
    s = State("bank", ["bk-1", "bk-2"])
    for node in s.nodes:
        s.node(node)
    s.system()
    image = f"{REGISTRY}/bank/accounts:9.0.0"
    old = s.deployment("bank", "accounts", [container("accounts", image)],
                       [{"age": 19 * DAY}, {"age": 19 * DAY}, {"age": 19 * DAY},
                        {"ready": False, "age": 55, "waiting": (
                            "CreateContainerConfigError", 'configmap "accounts-v9" not found')}],
                       replicas=3, rollout_age=55, available=3, updated=1,
                       progress=("False", "ProgressDeadlineExceeded",
                                 'ReplicaSet "accounts-9f" has timed out progressing.'))
    old["status"]["replicas"] = 4
    old["status"]["unavailableReplicas"] = 1
    bad = s.pods_of("accounts-")[3]
    s.event(bad, "Warning", "Failed", 'Error: configmap "accounts-v9" not found', 1, "kubelet", count=250, first=55)
    s.deployment("bank", "fraud-scoring", [container("model", f"{REGISTRY}/bank/fraud:2.2.2", memory="2Gi")],
                 [{}, {}, {}, {}])
    s.cron_job("bank", "statements", [container("run", f"{REGISTRY}/bank/statements:1.1.0", None, probe=None)],
               "0 4 1 * *", 50 * DAY, suspend=True, succeeded=50 * DAY)
    s.stateful_set("bank", "ledger", [container("ledger", f"{REGISTRY}/bank/ledger:3.4.1", 5433, "2Gi")], [{}, {}, {}],
                   claim="80Gi")
    return s


def games():
    s = State("games", ["g-a", "g-b", "g-c"])
    s.node("g-a")
    full = s.node("g-b", pressure=["DiskPressure"], since=33)
    s.node("g-c")
    s.system()
    s.event(full, "Warning", "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", 2, "kubelet", count=14,
            first=33)
    why = "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, 2 Insufficient memory."
    s.deployment("games", "match-server", [container("match", f"{REGISTRY}/games/match:6.6.0", memory="12Gi")],
                 [{}, {"scheduled": False, "message": why, "age": 28}], rollout_age=3 * DAY)
    s.event(s.pods_of("match-server-")[1], "Warning", "FailedScheduling", why, 3, "default-scheduler", count=6, first=28)
    s.deployment("games", "lobby", [container("lobby", f"{REGISTRY}/games/lobby:3.1.4")], [{}, {}, {}, {}, {}])
    s.deployment("games", "chat", [container("chat", f"{REGISTRY}/games/chat:2.7.1")], [{}, {}])
    return s


def plant():
    s = State("plant", ["p1", "p2"])
    for node in s.nodes:
        s.node(node)
    s.system()
    tool = [container("backup", f"{REGISTRY}/plant/backup:1.0.3", None, probe=None)]
    cron = s.cron_job("plant", "backup", tool, "0 1 * * *", 8.5 * HOUR, succeeded=8.3 * HOUR)
    s.job("plant", "backup-29394780", tool, 8.5 * HOUR, took=11, cron=cron)
    s.job("plant", "migrate-schema", [container("migrate", f"{REGISTRY}/plant/migrate:44", None, probe=None)], 3 * HOUR,
          running=True)
    s.stateful_set("plant", "historian", [container("tsdb", f"{REGISTRY}/base/tsdb:2.17", 8086, "4Gi")], [{}],
                   claim="100Gi")
    s.claim("plant", "recipes", "5Gi", mode="ReadWriteMany")
    return s


def clinic():
    s = State("clinic", ["clinic-1", "clinic-2"])
    s.node("clinic-1")
    s.node("clinic-2", cordoned=True)
    s.system()
    s.deployment("clinic", "registration", [container("web", f"{REGISTRY}/clinic/registration:8.8.1")],
                 [{}, {}, {"ready": False, "age": 6}], rollout_age=9 * DAY)
    unready = s.pods_of("registration-")[2]
    s.event(unready, "Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 1,
            "kubelet", count=30, first=6)
    s.deployment("clinic", "imaging", [container("dicom", f"{REGISTRY}/clinic/imaging:1.2.0", memory="1Gi")], [{}],
                 rollout_age=2 * DAY)
    s.job("clinic", "import-lab", [container("import", f"{REGISTRY}/clinic/import:0.4.0", None, probe=None)], 95, took=6,
          failed=4)
    return s


def travel():
    s = State("travel", ["tr-1", "tr-2", "tr-3"])
    for node in s.nodes:
        s.node(node)
    s.system()
    s.daemon_set("monitoring", "node-exporter", [container("exporter", f"{REGISTRY}/base/node-exporter:1.8.2", 9100)],
                 [{}, {}, {}])
    s.deployment("travel", "booking", [container("booking", f"{REGISTRY}/travel/booking:12.0.1")],
                 [{}, {"restarts": 2, "restarted": 20, "last": ("Error", 137)}], rollout_age=4 * DAY)
    slow = s.pods_of("booking-")[1]
    s.event(slow, "Warning", "Unhealthy", 'Liveness probe failed: Get "http://10.42.1.17:8080/healthz": context deadline '
            "exceeded (Client.Timeout exceeded while awaiting headers)", 21, "kubelet", count=6, first=50)
    s.event(slow, "Normal", "Killing", "Container booking failed liveness probe, will be restarted", 20, "kubelet",
            count=2, first=45)
    s.deployment("tours", "guides", [container("guides", f"{REGISTRY}/tours/guides:1.0.0")], [{}, {}], rollout_age=15)
    for pod in s.pods_of("guides-"):
        s.event(pod, "Normal", "Scheduled", f"Successfully assigned tours/{pod['metadata']['name']} to tr-1", 15,
                "default-scheduler")
        s.event(pod, "Normal", "Started", "Started container guides", 15, "kubelet")
    return s


def farm():
    s = State("farm", ["barn-1", "barn-2", "barn-3"])
    s.node("barn-1")
    s.node("barn-2")
    s.node("barn-3", ready=False, since=75)
    s.system(lost=["barn-3"])
    s.deployment("farm", "irrigation", [container("pump", f"{REGISTRY}/farm/irrigation:5.0.5")],
                 [{"node": "barn-1"}, {"node": "barn-2"}])
    s.stateful_set("farm", "sensors-db", [container("db", f"{REGISTRY}/base/postgres:15.8", 5432, "1Gi")],
                   [{"ready": False, "restarts": 31, "restarted": 3, "last": ("Error", 1),
                     "waiting": back_off("db", "sensors-db-0", "farm"), "node": "barn-1"}], replicas=3, claim="20Gi")
    s.claim("farm", "photos", "60Gi", mode="ReadWriteMany")
    return s


STATES = [shop, analytics, edge, media, bank, games, plant, clinic, travel, farm]


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, _):
        return True


def main():
    for make in STATES:
        state = make()
        whole = {"apiVersion": "v1", "items": state.objects, "kind": "List", "metadata": {"resourceVersion": ""}}
        text = yaml.dump(whole, Dumper=Plain, sort_keys=True, width=110)
        (HERE / "states").mkdir(exist_ok=True)
        (HERE / "states" / f"{state.name}.yaml").write_text(text)


if __name__ == "__main__":
    main()
