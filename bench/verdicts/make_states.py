#!/usr/bin/env python3
"""Writes states/*.yaml, as `kubectl get all,events,nodes,pvc,pv,... -A -o yaml` prints a cluster."""

from pathlib import Path

import yaml
from objects import DAY, HOUR, State, container

HERE = Path(__file__).resolve().parent
REGISTRY = "registry.example.com"


def back_off(name, pod_name, ns, minutes=5):
    wait = "5m0s" if minutes >= 5 else "40s"
    return ("CrashLoopBackOff", f"back-off {wait} restarting failed container={name} pod={pod_name}_{ns}(uid)")


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


STATES = [shop, analytics, edge, media]


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
