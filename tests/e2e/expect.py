"""What the tests of results have in common: the questions, an alerting spec, and the shape of an
ended check.
"""

from cluster import condition, true_conditions

FRONTEND = "Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?"


def alerting(ns):
    """Spec fields of a check that alerts into a channel of this test's own."""
    return {
        "mode": "alert",
        "destinations": [{"type": "slack", "config": {"channel": f"#{ns.name}"}}],
    }


def expect_judged(status, result):
    """An answered check with a verdict, in all the places the contract names."""
    kind = {"pass": "Passed", "fail": "Failed"}[result]
    assert status["phase"] == "Completed" and status["result"] == result, status
    assert true_conditions(status) == {"Complete", kind}, status["conditions"]
    assert condition(status, "Complete")["reason"] == kind.removesuffix("ed")
    assert status["message"] == f"Check {kind.lower()}. {status['rationale']}"
    assert status["rationale"] and not status.get("error")
    assert "attempt" not in status


def expect_error(status, reason):
    """An answered check that could not be judged: never pass, never fail."""
    assert status["phase"] == "Completed" and status["result"] == "error", status
    assert true_conditions(status) == {"Complete", "Inconclusive"}, status["conditions"]
    assert condition(status, "Complete")["reason"] == "Error"
    assert condition(status, "Inconclusive")["reason"] == reason, status
    assert status["message"].startswith("Check errored: ") and status["error"]


def expect_unanswered(status, reason):
    """A run that ended without an answer."""
    assert status["phase"] == "Failed" and status["result"] == "error", status
    assert true_conditions(status) == {"Complete", "Inconclusive"}, status["conditions"]
    assert condition(status, "Complete")["reason"] == reason, status
    assert "attempt" not in status
