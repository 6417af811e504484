"""The program of tests/contract that serves an empty embedded API, and nothing else of Holmes."""

import os
import ssl
import subprocess
from pathlib import Path

from support import REPO, clean_env, http_request

PROGRAM = Path(
    os.environ.get("HOLMES_STORE_SERVER") or REPO / "build/dev/tests/contract/store_server"
)
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: store, cluster: {{server: "{url}", certificate-authority: "{ca}"}}}}]
users: [{{name: anybody, user: {{token: {token}}}}}]
contexts: [{{name: store, context: {{cluster: store, user: anybody, namespace: default}}}}]
current-context: store
"""


class StoreServer:
    """Runs until stop(); `folder` gets its authority and a kubeconfig."""

    token = "any"

    def __init__(self, folder):
        assert PROGRAM.is_file(), f"{PROGRAM} is missing: ninja -C build/dev store_server"
        self.child = subprocess.Popen(
            [PROGRAM, folder],
            env=clean_env(),
            stdout=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        self.url = self.child.stdout.readline().strip()
        assert self.url, "the embedded API did not start"
        authority = folder / "ca.pem"
        self.tls = ssl.create_default_context(cafile=authority)
        self.kubeconfig = folder / "store.kubeconfig"
        self.kubeconfig.write_text(KUBECONFIG.format(url=self.url, ca=authority, token=self.token))

    def compact(self):
        """Forgets all history, as an etcd does that is compacted."""
        done = http_request("POST", f"{self.url}/compact", context=self.tls)
        assert done.status == 200

    def stop(self):
        self.child.terminate()
        assert self.child.wait(20) == 0
        self.child.stdout.close()
