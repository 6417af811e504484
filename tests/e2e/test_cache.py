"""What the operator believes there is, against what the API server says there is."""

from support import wait_until

CHECKS = "healthchecks.holmesgpt.dev"


def test_the_cache_agrees_with_the_api_server_through_changes(start, ns, closed_port):
    """Operators of all tests compare (HOLMES_VERIFY_CACHE_SECONDS), and a difference fails the test;
    this one sees that they do compare.
    """
    for i in range(20):
        ns.check(f"before-{i}", "?", suspend=True)
    operator = start.operator(f"http://127.0.0.1:{closed_port}", HOLMES_VERIFY_CACHE_SECONDS="1")

    def compared():
        return operator.metrics().value("holmes_cache_comparisons_total", resource=CHECKS) or 0

    for i in range(20):
        ns.check(f"after-{i}", "?", suspend=True)
        ns.delete_check(f"before-{i}")
    seen = compared()
    wait_until("the operator compared three times", lambda: compared() >= seen + 3, 30)
