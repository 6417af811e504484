"""What botocore's own signer says of requests that somebody else signed. Reads requests as JSON, one
a line: {"method", "url", "headers", "body"}; prints the Authorization header of each.
"""

import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class SameDate(SigV4Auth):
    """Signs at the date that the request already carries."""

    def add_auth(self, request):
        request.context["timestamp"] = request.headers["X-Amz-Date"]
        del request.headers["Authorization"]
        request.context["payload_signing_enabled"] = True
        canonical = self.canonical_request(request)
        signature = self.signature(self.string_to_sign(request, canonical), request)
        self._inject_signature_to_request(request, signature)


for line in sys.stdin:
    seen = json.loads(line)
    said = seen["headers"]["authorization"]
    signed = said.split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest(
        method=seen["method"],
        url=seen["url"],
        data=seen["body"].encode(),
        headers={name: seen["headers"][name] for name in signed if name != "host"}
        | {"Authorization": said},
    )
    SameDate(Credentials("AKIDEXAMPLE", "secret"), "bedrock", "us-east-1").add_auth(request)
    print(request.headers["Authorization"])
