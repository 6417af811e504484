"""`holmes validate` as a user and as a pipeline call it."""

import json

import pytest

from holmes import run_holmes
from support import REPO

GOOD = """\
apiVersion: holmesgpt.dev/v1alpha1
kind: ScheduledHealthCheck
metadata:
  name: frontend-schedule
spec:
  schedule: "*/5 * * * *"
  query: Are all pods healthy?
"""
BAD = GOOD.replace("*/5 * * * *", "61 * * * *").replace("query:", "qeury:")


def test_the_examples_are_valid():
    examples = sorted((REPO / "examples").glob("*.yaml"))
    done = run_holmes("validate", *examples)
    assert (done.returncode, done.stderr) == (0, "")
    objects = sum(path.read_text().count("\nkind: ") for path in examples)
    assert done.stdout == f"{objects} objects checked: 0 errors, 0 warnings\n"


def test_all_problems_of_all_files_are_told_with_line_and_column(tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(GOOD.replace("*/5 * * * *", "0 9 * * 1-5"))
    two.write_text(BAD + "---\n" + BAD.replace("frontend-schedule", "Frontend"))
    done = run_holmes("validate", one, two)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{one}:6:13: warning: spec.schedule: ")
    assert [line.split(": ")[:3] for line in lines[1:-1]] == [
        [f"{two}:5:1", "error", "spec.query"],
        [f"{two}:6:13", "error", "spec.schedule"],
        [f"{two}:7:3", "error", "spec.qeury"],
        [f"{two}:12:9", "error", "metadata.name"],
        [f"{two}:13:1", "error", "spec.query"],
        [f"{two}:14:13", "error", "spec.schedule"],
        [f"{two}:15:3", "error", "spec.qeury"],
    ]
    assert "(did you mean query?)" in lines[3]
    assert lines[-1] == "3 objects checked: 7 errors, 1 warning"


def test_warnings_alone_are_valid(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(GOOD.replace("*/5 * * * *", "0 9 * * 1-5"))
    assert run_holmes("validate", file).returncode == 0


def test_reads_the_standard_input_and_writes_json():
    done = run_holmes("validate", "--output", "json", "-", stdin=BAD)
    assert done.returncode == 1
    problems = json.loads(done.stdout)
    assert [(p["file"], p["line"], p["column"], p["path"], p["severity"]) for p in problems] == [
        ("stdin", 5, 1, "spec.query", "error"),
        ("stdin", 6, 13, "spec.schedule", "error"),
        ("stdin", 7, 3, "spec.qeury", "error"),
    ]
    assert all(set(p) == {"file", "line", "column", "path", "severity", "message"} for p in problems)
    valid = run_holmes("validate", "--output=json", "-", stdin=GOOD)
    assert (valid.returncode, json.loads(valid.stdout)) == (0, [])


def test_reads_json_manifests():
    manifest = {
        "apiVersion": "holmesgpt.dev/v1alpha1",
        "kind": "HealthCheck",
        "metadata": {"name": "a"},
        "spec": {"query": "q", "timeout": 301},
    }
    done = run_holmes("validate", "-", stdin=json.dumps(manifest, indent="\t"))
    assert done.returncode == 1
    assert done.stdout.startswith("stdin:9:14: error: spec.timeout: must be an integer from 1 to 300")


def test_usage_errors_are_one_sentence_and_exit_2(tmp_path):
    for arguments, words in (
        ([], "FILE... is missing"),
        (["--ouput", "json", "a.yaml"], "did you mean --output?"),
        (["--output", "xml", "a.yaml"], "must be text or json"),
        ([tmp_path / "absent.yaml"], "absent.yaml: No such file or directory"),
        ([tmp_path], "Is a directory"),
    ):
        done = run_holmes("validate", *arguments)
        assert done.returncode == 2 and words in done.stderr, arguments
        assert len(done.stderr.splitlines()) == 1


def test_an_unreadable_file_does_not_hide_the_problems_of_the_others(tmp_path):
    done = run_holmes("validate", tmp_path / "absent.yaml", "-", stdin=BAD)
    assert done.returncode == 2
    assert "stdin:6:13: error: spec.schedule" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "{a: " * 200_000,
        "- " * 400_000,
        "," * 1000,
        "\t" * 1000 + "a",
        "\0\1\2",
        "a: &a [x]\n" + "".join(f"{c}: &{c} [*a, *a, *a, *a]\n" for c in "bcdefgh"),
    ],
)
def test_hostile_text_ends_in_a_sentence(text):
    done = run_holmes("validate", "-", stdin=text)
    assert done.returncode == 1 and done.stdout.startswith("stdin:")


def test_more_than_a_mebibyte_is_refused():
    done = run_holmes("validate", "-", stdin="#" * ((1 << 20) + 1))
    assert done.returncode == 2 and "1048576 bytes" in done.stderr


def test_help_has_an_example():
    done = run_holmes("validate", "--help")
    assert done.returncode == 0 and "Example:\n  holmes validate " in done.stdout
