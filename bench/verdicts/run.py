#!/usr/bin/env python3
"""Asks a model about saved cluster states whose right verdicts are known, and tells how many it got right.

    bench/verdicts/run.py                     # the first set, by `holmes check run --snapshot`
    bench/verdicts/run.py --naive             # the same questions, tools and model, by a naive loop
    bench/verdicts/run.py --set second --only NAME

Each result is a line of results/SET.jsonl (SET-naive.jsonl); what stands there is not asked again, so a run that
was stopped goes on where it was. A results file is of one commit: --fresh begins anew.
"""

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
sys.path[:0] = [str(HERE), str(REPO / "tests" / "e2e")]

from naive import NaiveLoop  # noqa: E402
from objects import SAVED  # noqa: E402
from support import clean_env, http_request  # noqa: E402

CHECK_SECONDS = 300  # the longest that a check may ask for
# A small model does not know when to stop looking: one look, then findings and verdict.
MODEL_CALLS = 4
STAMP = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def moved_to_now(text):
    """A state as if it had been saved now: ages are what they were then."""
    moved = datetime.now(timezone.utc).replace(microsecond=0) - SAVED

    def move(match):
        at = datetime.strptime(match.group(), "%Y-%m-%dT%H:%M:%SZ")
        return (at + moved).strftime("%Y-%m-%dT%H:%M:%SZ")

    return STAMP.sub(move, text)


def git(*words):
    done = subprocess.run(["git", "-C", REPO, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit():
    """Of the sources that judge."""
    return git("rev-parse", "--short=10", "HEAD") + ("+" if git("status", "--porcelain", "--", "src") else "")


def model_name(url):
    listed = http_request("GET", f"{url}/models").json()
    return listed["data"][0]["id"]


def ask_holmes(case, holmes, url, record):
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.yaml"
        state.write_text(moved_to_now((HERE / "states" / f"{case['state']}.yaml").read_text()))
        argv = [holmes, "check", "run", "--snapshot", state, "-n", case["namespace"], "-q", case["question"],
                "--timeout", CHECK_SECONDS, "--output", "json", "-vv"]
        if record:
            argv += ["--record", record / case["name"]]
        env = {"OPENAI_API_BASE": url, "OPENAI_API_KEY": "none", "MODEL": "openai/local-model", "TEMPERATURE": "0",
               "LLM_REQUEST_TIMEOUT": CHECK_SECONDS, "HOLMES_CHECK_MAX_MODEL_CALLS": MODEL_CALLS}
        done = subprocess.run([str(word) for word in argv], env=clean_env(env), capture_output=True, text=True,
                              timeout=CHECK_SECONDS + 60)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"holmes ended with {done.returncode}: {done.stderr}")
    [result] = json.loads(done.stdout)
    return result


def ask_naive(case, holmes, url, record):
    with NaiveLoop(url) as loop:
        result = ask_holmes(case, holmes, loop.url, record)
        return result | {"status": loop.verdict(), "rationale": loop.rationale, "message": loop.rationale}


def score(cases, results):
    by_name = {line["name"]: line for line in results}
    known = [(case, by_name[case["name"]]) for case in cases if case["name"] in by_name]
    print(f"\n{'CASE':24} {'ABOUT':11} {'RIGHT':6} {'GOT':6} {'':6} {'TIME':>6} {'CALLS':>5} {'TOKENS':>6}")
    for case, line in known:
        mark = "" if line["status"] == case["verdict"] else "WRONG"
        usage = line["usage"]
        print(f"{case['name']:24} {case['about']:11} {case['verdict']:6} {line['status']:6} {mark:6} "
              f"{line['seconds']:5.0f}s {usage.get('modelCalls', 0):5} {usage.get('inputTokens') or 0:6}")
    right = sum(line["status"] == case["verdict"] for case, line in known)
    let_through = [case["name"] for case, line in known if case["verdict"] == "fail" and line["status"] == "pass"]
    seconds = sorted(line["seconds"] for _, line in known)
    print(f"\n{right} of {len(known)} right ({len(cases)} cases); passes for what is broken: "
          f"{', '.join(let_through) or 'none'}; {sum(seconds):.0f} s, median {seconds[len(seconds) // 2]:.0f} s"
          if known else "nothing asked yet")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="first", choices=["first", "second"])
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--only", action="append", help="name of a case; may be repeated; asked again")
    parser.add_argument("--fresh", action="store_true", help="forget former results")
    parser.add_argument("--model-url", default="http://127.0.0.1:4101/v1")
    parser.add_argument("--holmes", default=REPO / "build" / "dev" / "holmes", type=Path)
    parser.add_argument("--record", type=Path, help="folder for recordings of each run")
    parser.add_argument("--results", type=Path, help="file to use instead of results/SET.jsonl")
    options = parser.parse_args()

    cases = yaml.safe_load((HERE / f"{options.set}.yaml").read_text())
    name = options.set + ("-naive" if options.naive else "")
    path = options.results or HERE / "results" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    lines = []
    if path.exists() and not options.fresh:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    if options.only:
        lines = [line for line in lines if line["name"] not in options.only]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    asked = {line["name"] for line in lines}
    about = {"commit": commit(), "model": model_name(options.model_url)}
    for case in cases:
        if case["name"] in asked or (options.only and case["name"] not in options.only):
            continue
        began = time.monotonic()
        result = (ask_naive if options.naive else ask_holmes)(case, options.holmes, options.model_url, options.record)
        line = {"name": case["name"], "right": case["verdict"], "status": result["status"]}
        line |= {key: result[key] for key in ("reason", "error", "rationale") if result.get(key)}
        line["calls"] = [f"{one['tool']} {one['arguments']}" for one in result.get("evidence", [])]
        line |= {"usage": result.get("usage", {}), "seconds": round(time.monotonic() - began, 1)}
        line |= about | {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d")}
        lines.append(line)
        with open(path, "a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{case['name']}: {line['status']}, right is {case['verdict']} ({line['seconds']:.0f} s): "
              f"{line.get('rationale') or line.get('error')}", flush=True)
    score(cases, lines)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
