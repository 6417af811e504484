"""The API server over HTTPS: its certificate, those of its clients, and files that change."""

import http.client
import ssl
import subprocess

import pytest

from holmes import run_holmes
from support import free_port, http_request, wait_until

# The server looks at its files every 10 s.
CHANGE_SEEN = 25


class Authority:
    """A certificate authority in a folder, by openssl's command line."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.ca, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self.openssl("req", "-x509", "-subj", f"/CN={name}", "-days", "2", *self.new_key(self.key))

    def new_key(self, path):
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        return (*curve, "-keyout", path, "-out", path.with_suffix(".crt"))

    def openssl(self, *args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    def issue(self, name, *extensions):
        """The paths of a new certificate and its key."""
        key = self.folder / f"{self.name}-{name}.key"
        crt, request = key.with_suffix(".crt"), key.with_suffix(".csr")
        self.openssl("req", "-subj", f"/CN={name}", *self.new_key(key), "-out", request)
        (self.folder / "extensions").write_text("\n".join(extensions))
        signed = ("-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-days", "2")
        extensions = ("-extfile", self.folder / "extensions")
        self.openssl("x509", "-req", "-in", request, "-out", crt, *signed, *extensions)
        return crt, key

    def server(self, name="server"):
        return self.issue(name, "subjectAltName=IP:127.0.0.1", "extendedKeyUsage=serverAuth")

    def client(self, name="client"):
        return self.issue(name, "extendedKeyUsage=clientAuth")

    def trusting(self, own=None):
        """What a client uses that trusts this authority and shows `own`."""
        context = ssl.create_default_context(cafile=self.ca)
        if own:
            context.load_cert_chain(*own)
        return context


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "first")


@pytest.fixture
def files(tmp_path, authority):
    """The files that the server is told of."""
    installed = tmp_path / "tls.crt", tmp_path / "tls.key"
    install(authority.server(), installed)
    return installed


def install(source, installed):
    for new, path in zip(source, installed):
        path.write_bytes(new.read_bytes())


def https_server(start, files, **env):
    names = {"HOLMES_SSL_CERTFILE": files[0], "HOLMES_SSL_KEYFILE": files[1]}
    server = start.server(wait=False, **(names | env))
    server.url = f"https://127.0.0.1:{server.port}"
    return server


def health(server, context):
    """The status of /healthz, or the error of a client that gets none."""
    try:
        return http_request("GET", server.url + "/healthz", timeout=5, context=context).status
    except (OSError, http.client.HTTPException) as error:
        return repr(error)


def serves(server, context, timeout=30):
    def answers():
        assert server.alive(), server.tail()
        return health(server, context) == 200

    return wait_until("an answer over HTTPS", answers, timeout)


def test_serves_https_to_python_and_curl(start, authority, files):
    server = https_server(start, files)
    serves(server, authority.trusting())
    told = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--cacert", authority.ca, server.url + "/healthz"],
        capture_output=True,
        timeout=30,
    )
    assert told.returncode == 0, told.stderr
    assert "CERTIFICATE_VERIFY_FAILED" in health(server, ssl.create_default_context())
    plain = http_request("GET", f"http://127.0.0.1:{server.port}/healthz")
    assert plain.status == 400 and "HTTPS server" in plain.text()
    server.terminate()
    assert server.child.returncode == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_offers_http_1_and_tls_1_2_or_later(start, authority, files):
    server = https_server(start, files)
    serves(server, authority.trusting())
    modern = authority.trusting()
    modern.set_alpn_protocols(["h2", "http/1.1"])
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=modern, timeout=10)
    connection.connect()
    assert connection.sock.selected_alpn_protocol() == "http/1.1"
    connection.close()
    only_h2 = authority.trusting()
    only_h2.set_alpn_protocols(["h2"])
    assert "no application protocol" in health(server, only_h2)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        exactly = authority.trusting()
        exactly.minimum_version = exactly.maximum_version = version
        assert health(server, exactly) == 200
    old = authority.trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    assert "alert protocol version" in health(server, old)


def test_client_certificates_are_required_and_of_the_authority(start, tmp_path, authority, files):
    server = https_server(start, files, HOLMES_SSL_CA_CERTS=authority.ca)
    serves(server, authority.trusting(authority.client()))
    for own in (None, Authority(tmp_path, "other").client(), authority.server("not-a-client")):
        assert health(server, authority.trusting(own)) != 200
    assert health(server, authority.trusting(authority.client("second"))) == 200


def test_changed_files_are_for_new_connections(start, tmp_path, authority, files):
    server = https_server(start, files)
    serves(server, authority.trusting())
    kept = http.client.HTTPSConnection(
        "127.0.0.1", server.port, context=authority.trusting(), timeout=10
    )
    kept.request("GET", "/healthz")
    assert kept.getresponse().read() is not None
    connected = kept.sock

    # Half of a change: the old ones are kept, and somebody is told.
    second = Authority(tmp_path, "second")
    crt, key = second.server()
    install((crt,), files)
    wait_until("a warning", lambda: "keeping the old ones" in server.tail(), CHANGE_SEEN)
    assert health(server, authority.trusting()) == 200

    install((crt, key), files)
    serves(server, second.trusting(), CHANGE_SEEN)
    assert "CERTIFICATE_VERIFY_FAILED" in health(server, authority.trusting())
    kept.request("GET", "/healthz")
    assert kept.getresponse().status == 200 and kept.sock is connected


@pytest.mark.parametrize(
    "name, content, word",
    [
        ("HOLMES_SSL_CERTFILE", None, "no such file"),
        ("HOLMES_SSL_CERTFILE", "nonsense", "the server certificate cannot be used"),
        ("HOLMES_SSL_KEYFILE", "nonsense", "key cannot be read"),
        ("HOLMES_SSL_KEYFILE", "another", "do not belong together"),
        ("HOLMES_SSL_CA_CERTS", "", "is empty"),
        ("HOLMES_SSL_CA_CERTS", "nonsense", "cannot be read as PEM"),
    ],
)
def test_files_that_cannot_be_used_are_one_sentence(
    tmp_path, authority, files, name, content, word
):
    bad = tmp_path / "bad.pem"
    if content == "another":
        bad = authority.server("another")[1]
    elif content is not None:
        bad.write_text(content)
    paths = {"HOLMES_SSL_CERTFILE": files[0], "HOLMES_SSL_KEYFILE": files[1]}
    expect_usage_error(word, **(paths | {name: bad}))


@pytest.mark.parametrize("name", ["HOLMES_SSL_KEYFILE", "HOLMES_SSL_CA_CERTS"])
def test_without_a_certificate_the_others_are_refused(files, name):
    expect_usage_error(f"{name} without HOLMES_SSL_CERTFILE", **{name: files[1]})


def expect_usage_error(word, **env):
    here = {"HOLMES_HOST": "127.0.0.1", "HOLMES_PORT": free_port()}
    refused = run_holmes("server", env=here | env)
    said = (refused.stderr + refused.stdout).strip()
    assert refused.returncode == 2, said
    assert len(said.splitlines()) == 1 and word in said.replace("No such", "no such"), said
