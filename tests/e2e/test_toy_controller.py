"""The example of docs/kubernetes-runtime.md: the program it shows is built, and works."""

import json

import pytest

from holmes import binary
from support import REPO, Process, clean_env, wait_until

EXAMPLE = REPO / "examples/toy_controller"
SOURCE = EXAMPLE / "toy_controller.cc"


def test_the_document_shows_the_program_as_it_is():
    program = SOURCE.read_text()
    assert len(program.splitlines()) <= 60
    assert f"```cpp\n{program}```\n" in (REPO / "docs/kubernetes-runtime.md").read_text()


@pytest.fixture
def greetings(cluster):
    cluster.kubectl("apply", "-f", str(EXAMPLE / "crd.yaml"))
    cluster.kubectl("wait", "--for=condition=Established", "crd/greetings.toys.dev")
    yield
    cluster.kubectl("delete", "-f", str(EXAMPLE / "crd.yaml"))


def greet(ns, name, whom):
    ns.kubectl(
        "apply",
        "-f",
        "-",
        stdin=json.dumps(
            {
                "apiVersion": "toys.dev/v1",
                "kind": "Greeting",
                "metadata": {"name": name},
                "spec": {"name": whom},
            }
        ),
    )


def wait_message(ns, name, message):
    def said():
        return ns.kubectl("get", "greetings", name, "-o", "jsonpath={.status.message}").stdout

    wait_until(f"{name} says {message}", lambda: said() == message)


def test_the_example_keeps_the_status_of_its_objects(ns, cluster, greetings, tmp_path):
    greet(ns, "before", "Ann")
    program = Process(
        "toy_controller",
        [binary().parent / "toy_controller"],
        clean_env({"KUBECONFIG": cluster.kubeconfig}),
        tmp_path / "toy_controller.log",
    )
    program.start()
    try:
        wait_message(ns, "before", "Hello, Ann!")
        greet(ns, "after", "Bob")
        wait_message(ns, "after", "Hello, Bob!")
        greet(ns, "after", "Eve")
        wait_message(ns, "after", "Hello, Eve!")
        ns.kubectl("patch", "greeting", "before", "--subresource=status", "--type=merge",
                   "-p", '{"status":{"message":"wrong"}}')
        wait_message(ns, "before", "Hello, Ann!")
        program.terminate()
        assert program.child.returncode == 0
    finally:
        program.kill()
