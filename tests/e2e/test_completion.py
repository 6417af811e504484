"""Completion as shells ask for it, each with the script that `holmes completion` prints."""

import os
import subprocess

import pytest

from cluster import build_testcluster, kubectl_of
from holmes import binary, run_holmes
from support import clean_env

# Completes the last word of a line as an interactive bash does, and prints what it offers.
BASH = r"""
set -u
source <(holmes completion bash)
COMP_LINE=$1 COMP_POINT=${#1}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_holmes "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def env(tmp_path):
    """The program on the PATH, as holmes and as a plugin of kubectl."""
    (tmp_path / "holmes").symlink_to(binary().resolve())
    (tmp_path / "kubectl-holmes").symlink_to(binary().resolve())
    plugin = tmp_path / "kubectl_complete-holmes"
    plugin.write_text('#!/bin/sh\nexec kubectl-holmes __complete "$@"\n')
    plugin.chmod(0o755)
    return clean_env({"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": tmp_path})


def run(*argv, env, cwd=None):
    done = subprocess.run(
        [str(word) for word in argv],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done
    return done.stdout


def bash(env, *words, cwd=None):
    return run("bash", "-c", BASH, "bash", " ".join(words), *words, env=env, cwd=cwd).split()


def test_bash_completes_commands_flags_and_values(env):
    assert {"check", "server", "operator", "completion"} <= set(bash(env, "holmes", ""))
    assert bash(env, "holmes", "che") == ["check"]
    assert bash(env, "holmes", "check", "") == ["run"]
    assert bash(env, "holmes", "check", "run", "--out") == ["--output"]
    assert bash(env, "holmes", "check", "run", "--output", "j") == ["json", "junit"]
    # bash breaks words at "="
    assert bash(env, "holmes", "check", "run", "--output", "=", "ju") == ["junit"]
    assert bash(env, "holmes", "check", "run", "--output", "=") == ["table", "json", "yaml", "junit"]
    assert bash(env, "holmes", "completion", "") == ["bash", "zsh", "fish"]
    offered = bash(env, "holmes", "check", "run", "--mode", "alert", "--mo")
    assert "--model" in offered and "--mode" not in offered


def test_bash_completes_files(env, tmp_path):
    (tmp_path / "checks.yaml").write_text("")
    assert bash(env, "holmes", "check", "run", "-f", "chec", cwd=tmp_path) == ["checks.yaml"]
    assert bash(env, "holmes", "validate", "chec", cwd=tmp_path) == ["checks.yaml"]
    assert bash(env, "holmes", "check", "run", "--file", "=", "chec", cwd=tmp_path) == ["checks.yaml"]


def test_every_flag_of_the_help_is_offered(env):
    for command in (["check", "run"], ["server"], ["operator"], ["schedule"], ["validate"]):
        text = run_holmes(*command, "--help").stdout
        lines = [line.split() for line in text.splitlines() if line.startswith("  -")]
        flags = {next(w for w in line if w.startswith("--")).rstrip(",") for line in lines}
        offered = set(bash(env, "holmes", *command, "--"))
        assert flags == offered, command


def test_kubectl_completes_its_plugin(env):
    kubectl = kubectl_of(build_testcluster())
    offered = run(kubectl, "__complete", "holmes", "check", "run", "--outp", env=env)
    assert offered.splitlines()[0].split("\t")[0] == "--output"
    help_text = run(kubectl, "holmes", "check", "run", "--help", env=env)
    assert help_text.startswith("Usage: kubectl holmes check run [options]")
    assert "\n  kubectl holmes check run -q" in help_text


def test_zsh_reads_its_script(env):
    script = (
        "autoload -Uz compinit; compinit -u -D; source <(holmes completion zsh); "
        "_describe() { print -rl -- ${(P)2} }; compset() { true }; _files() { print FILES }; "
        "words=(holmes check run --output j); CURRENT=5; _holmes; "
        "words=(holmes check run -f ''); CURRENT=5; _holmes"
    )
    lines = run("zsh", "-f", "-c", script, env=env).splitlines()
    assert [line.split(":")[0] for line in lines] == ["json", "junit", "FILES"]


def test_fish_completes(env):
    script = "holmes completion fish | source; complete -C 'holmes check run --output j'"
    lines = run("fish", "-c", script, env=env).splitlines()
    assert [line.split("\t")[0] for line in lines] == ["json", "junit"]


def test_an_unknown_shell_is_a_usage_error():
    done = run_holmes("completion", "tcsh")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "holmes: 'tcsh' must be bash, zsh or fish\n"
