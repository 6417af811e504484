"""How the scripted model thinks: a plan per kind of question, which computes its finding from the
tool results it is sent.

A plan is a generator. It yields lists of tool calls (name, arguments), is sent the list of their
results, and returns one sentence that begins with PASS, FAIL or UNKNOWN below. The model keeps
nothing between requests: it replays the plan over the conversation.
"""

import json
import re

PASS = "No problem found. "
FAIL = "Problem found. "
UNKNOWN = "Could not be judged. "
VERDICTS = {PASS: "pass", FAIL: "fail", UNKNOWN: "unknown"}


def plan_for(question, namespace):
    """The plan for a question; `namespace` is where the server says the check lives."""
    asked = re.search(r"\bin (?:the )?namespace '?([a-z0-9-]+)'?", question)
    namespace = asked.group(1) if asked else namespace
    for pattern, plan in PLANS:
        match = pattern.search(question)
        if match:
            return plan(namespace, question, *match.groups())
    return unknown_question(namespace)


def deployment_is_healthy(namespace, question, name):
    """Compares the ready replicas with the number asked; looks for the reason at an unready pod."""
    wanted = re.search(r"at least (\d+) ready", question)
    [found] = yield [
        ("kubernetes_get", {"kind": "Deployment", "name": name, "namespace": namespace})
    ]
    if is_error(found):
        return missing_or_unreadable(found, f"Deployment '{name}'")
    deployment = as_json(found)
    desired = number(deployment, "spec", "replicas", default=1)
    ready = number(deployment, "status", "readyReplicas")
    counted = f"Deployment '{name}' has {ready} ready replicas out of {desired} desired"
    if wanted and ready < int(wanted.group(1)):
        why = yield from reason_of_unready_pod(namespace, name)
        return f"{FAIL}{counted}, at least {wanted.group(1)} were asked for.{why}"
    if ready < desired:
        why = yield from reason_of_unready_pod(namespace, name)
        return f"{FAIL}{counted}.{why}"
    return f"{PASS}{counted}."


def reason_of_unready_pod(namespace, app):
    [table] = yield [
        ("kubernetes_list", {"kind": "Pod", "namespace": namespace, "label_selector": f"app={app}"})
    ]
    sick = next((row for row in table_rows(table) if not is_healthy(row)), None)
    if sick is None:
        return ""
    pod = sick["NAME"]
    described, logs = yield [
        ("kubernetes_describe", {"kind": "Pod", "name": pod, "namespace": namespace}),
        ("kubernetes_logs", {"pod": pod, "namespace": namespace, "tail_lines": 20}),
    ]
    last = (
        ""
        if is_error(logs)
        else next((line.strip() for line in reversed(logs.splitlines()) if line.strip()), "")
    )
    said = f", its last log line is '{clean(last)}'" if last else ""
    warned = ", with warning events" if '"Warning"' in described else ""
    return f" Pod '{pod}' is {sick.get('STATUS', 'not ready')} ({sick.get('READY', '?')} ready){said}{warned}."


def deployments_are_healthy(namespace, question, names):
    """Several objects in one step: the results must come back in the order of the calls."""
    names = re.findall(r"'([a-z0-9.-]+)'", names)
    found = yield [
        ("kubernetes_get", {"kind": "Deployment", "name": name, "namespace": namespace})
        for name in names
    ]
    sentences = []
    for name, text in zip(names, found):
        if is_error(text):
            return missing_or_unreadable(text, f"Deployment '{name}'")
        deployment = as_json(text)
        if deployment.get("metadata", {}).get("name") != name:
            return f"{FAIL}The answer for '{name}' is about another object."
        ready, desired = (
            number(deployment, "status", "readyReplicas"),
            number(deployment, "spec", "replicas", default=1),
        )
        if ready < desired:
            return f"{FAIL}Deployment '{name}' has {ready} ready replicas out of {desired} desired."
        sentences.append(f"{name} {ready}/{desired}")
    return f"{PASS}All are ready: {', '.join(sentences)}."


def pods_are_healthy(namespace, question, asked):
    [table] = yield [("kubernetes_list", {"kind": "Pod", "namespace": asked or namespace})]
    if is_error(table):
        return missing_or_unreadable(table, "The list of pods")
    rows = table_rows(table)
    sick = [row for row in rows if not is_healthy(row)]
    if sick:
        return (
            f"{FAIL}{len(sick)} of {len(rows)} pods are not healthy: "
            + ", ".join(f"{r['NAME']} {r['STATUS']}" for r in sick[:5])
            + "."
        )
    return f"{PASS}All {len(rows)} pods are healthy." if rows else f"{FAIL}There are no pods."


def object_exists(namespace, question, kind, name):
    [found] = yield [("kubernetes_get", {"kind": kind, "name": name, "namespace": namespace})]
    if is_error(found):
        return missing_or_unreadable(found, f"{kind} '{name}'")
    return f"{PASS}{kind} '{name}' exists."


def configmap_contains(namespace, question, name, word):
    [found] = yield [
        ("kubernetes_get", {"kind": "ConfigMap", "name": name, "namespace": namespace})
    ]
    return contains(found, f"ConfigMap '{name}'", word)


def logs_contain(namespace, question, pod, word):
    [found] = yield [("kubernetes_logs", {"pod": pod, "namespace": namespace})]
    return contains(found, f"The log of pod '{pod}'", word)


def description_mentions(namespace, question, kind, name, word):
    [found] = yield [("kubernetes_describe", {"kind": kind, "name": name, "namespace": namespace})]
    return contains(found, f"The description of {kind} '{name}'", word)


def contains(found, what, word):
    if is_error(found):
        return missing_or_unreadable(found, what)
    return (
        f"{PASS}{what} contains '{word}'."
        if word in found
        else f"{FAIL}{what} does not contain '{word}'."
    )


def unknown_question(namespace):
    yield [("kubernetes_list", {"kind": "Pod", "namespace": namespace})]
    return f"{UNKNOWN}The data does not answer this question."


PLANS = [
    (
        re.compile(r"deployments ((?:'[a-z0-9.-]+'(?:, | and )?)+) (?:all )?(?:healthy|ready)"),
        deployments_are_healthy,
    ),
    (re.compile(r"[Dd]eployment '([a-z0-9.-]+)'"), deployment_is_healthy),
    (re.compile(r"all pods in (?:this namespace|namespace '([a-z0-9-]+)')"), pods_are_healthy),
    (re.compile(r"\b([A-Z][A-Za-z]+) '([a-z0-9.:-]+)' exist"), object_exists),
    (re.compile(r"ConfigMap '([a-z0-9.-]+)' contain '([^']+)'"), configmap_contains),
    (re.compile(r"log of pod '([a-z0-9.-]+)' contain '([^']+)'"), logs_contain),
    (
        re.compile(r"description of ([A-Z][A-Za-z]+) '([a-z0-9.-]+)' mention '([^']+)'"),
        description_mentions,
    ),
]


def missing_or_unreadable(text, what):
    """404 is an answer of the cluster; anything else leaves the question open."""
    if "404" in text or "not found" in text.lower():
        return f"{FAIL}{what} does not exist."
    return f"{UNKNOWN}{what} could not be read: {clean(text)}"


def is_error(text):
    return text.startswith("error: ")


def as_json(text):
    """The first JSON object in a tool's answer; a hint may stand around it."""
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else {}
    except ValueError:
        return {}


def number(document, *path, default=0):
    for part in path:
        document = document.get(part) if isinstance(document, dict) else None
    return document if isinstance(document, int) else default


def table_rows(text):
    """The rows of a kubectl-like table as dictionaries: columns are at least two blanks apart."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = next(
        (i for i, line in enumerate(lines) if re.match(r"(NAMESPACE\s+)?NAME\s", line)), None
    )
    if head is None:
        return []
    columns = re.split(r"\s{2,}", lines[head].strip())
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[head + 1 :]]
    return [dict(zip(columns, row)) for row in rows if len(row) > 1]


def is_healthy(pod):
    if pod.get("STATUS") in ("Completed", "Succeeded"):
        return True
    ready, _, of = pod.get("READY", "0/1").partition("/")
    return pod.get("STATUS") == "Running" and ready == of


def clean(text):
    """One line that is safe inside a finding: the classification reads the finding up to its line's
    end.
    """
    return re.sub(r"[\s<>]+", " ", text).strip()[:300]


def judge(text):
    """Reads back the finding that stands in the classification's prompt: (verdict, rationale)."""
    found = max(VERDICTS, key=text.rfind)
    at = text.rfind(found)
    if at < 0:
        return "unknown", "There is no finding."
    rationale = re.match(r"[^\n<]*", text[at + len(found) :]).group(0).strip()
    return VERDICTS[found], rationale or found.strip()
