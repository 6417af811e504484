"""Settings that cannot work: one sentence that names file and key, exit code 2, nothing else."""

import base64

import pytest

from cluster import KUBECONFIG
from holmes import run_holmes
from support import free_port

# Of nobody; its dates are not looked at.
CA = b"""\
-----BEGIN CERTIFICATE-----
MIIBdDCCARmgAwIBAgIULpLN67vjpSfRoMrCKEew42h7dhYwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDY2ExMCAXDTI2MTEyNjE5MTUxOFoYDzIxMjYxMTAyMTkxNTE4
WjAOMQwwCgYDVQQDDANjYTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASUoVul
UWcAhwSR1NssHvgqU0WZ1Pvo5oeZuiThbF05y2boSES/PJ1By6A1jYImkwqZ6x+0
bm5QxsxsvA7vFRxoo1MwUTAdBgNVHQ4EFgQUQ0QxMxqTqjojPzYZuXhLvxhwxKAw
HwYDVR0jBBgwFoAUQ0QxMxqTqjojPzYZuXhLvxhwxKAwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNJADBGAiEAuIhwTjNhSlwpUE98l+iA3xIavF3nH1vJOBDp
QTzH0FoCIQDjhUa0P95dhCKa4Q0x20WNIVS/6fK1wD3lkrjnQemg2w==
-----END CERTIFICATE-----
"""

GOOD = {
    "server": "https://127.0.0.1:1",
    "ca": base64.b64encode(CA).decode(),
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
        (
            KUBECONFIG.format(**(GOOD | {"ca": base64.b64encode(CA[:-60]).decode()})),
            "certificate-authority-data: TLS: ",
        ),
        (
            KUBECONFIG.format(**GOOD).replace("users:", "users:\n- name: me\n  user: {}"),
            "users[1].name: 'me' is the name of users[0] already",
        ),
        (KUBECONFIG.format(**GOOD).replace("token: t", "tokenFile: /nowhere/token"), "tokenFile"),
        (
            KUBECONFIG.format(**GOOD).replace("token: t", "client-certificate: /nowhere/cert.pem"),
            "client-certificate",
        ),
        (KUBECONFIG.format(**GOOD).replace("contexts:", "contexts: 7\nother:"), "contexts"),
        ("clusters: [unclosed", "line"),
        ("\x00\x01\x02", ""),
        ("", ""),
        ("#" * (2 << 20), "larger than 1 MiB"),
    ],
    ids=[
        "no-context",
        "missing-context",
        "missing-cluster",
        "missing-user",
        "bad-server",
        "bad-base64",
        "cut-certificate",
        "duplicate-name",
        "missing-token-file",
        "missing-certificate",
        "wrong-type",
        "not-yaml",
        "binary",
        "empty",
        "huge",
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
        ("operator", "HOLMES_LEADER_ELECTION", "maybe"),
        ("operator", "HOLMES_LEASE_NAME", "Holmes_Operator"),
        ("operator", "HOLMES_LEASE_NAMESPACE", "a/b"),
        ("operator", "LOG_LEVEL", "SHOUTING"),
        ("server", "HOLMES_PORT", "70000"),
        ("server", "OPENAI_API_BASE", "not a url"),
        ("server", "LOG_LEVEL", "SHOUTING"),
    ],
)
def test_bad_option_is_one_sentence_that_names_it(tmp_path, verb, name, value):
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(**GOOD))
    expect_usage_error(run_holmes(verb, env=settings(path, **{name: value})), name, value)


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
