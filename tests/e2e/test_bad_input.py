"""Settings that cannot work: one sentence that names file and key, exit code 2, nothing else."""

import base64

import pytest

from cluster import KUBECONFIG
from holmes import run_holmes
from support import free_port

GOOD = {
    "server": "https://127.0.0.1:1",
    "ca": base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode(),
    "user": "me",
    "token": "t",
}


def settings(kubeconfig, **more):
    return {
        "KUBECONFIG": str(kubeconfig),
        "HOLMES_HOST": "127.0.0.1",
        "HOLMES_PORT": str(free_port()),
        "MODEL": "openai/scripted",
        "OPENAI_API_KEY": "any",
        "HOLMES_API_KEY": "any",
        "HOLMES_METRICS_ADDRESS": f"127.0.0.1:{free_port()}",
    } | more


def expect_usage_error(done, *words):
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    said = (done.stderr + done.stdout).strip()
    assert len(said.splitlines()) == 1, said
    for word in words:
        assert str(word) in said, said


@pytest.mark.parametrize(
    "text, key",
    [
        ("apiVersion: v1\nkind: Config\n", "current-context"),
        (
            KUBECONFIG.format(**GOOD).replace("current-context: test", "current-context: absent"),
            "absent",
        ),
        (
            KUBECONFIG.format(**GOOD).replace("    cluster: test", "    cluster: elsewhere"),
            "elsewhere",
        ),
        (KUBECONFIG.format(**GOOD).replace("    user: me", "    user: nobody"), "nobody"),
        (
            KUBECONFIG.format(**GOOD).replace("server: https://127.0.0.1:1", "server: gopher://x"),
            "server",
        ),
        (KUBECONFIG.format(**(GOOD | {"ca": '"!!!"'})), "certificate-authority-data"),
        (KUBECONFIG.format(**GOOD).replace("token: t", "tokenFile: /nowhere/token"), "tokenFile"),
        (
            KUBECONFIG.format(**GOOD).replace("token: t", "client-certificate: /nowhere/cert.pem"),
            "client-certificate",
        ),
        (KUBECONFIG.format(**GOOD).replace("contexts:", "contexts: 7\nother:"), "contexts"),
        ("clusters: [unclosed", "line"),
        ("\x00\x01\x02", ""),
        ("", ""),
    ],
    ids=[
        "no-context",
        "missing-context",
        "missing-cluster",
        "missing-user",
        "bad-server",
        "bad-base64",
        "missing-token-file",
        "missing-certificate",
        "wrong-type",
        "not-yaml",
        "binary",
        "empty",
    ],
)
def test_broken_kubeconfig_is_one_sentence_with_file_and_key(tmp_path, text, key):
    path = tmp_path / "broken.kubeconfig"
    path.write_text(text)
    for verb in ("operator", "server"):
        expect_usage_error(run_holmes(verb, env=settings(path)), path, key)


def test_missing_kubeconfig_is_one_sentence_with_the_file(tmp_path):
    path = tmp_path / "absent.kubeconfig"
    for verb in ("operator", "server"):
        expect_usage_error(run_holmes(verb, env=settings(path)), path)


@pytest.mark.parametrize(
    "verb, name, value",
    [
        ("operator", "HOLMES_MAX_CONCURRENT_CHECKS", "many"),
        ("operator", "HOLMES_MAX_CONCURRENT_CHECKS", "0"),
        ("operator", "HOLMES_METRICS_ADDRESS", "nowhere:http"),
        ("operator", "HOLMES_API_URL", "holmes-api"),
        ("operator", "LOG_LEVEL", "SHOUTING"),
        ("server", "HOLMES_PORT", "70000"),
        ("server", "OPENAI_API_BASE", "not a url"),
        ("server", "LOG_LEVEL", "SHOUTING"),
    ],
)
def test_bad_option_is_one_sentence_that_names_it(tmp_path, verb, name, value):
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(**GOOD))
    expect_usage_error(run_holmes(verb, env=settings(path, **{name: value})), value)


def test_unknown_command_and_flag_are_exit_2():
    for args in (("detect",), ("operator", "--no-such-flag"), ()):
        assert run_holmes(*args).returncode == 2


@pytest.mark.parametrize("args", [(), ("operator",), ("server",), ("schedule",), ("crd",)])
def test_help_lists_options(args):
    done = run_holmes(*args, "--help")
    assert done.returncode == 0 and "--help" in done.stdout
    for word in {
        "operator": ["--max-concurrent-checks", "HOLMES_API_URL"],
        "server": ["HOLMES_PORT", "OPENAI_API_BASE"],
    }.get("".join(args), []):
        assert word in done.stdout
