"""Objects as an API server stores them and `kubectl get -o yaml` prints them: with defaults, statuses,
conditions, UIDs and times. A state is made of these; what is wrong in it is said by arguments."""

import copy
import hashlib
from datetime import datetime, timedelta, timezone

SAVED = datetime(2026, 11, 20, 9, 30, 0, tzinfo=timezone.utc)  # when every state was saved
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # of generated names
MINUTE, HOUR, DAY = 1, 60, 24 * 60


def ago(minutes):
    return (SAVED - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(*words):
    return hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()


def uid(*words):
    h = digest(*words)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-9{h[17:20]}-{h[20:32]}"


def suffix(length, *words):
    return "".join(ALPHABET[int(c, 16)] for c in digest(*words)[:length])


def meta(kind, name, namespace, age, **more):
    out = {"creationTimestamp": ago(age), "name": name}
    if namespace:
        out["namespace"] = namespace
    out["resourceVersion"] = str(18_000_000 - int(age * 3) + int(digest(kind, name)[:3], 16))
    out["uid"] = uid(kind, namespace, name)
    return out | more


def owner(of, controller=True):
    return [
        {
            "apiVersion": of["apiVersion"],
            "blockOwnerDeletion": True,
            "controller": controller,
            "kind": of["kind"],
            "name": of["metadata"]["name"],
            "uid": of["metadata"]["uid"],
        }
    ]


def condition(kind, status, reason="", message="", age=DAY, **more):
    out = {"lastTransitionTime": ago(age), "status": status, "type": kind}
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out | more


def container(name, image, port=8080, memory="256Mi", cpu="100m", probe="/healthz", env=(), args=None):
    out = {
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "name": name,
        "resources": {
            "limits": {"memory": memory},
            "requests": {"cpu": cpu, "memory": memory},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    if args:
        out["args"] = args
    if env:
        out["env"] = [{"name": key, "value": value} for key, value in env]
    if port:
        out["ports"] = [{"containerPort": port, "name": "http", "protocol": "TCP"}]
    if probe:
        out["readinessProbe"] = {
            "failureThreshold": 3,
            "httpGet": {"path": probe, "port": "http", "scheme": "HTTP"},
            "periodSeconds": 10,
            "successThreshold": 1,
            "timeoutSeconds": 1,
        }
    return out


def pod_spec(containers, **more):
    return {
        "containers": containers,
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    } | more


class State:
    """What was saved of a cluster."""

    def __init__(self, name, nodes):
        self.name = name
        self.objects = []
        self.nodes = nodes
        self.next_ip = 10

    def add(self, thing):
        self.objects.append(thing)
        return thing

    # Workloads

    def deployment(self, ns, name, containers, pods, replicas=None, age=40 * DAY, revision=3, rollout_age=6 * DAY,
                   progress=None, service=True, available=None, updated=None):
        """`pods`: one dict per pod of its current ReplicaSet, as pod() takes them."""
        labels = {"app.kubernetes.io/name": name}
        replicas = len(pods) if replicas is None else replicas
        pods = [{"age": rollout_age} | pod for pod in pods]
        ready = sum(1 for pod in pods if pod.get("ready", True)) if available is None else available
        template = {"metadata": {"labels": labels}, "spec": pod_spec(containers)}
        hash_ = suffix(9, ns, name, revision)
        thing = self.add(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": meta("Deployment", name, ns, age, generation=revision + 2,
                                 annotations={"deployment.kubernetes.io/revision": str(revision)},
                                 labels=labels | {"app.kubernetes.io/managed-by": "Helm"}),
                "spec": {
                    "progressDeadlineSeconds": 600,
                    "replicas": replicas,
                    "revisionHistoryLimit": 10,
                    "selector": {"matchLabels": labels},
                    "strategy": {
                        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
                        "type": "RollingUpdate",
                    },
                    "template": template,
                },
                "status": {},
            }
        )
        replica_set = self.replica_set(thing, ns, f"{name}-{hash_}", hash_, replicas if updated is None else updated,
                                       sum(1 for pod in pods if pod.get("ready", True)), rollout_age, revision, pods)
        whole = ready >= replicas - replicas // 4
        status = {
            "conditions": [
                condition("Progressing", *(progress or (
                    "True", "NewReplicaSetAvailable",
                    f'ReplicaSet "{replica_set["metadata"]["name"]}" has successfully progressed.')),
                    age=age, lastUpdateTime=ago(rollout_age)),
                condition("Available", "True" if whole else "False",
                          "MinimumReplicasAvailable" if whole else "MinimumReplicasUnavailable",
                          "Deployment has minimum availability." if whole
                          else "Deployment does not have minimum availability.",
                          age=rollout_age, lastUpdateTime=ago(rollout_age)),
            ],
            "observedGeneration": revision + 2,
            "replicas": max(replicas, len(pods)),
            "updatedReplicas": replicas if updated is None else updated,
        }
        if replicas == 0:
            status.pop("replicas"), status.pop("updatedReplicas")
        if ready:
            status |= {"availableReplicas": ready, "readyReplicas": ready}
        if ready < replicas:
            status["unavailableReplicas"] = replicas - ready
        thing["status"] = status
        if service:
            self.service(ns, name, labels, age)
        return thing

    def replica_set(self, deployment, ns, name, hash_, replicas, ready, age, revision, pods):
        labels = deployment["spec"]["selector"]["matchLabels"] | {"pod-template-hash": hash_}
        template = copy.deepcopy(deployment["spec"]["template"])
        template["metadata"]["labels"] = labels
        status = {"observedGeneration": 1, "replicas": replicas}
        if replicas:
            status["fullyLabeledReplicas"] = replicas
        if ready:
            status |= {"availableReplicas": ready, "readyReplicas": ready}
        thing = self.add(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": meta("ReplicaSet", name, ns, age, generation=1, labels=labels,
                                 annotations={
                                     "deployment.kubernetes.io/desired-replicas": str(deployment["spec"]["replicas"]),
                                     "deployment.kubernetes.io/max-replicas": str(deployment["spec"]["replicas"] + 1),
                                     "deployment.kubernetes.io/revision": str(revision),
                                 },
                                 ownerReferences=owner(deployment)),
                "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
                "status": status,
            }
        )
        for i, options in enumerate(pods):
            self.pod(ns, f"{name}-{suffix(5, name, i)}", labels, template["spec"], owner(thing),
                     generate=f"{name}-", index=i, **options)
        return thing

    def stateful_set(self, ns, name, containers, pods, replicas=None, age=90 * DAY, claim=None):
        labels = {"app.kubernetes.io/name": name}
        replicas = len(pods) if replicas is None else replicas
        ready = sum(1 for pod in pods if pod.get("ready", True))
        revision = f"{name}-{suffix(9, ns, name)}"
        status = {
            "availableReplicas": ready,
            "collisionCount": 0,
            "currentReplicas": len(pods),
            "currentRevision": revision,
            "observedGeneration": 2,
            "replicas": len(pods),
            "updateRevision": revision,
            "updatedReplicas": len(pods),
        }
        if ready:
            status["readyReplicas"] = ready
        spec = {
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "podManagementPolicy": "OrderedReady",
            "replicas": replicas,
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": labels},
            "serviceName": name,
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(containers)},
            "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
        }
        thing = self.add({"apiVersion": "apps/v1", "kind": "StatefulSet",
                          "metadata": meta("StatefulSet", name, ns, age, generation=2, labels=labels),
                          "spec": spec, "status": status})
        for i, options in enumerate(pods):
            volumes = []
            if claim:
                claim_name = f"data-{name}-{i}"
                self.claim(ns, claim_name, claim, age=age, bound=options.pop("claim_bound", True), labels=labels)
                volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}]
            own = labels | {"controller-revision-hash": revision, "statefulset.kubernetes.io/pod-name": f"{name}-{i}"}
            self.pod(ns, f"{name}-{i}", own, spec["template"]["spec"] | ({"volumes": volumes} if volumes else {}),
                     owner(thing), index=i, **({"age": 20 * DAY} | options))
        self.service(ns, name, labels, age, headless=True)
        return thing

    def daemon_set(self, ns, name, containers, pods, age=120 * DAY):
        """`pods`: one per node, in their order."""
        labels = {"app.kubernetes.io/name": name}
        ready = sum(1 for pod in pods if pod.get("ready", True))
        status = {
            "currentNumberScheduled": len(pods),
            "desiredNumberScheduled": len(self.nodes),
            "numberAvailable": ready,
            "numberMisscheduled": 0,
            "numberReady": ready,
            "observedGeneration": 1,
            "updatedNumberScheduled": len(pods),
        }
        if ready < len(self.nodes):
            status["numberUnavailable"] = len(self.nodes) - ready
        template = {"metadata": {"labels": labels}, "spec": pod_spec(containers)}
        thing = self.add({"apiVersion": "apps/v1", "kind": "DaemonSet",
                          "metadata": meta("DaemonSet", name, ns, age, generation=1, labels=labels,
                                           annotations={"deprecated.daemonset.template.generation": "1"}),
                          "spec": {"revisionHistoryLimit": 10, "selector": {"matchLabels": labels},
                                   "template": template,
                                   "updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
                                                      "type": "RollingUpdate"}},
                          "status": status})
        for i, options in enumerate(pods):
            own = labels | {"controller-revision-hash": suffix(9, name), "pod-template-generation": "1"}
            self.pod(ns, f"{name}-{suffix(5, name, i)}", own, template["spec"], owner(thing),
                     generate=f"{name}-", index=i, **({"age": 30 * DAY} | options))
        return thing

    def pod(self, ns, name, labels, spec, owners, index=0, age=6 * DAY, ready=True, restarts=0, restarted=None,
            last=None, waiting=None, phase=None, scheduled=True, message="", exit_code=None, generate=None, node=None):
        """`last`: (reason, exit code) of the termination before; `waiting`: (reason, message) of a
        container that does not run; `exit_code`: of a container that has ended; `restarted`: minutes ago."""
        node = node or self.nodes[index % len(self.nodes)]
        done = exit_code is not None
        phase = phase or ("Succeeded" if done and exit_code == 0 else "Failed" if done
                          else "Running" if scheduled and (ready or waiting is None or restarts) else "Pending")
        ready = ready and not done and scheduled
        spec = copy.deepcopy(spec)
        spec["serviceAccount"] = spec["serviceAccountName"] = "default"
        spec["enableServiceLinks"] = True
        spec["preemptionPolicy"] = "PreemptLowerPriority"
        spec["priority"] = 0
        if scheduled:
            spec["nodeName"] = node
        spec["tolerations"] = [
            {"effect": "NoExecute", "key": f"node.kubernetes.io/{key}", "operator": "Exists", "tolerationSeconds": 300}
            for key in ("not-ready", "unreachable")
        ]
        token = f"kube-api-access-{suffix(5, name, 'token')}"
        spec["volumes"] = spec.get("volumes", []) + [
            {"name": token, "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}}]}}]
        for one in spec["containers"]:
            one["volumeMounts"] = [{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": token,
                                    "readOnly": True}]
        metadata = meta("Pod", name, ns, age, labels=labels, ownerReferences=owners)
        if generate:
            metadata["generateName"] = generate
        if not owners:
            metadata.pop("ownerReferences")
        if not scheduled:
            status = {"conditions": [condition("PodScheduled", "False", "Unschedulable", message, age=age,
                                               lastProbeTime=None)],
                      "phase": "Pending", "qosClass": "Burstable"}
        else:
            status = self.pod_status(spec, name, node, age, ready, restarts, restarted, last, waiting, phase, exit_code)
        return self.add({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status})

    def pod_status(self, spec, name, node, age, ready, restarts, restarted, last, waiting, phase, exit_code):
        names = [one["name"] for one in spec["containers"]]
        unready = ("False", "ContainersNotReady", f"containers with unready status: [{' '.join(names)}]")
        if phase == "Succeeded":
            unready = ("False", "PodCompleted")
        since = restarted if restarted is not None else age
        started = ago(max(since - 0.2, 0))
        statuses = []
        for one in spec["containers"]:
            state = {"running": {"startedAt": started}}
            if waiting:
                state = {"waiting": {"reason": waiting[0], "message": waiting[1]}}
            if exit_code is not None:
                state = {"terminated": {"containerID": f"containerd://{digest(name)}", "exitCode": exit_code,
                                        "finishedAt": ago(age - 2), "startedAt": ago(age - 0.1),
                                        "reason": "Completed" if exit_code == 0 else "Error"}}
            before = {}
            if last:
                before = {"terminated": {"containerID": f"containerd://{digest(name, 'last')}", "exitCode": last[1],
                                         "finishedAt": ago(since), "startedAt": ago(since + 3), "reason": last[0]}}
            entry = {"image": one["image"], "imageID": "", "lastState": before, "name": one["name"], "ready": ready,
                     "restartCount": restarts, "started": ready, "state": state}
            if not waiting or restarts:
                entry["containerID"] = f"containerd://{digest(name)}"
                entry["imageID"] = f"{one['image'].split(':')[0]}@sha256:{digest(one['image'])}"
            statuses.append(entry)
        self.next_ip += 1
        ready_since = since if restarts else age
        status = {
            "conditions": [
                condition("PodReadyToStartContainers", "False" if exit_code is not None else "True", age=age,
                          lastProbeTime=None),
                condition("Initialized", "True", age=age, lastProbeTime=None),
                condition("Ready", *(("True",) if ready else unready), age=ready_since, lastProbeTime=None),
                condition("ContainersReady", *(("True",) if ready else unready), age=ready_since, lastProbeTime=None),
                condition("PodScheduled", "True", age=age, lastProbeTime=None),
            ],
            "containerStatuses": statuses,
            "hostIP": self.node_ip(node),
            "hostIPs": [{"ip": self.node_ip(node)}],
            "phase": phase,
            "podIP": f"10.42.{self.nodes.index(node)}.{self.next_ip}",
            "podIPs": [{"ip": f"10.42.{self.nodes.index(node)}.{self.next_ip}"}],
            "qosClass": "Burstable",
            "startTime": ago(age),
        }
        return status

    def node_ip(self, node):
        return f"192.168.12.{20 + self.nodes.index(node)}"

    def service(self, ns, name, labels, age, headless=False, port=80):
        ip = "None" if headless else f"10.43.{int(digest(ns, name)[:2], 16)}.{int(digest(ns, name)[2:4], 16)}"
        self.add({"apiVersion": "v1", "kind": "Service", "metadata": meta("Service", name, ns, age, labels=labels),
                  "spec": {"clusterIP": ip, "clusterIPs": [ip], "internalTrafficPolicy": "Cluster",
                           "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                           "ports": [{"name": "http", "port": port, "protocol": "TCP", "targetPort": "http"}],
                           "selector": labels, "sessionAffinity": "None", "type": "ClusterIP"},
                  "status": {"loadBalancer": {}}})

    # Jobs

    def job(self, ns, name, containers, age, took=4, failed=0, backoff=3, cron=None, running=False, deadline=None):
        """`failed`: how many pods have failed; more than `backoff`: the job has."""
        lost = failed > backoff
        labels = {"batch.kubernetes.io/controller-uid": uid("Job", ns, name), "batch.kubernetes.io/job-name": name,
                  "controller-uid": uid("Job", ns, name), "job-name": name}
        spec = {"backoffLimit": backoff, "completionMode": "NonIndexed", "completions": 1, "manualSelector": False,
                "parallelism": 1, "podReplacementPolicy": "TerminatingOrFailed",
                "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid("Job", ns, name)}},
                "suspend": False,
                "template": {"metadata": {"labels": labels}, "spec": pod_spec(containers, restartPolicy="Never")}}
        if deadline:
            spec["activeDeadlineSeconds"] = deadline
        status = {"ready": 1 if running else 0, "startTime": ago(age), "terminating": 0,
                  "uncountedTerminatedPods": {}}
        if failed:
            status["failed"] = failed
        if running:
            status["active"] = 1
        elif lost:
            why = ("True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
            status["conditions"] = [condition(kind, *why, age=age - took, lastProbeTime=ago(age - took))
                                    for kind in ("FailureTarget", "Failed")]
        else:
            why = ("True", "CompletionsReached", "Reached expected number of succeeded pods")
            status |= {"succeeded": 1, "completionTime": ago(age - took),
                       "conditions": [condition(kind, *why, age=age - took, lastProbeTime=ago(age - took))
                                      for kind in ("SuccessCriteriaMet", "Complete")]}
        metadata = meta("Job", name, ns, age, generation=1, labels=labels)
        if cron:
            metadata["ownerReferences"] = owner(cron)
            metadata["annotations"] = {"batch.kubernetes.io/cronjob-scheduled-timestamp": ago(age)}
        thing = self.add({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec,
                          "status": status})
        for i in range(failed):
            self.pod(ns, f"{name}-{suffix(5, name, i)}", labels, spec["template"]["spec"], owner(thing),
                     generate=f"{name}-", index=i, age=age - i, exit_code=1)
        if not lost:
            self.pod(ns, f"{name}-{suffix(5, name, 'last')}", labels, spec["template"]["spec"], owner(thing),
                     generate=f"{name}-", index=failed, age=age - failed, ready=running,
                     exit_code=None if running else 0)
        for i in range(failed):
            self.event(thing, "Normal", "SuccessfulCreate", f"Created pod: {name}-{suffix(5, name, i)}", age - i,
                       "job-controller")
        if lost:
            self.event(thing, "Warning", "BackoffLimitExceeded", "Job has reached the specified backoff limit",
                       age - took, "job-controller")
        elif not running:
            self.event(thing, "Normal", "Completed", "Job completed", age - took, "job-controller")
        return thing

    def cron_job(self, ns, name, containers, schedule, last, age=100 * DAY, suspend=False, succeeded=None):
        status = {"lastScheduleTime": ago(last)}
        if succeeded is not None:
            status["lastSuccessfulTime"] = ago(succeeded)
        return self.add({"apiVersion": "batch/v1", "kind": "CronJob",
                         "metadata": meta("CronJob", name, ns, age, generation=1),
                         "spec": {"concurrencyPolicy": "Forbid", "failedJobsHistoryLimit": 1,
                                  "jobTemplate": {"metadata": {}, "spec": {"backoffLimit": 3, "template": {
                                      "metadata": {}, "spec": pod_spec(containers, restartPolicy="Never")}}},
                                  "schedule": schedule, "successfulJobsHistoryLimit": 3, "suspend": suspend},
                         "status": status})

    # Storage, nodes, events

    def claim(self, ns, name, size, age=90 * DAY, bound=True, labels=None, storage_class="fast-ssd",
              mode="ReadWriteOnce"):
        volume = f"pvc-{uid('PersistentVolumeClaim', ns, name)}"
        metadata = meta("PersistentVolumeClaim", name, ns, age, finalizers=["kubernetes.io/pvc-protection"])
        if labels:
            metadata["labels"] = labels
        spec = {"accessModes": [mode], "resources": {"requests": {"storage": size}},
                "storageClassName": storage_class, "volumeMode": "Filesystem"}
        status = {"phase": "Pending"}
        if bound:
            metadata["annotations"] = {"pv.kubernetes.io/bind-completed": "yes",
                                       "pv.kubernetes.io/bound-by-controller": "yes"}
            spec["volumeName"] = volume
            status = {"accessModes": [mode], "capacity": {"storage": size}, "phase": "Bound"}
        thing = self.add({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec,
                          "status": status})
        if bound:
            self.add({"apiVersion": "v1", "kind": "PersistentVolume",
                      "metadata": meta("PersistentVolume", volume, None, age,
                                       annotations={"pv.kubernetes.io/provisioned-by": "csi.storage.example.com"},
                                       finalizers=["kubernetes.io/pv-protection"]),
                      "spec": {"accessModes": [mode], "capacity": {"storage": size},
                               "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name,
                                            "namespace": ns, "uid": metadata["uid"]},
                               "csi": {"driver": "csi.storage.example.com", "fsType": "ext4",
                                       "volumeHandle": digest(volume)[:17]},
                               "persistentVolumeReclaimPolicy": "Delete", "storageClassName": storage_class,
                               "volumeMode": "Filesystem"},
                      "status": {"phase": "Bound"}})
        return thing

    def node(self, name, ready=True, pressure=(), age=200 * DAY, lost=None, cordoned=False, since=None):
        """`pressure`: names of conditions that hold; `lost`: minutes since the kubelet was last heard."""
        kubelet = {"MemoryPressure": ("KubeletHasInsufficientMemory", "KubeletHasSufficientMemory"),
                   "DiskPressure": ("KubeletHasDiskPressure", "KubeletHasNoDiskPressure"),
                   "PIDPressure": ("KubeletHasInsufficientPID", "KubeletHasSufficientPID")}
        words = {"MemoryPressure": ("kubelet has insufficient memory available",
                                    "kubelet has sufficient memory available"),
                 "DiskPressure": ("kubelet has disk pressure", "kubelet has no disk pressure"),
                 "PIDPressure": ("kubelet has insufficient PID available", "kubelet has sufficient PID available")}
        conditions, taints = [], []
        for kind, (yes, no) in kubelet.items():
            held = kind in pressure
            conditions.append(condition(
                kind, "Unknown" if lost else "True" if held else "False",
                "NodeStatusUnknown" if lost else yes if held else no,
                "Kubelet stopped posting node status." if lost else words[kind][0 if held else 1],
                age=lost or (since if held and since else age), lastHeartbeatTime=ago(lost or 1)))
            if held:
                key = {"MemoryPressure": "memory-pressure", "DiskPressure": "disk-pressure",
                       "PIDPressure": "pid-pressure"}[kind]
                taints.append({"effect": "NoSchedule", "key": f"node.kubernetes.io/{key}", "timeAdded": ago(since or 30)})
        if lost:
            conditions.append(condition("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.",
                                        age=lost, lastHeartbeatTime=ago(lost)))
            taints += [{"effect": effect, "key": "node.kubernetes.io/unreachable", "timeAdded": ago(lost)}
                       for effect in ("NoSchedule", "NoExecute")]
        elif ready:
            conditions.append(condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", age=age,
                                        lastHeartbeatTime=ago(1)))
        else:
            conditions.append(condition(
                "Ready", "False", "KubeletNotReady",
                "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
                "message:Network plugin returns error: cni plugin not initialized",
                age=since or 30, lastHeartbeatTime=ago(1)))
            taints.append({"effect": "NoSchedule", "key": "node.kubernetes.io/not-ready", "timeAdded": ago(since or 30)})
        spec = {"podCIDR": f"10.42.{self.nodes.index(name)}.0/24", "podCIDRs": [f"10.42.{self.nodes.index(name)}.0/24"],
                "providerID": f"metal://{name}"}
        if cordoned:
            spec["unschedulable"] = True
            taints.append({"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable", "timeAdded": ago(60)})
        if taints:
            spec["taints"] = taints
        size = {"cpu": "8", "ephemeral-storage": "203070420Ki", "hugepages-2Mi": "0", "memory": "32855700Ki",
                "pods": "110"}
        return self.add({
            "apiVersion": "v1", "kind": "Node",
            "metadata": meta("Node", name, None, age, labels={
                "beta.kubernetes.io/arch": "amd64", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": f"zone-{'abc'[self.nodes.index(name) % 3]}"},
                annotations={"node.alpha.kubernetes.io/ttl": "0",
                             "volumes.kubernetes.io/controller-managed-attach-detach": "true"}),
            "spec": spec,
            "status": {
                "addresses": [{"address": self.node_ip(name), "type": "InternalIP"},
                              {"address": name, "type": "Hostname"}],
                "allocatable": size, "capacity": size, "conditions": conditions,
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                "images": [{"names": [f"registry.example.com/{image}"], "sizeBytes": 48_000_000 + 7_000_000 * i}
                           for i, image in enumerate(("shop/frontend:2.14.0", "base/agent:1.9.3", "pause:3.10"))],
                "nodeInfo": {"architecture": "amd64", "bootID": uid("boot", name),
                             "containerRuntimeVersion": "containerd://1.7.27", "kernelVersion": "6.1.0-38-amd64",
                             "kubeProxyVersion": "v1.33.5", "kubeletVersion": "v1.33.5", "machineID": digest(name)[:32],
                             "operatingSystem": "linux", "osImage": "Debian GNU/Linux 12 (bookworm)",
                             "systemUUID": uid("system", name)}}})

    def event(self, about, kind, reason, message, age, source, count=1, first=None):
        about_meta = about["metadata"]
        ns = about_meta.get("namespace", "default")
        name = f"{about_meta['name']}.{digest(about_meta['name'], reason, message, age)[:16]}"
        involved = {"apiVersion": about["apiVersion"], "kind": about["kind"], "name": about_meta["name"],
                    "resourceVersion": about_meta["resourceVersion"],
                    "uid": about_meta["name"] if about["kind"] == "Node" else about_meta["uid"]}
        if "namespace" in about_meta:
            involved["namespace"] = ns
        first = age if first is None else first
        self.add({"apiVersion": "v1", "kind": "Event", "count": count, "eventTime": None, "firstTimestamp": ago(first),
                  "involvedObject": involved, "lastTimestamp": ago(age), "message": message,
                  "metadata": meta("Event", name, ns, first), "reason": reason, "reportingComponent": source,
                  "reportingInstance": "", "source": {"component": source}, "type": kind})

    def pods_of(self, prefix):
        return [o for o in self.objects if o["kind"] == "Pod" and o["metadata"]["name"].startswith(prefix)]

    def system(self, lost=()):
        """What every cluster has in kube-system. `lost`: nodes that nobody has heard of for long."""
        self.deployment("kube-system", "coredns", [container("coredns", "registry.k8s.io/coredns/coredns:v1.12.0", 53,
                                                             "170Mi", probe="/ready")],
                        [{}, {}], age=200 * DAY, rollout_age=45 * DAY, revision=2)
        self.daemon_set("kube-system", "kube-proxy", [container("kube-proxy", "registry.k8s.io/kube-proxy:v1.33.5", None,
                                                                "128Mi", probe=None)],
                        [{"ready": node not in lost} for node in self.nodes], age=200 * DAY)
