"""What the other tests and all work stand on: ./dev, the build, the tools in Go."""

import os
import subprocess
import tempfile

import pytest

from support import REPO


def dev(*args, timeout=300, **env):
    return subprocess.run(
        [REPO / "dev", *args],
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.mark.parametrize("folder, package", [("tests/cluster", "./kubelet"), ("bench", "./kload")])
def test_tools_in_go_pass_their_own_tests(folder, package):
    go = subprocess.run(
        [REPO / "tests/cluster/go.sh"], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run(
        [go, "test", package],
        cwd=REPO / folder,
        env=os.environ
        | {"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"},
        check=True,
        timeout=900,
    )


@pytest.mark.parametrize(
    "args, word",
    [
        (["detect"], "./dev help lists them"),
        (["build", "fast"], "presets: "),
        (["test", "contract"], "unit, lint, fuzz, tsan, sim, e2e, fresh"),
        (["bench", "typo"], "./dev bench lists them"),
        (["fuzz", "typo"], "./dev fuzz lists them"),
        (["cluster", "start"], "up, env or down"),
    ],
)
def test_dev_says_in_one_sentence_what_would_be_right(args, word):
    done = dev(*args)
    said = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(said) == 1 and word in said[0], done


@pytest.mark.parametrize("verb", ["setup", "build", "test", "fmt", "bench", "cluster"])
def test_dev_helps_before_it_does_anything(verb):
    done = dev(verb, "--help")
    assert done.returncode == 0 and f"./dev {verb}" in done.stdout and not done.stderr, done


def test_dev_cluster_up_prints_its_kubeconfig_and_down_ends_it():
    with tempfile.TemporaryDirectory(prefix="holmes-") as folder:
        place = {"HOLMES_CLUSTER": f"{folder}/c"}

        def nodes():
            shell = 'set -e; env=$(./dev cluster env); eval "$env"; kubectl get nodes -o name'
            return subprocess.run(
                ["bash", "-c", shell],
                cwd=REPO,
                env=os.environ | place,
                capture_output=True,
                text=True,
                timeout=60,
            )

        try:
            for _ in range(2):  # the second time there is nothing to do
                up = dev("cluster", "up", **place)
                assert (up.returncode, up.stdout) == (0, f"{folder}/c/kubeconfig\n"), up
            assert len(nodes().stdout.split()) == 2
        finally:
            down = [dev("cluster", "down", **place) for _ in range(2)]
        assert [d.returncode for d in down] == [0, 0], down
        assert nodes().returncode != 0


def test_another_compiler_is_refused_with_one_sentence(tmp_path):
    compiler = tmp_path / "g++"  # what it is called does not count, what it says it is does
    compiler.write_text('#!/bin/sh\nexec clang++-19 -U__clang__ "$@"\n')
    compiler.chmod(0o755)
    done = subprocess.run(
        ["cmake", "--preset", "dev", "-B", tmp_path / "build"],
        cwd=REPO,
        env=os.environ | {"CC": "clang-19", "CXX": str(compiler)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "Holmes needs clang 19 or newer, found GNU" in done.stderr, done.stderr


def test_the_release_is_hardened():
    def read(flag):
        return subprocess.run(
            ["readelf", "--wide", flag, REPO / "build/release/holmes"],
            env=os.environ | {"LC_ALL": "C"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert "DYN (Position-Independent Executable file)" in read("-h")
    assert "GNU_RELRO" in read("-l") and "BIND_NOW" in read("-d")
    assert "__stack_chk_fail" in read("--dyn-syms")
