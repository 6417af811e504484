"""What checks look at beside the store of `holmes local`: a real cluster, or snapshots of one."""

import json

import pytest

from cluster import Namespace
from expect import FRONTEND, expect_judged
from holmes import run_holmes


def test_checks_look_at_a_real_cluster_while_everything_else_is_local(local, cluster, ns):
    cluster_context = cluster.kubectl("config", "current-context").stdout.strip()
    program = local("--cluster", cluster_context, KUBECONFIG=cluster.kubeconfig)
    assert f"'{cluster_context}'" in program.words() and "only read" in program.words()
    ns.deployment("frontend", 3)
    mine = Namespace(program.cluster, "default")
    question = f"{FRONTEND} in namespace '{ns.name}'"
    expect_judged(mine.run("far", question), "pass")
    ns.scale("frontend", 1)
    expect_judged(mine.run("far-again", question), "fail")
    assert ns.names() == []  # no HealthCheck came into the real cluster


def saved(kubectl_says):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": kubectl_says})


def deployment(name, ready):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "managedFields": [{"manager": "x"}]},
        "spec": {"replicas": 3},
        "status": {"replicas": 3, "readyReplicas": ready},
    }


def test_checks_look_at_a_snapshot(local, tmp_path):
    folder = tmp_path / "incident"
    (folder / "deep").mkdir(parents=True)
    (folder / "deployments.json").write_text(saved([deployment("frontend", 3), deployment("back", 1)]))
    (folder / "deep/others.yaml").write_text(
        "apiVersion: mesh.dev/v1\r\nkind: Proxy\r\nmetadata: {name: p, namespace: shop}\r\n"
        "---\nreplicas: 3\n---\napiVersion: v1\nkind: ComponentStatus\nmetadata: {name: c}\n")
    (folder / "README.md").write_text("not: [read")
    program = local("--snapshot", folder)
    assert "4 objects of 2 files" in program.words()
    assert "no Kubernetes objects" in program.words() and "ComponentStatus" in program.words()
    ns = Namespace(program.cluster, "default")
    expect_judged(ns.run("good", f"{FRONTEND} in namespace 'shop'"), "pass")
    bad = FRONTEND.replace("frontend", "back")
    expect_judged(ns.run("bad", f"{bad} in namespace 'shop'"), "fail")
    assert program.cluster.request("GET", "/api/v1/namespaces/shop").status == 404  # not its own


def test_a_check_of_the_command_line_looks_at_a_snapshot(model, tmp_path):
    path = tmp_path / "deployments.json"
    path.write_text(saved([deployment("frontend", 3), deployment("back", 1)]))
    env = {"MODEL": "openai/scripted", "OPENAI_API_BASE": model.url, "OPENAI_API_KEY": "k"}
    options = ("check", "run", "--snapshot", path, "-n", "shop", "--output", "json")
    good = run_holmes(*options, "-q", FRONTEND, env=env)
    assert (good.returncode, json.loads(good.stdout)[0]["status"]) == (0, "pass"), good
    bad = run_holmes(*options, "-q", FRONTEND.replace("frontend", "back"), env=env)
    assert (bad.returncode, json.loads(bad.stdout)[0]["status"]) == (1, "fail"), bad
    absent = run_holmes("check", "run", "--snapshot", tmp_path / "absent", "-q", FRONTEND, env=env)
    assert absent.returncode == 2 and "--snapshot" in absent.stderr, absent


def test_a_snapshot_of_a_real_cluster_answers_as_it_did(local, cluster, ns, tmp_path):
    ns.deployment("frontend", 2, behavior="crash-loop", logs="starting\npanic: no database")
    dump = tmp_path / "dump"
    cluster.kubectl("cluster-info", "dump", "--output-directory", dump, "--namespaces", ns.name)
    text = cluster.kubectl("get", "all,events,cm,ingress,crd", "-A", "-o", "yaml").stdout
    (tmp_path / "all.yaml").write_text(text)
    for path in (dump, tmp_path / "all.yaml"):
        program = local("--snapshot", path)
        status = Namespace(program.cluster, "default").run(
            "past", f"{FRONTEND} in namespace '{ns.name}'")
        expect_judged(status, "fail")
        assert "CrashLoopBackOff" in status["rationale"], status["rationale"]
        if path == dump:
            assert "panic: no database" in status["rationale"]
        program.terminate()


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n", "a.yaml:4:6: a tab"),
        ("a.yaml", "apiVersion: v1\nitems:\n- kind: Pod\n", "a.yaml:1:1: this list is cut off"),
        ("a.json", '{"apiVersion": "v1", "kind": "List", "items": [{', "a.json:"),
        ("a.yaml", "a: 1\na: 2\n", "stands twice"),
        ("a.yaml", "# nothing\n", "no Kubernetes objects"),
        ("a.txt", "apiVersion: v1", "no .yaml, .yml or .json"),
    ],
)
def test_half_a_snapshot_is_refused_and_says_where(tmp_path, name, text, words):
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / name).write_text(text)
    done = run_holmes("local", "--snapshot", folder)
    assert done.returncode == 2 and done.stdout == ""
    assert words in done.stderr and str(folder) in done.stderr


def many_files(folder):
    for number in range(10_001):
        (folder / f"{number}.yaml").write_text("")


def one_large_file(folder):
    with open(folder / "a.yaml", "wb") as file:
        file.truncate((64 << 20) + 1)


def large_files(folder):
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    text = json.dumps(config_map | {"data": {"x": "y" * (60 << 20)}})
    for number in range(5):
        (folder / f"{number}.json").write_text(text)


def many_values(folder):
    (folder / "a.yaml").write_text("- a\n" * 2_000_001)


def many_objects(folder):
    item = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d"}}'
    items = ",".join(item % number for number in range(200_001))
    (folder / "a.json").write_text('{"apiVersion":"v1","kind":"List","items":[' + items + "]}")


@pytest.mark.parametrize(
    "fill, words",
    [
        (many_files, "has more than 10000 files"),
        (one_large_file, "a.yaml: more than 64 MiB; split it"),
        (large_files, "has more than 256 MiB of YAML and JSON"),
        (many_values, "a file must have at most 2000000 values"),
        (many_objects, "there are 200001 objects, and 200000 is the most"),
    ],
)
def test_a_snapshot_beyond_its_limits_is_refused_and_says_which(tmp_path, fill, words):
    folder = tmp_path / "snapshot"
    folder.mkdir()
    fill(folder)
    done = run_holmes("local", "--snapshot", folder)
    assert done.returncode == 2 and done.stdout == "", done
    assert words in done.stderr and len(done.stderr.splitlines()) == 1
