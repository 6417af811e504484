"""Runs every mutant and checks that the simulation catches it.

run.py [--program PATH] [--only NAME]... [--jobs N] [--junit FILE]

A mutant passes when its run breaks an invariant that the table names; the program without a mutant
passes when it breaks nothing, and the naive model (sim/naive_operator.h) when it breaks each of
NAIVE_BREAKS. Exits with 1 when any of this is not so.
"""

import argparse
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from table import ROOT, mutants

TIME_LIMIT_SECONDS = 400
ORIGINAL = "no-mutant"
ORIGINAL_RUNS = ("--scenario one-shot --plans singles,misled", "--scenario cancel --plans singles",
                 "--plans seeds --seed 1 --seeds 30")
NAIVE = "naive"
NAIVE_RUNS = ("--scenario forbid --operators 2", "--scenario failover", "--scenario downtime",
              "--scenario one-shot --plans singles")
NAIVE_BREAKS = ("I1", "I2", "I3", "I5", "I10")


@dataclass
class Outcome:
    name: str
    failure: str  # "" when it passed
    note: str
    seconds: float


def simulate(program, arguments):
    """Returns the exit code (None: it was stopped) and what it printed."""
    try:
        done = subprocess.run([program, *arguments.split()], capture_output=True, text=True,
                              errors="replace", timeout=TIME_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout + done.stderr


def run_original(program):
    for arguments in ORIGINAL_RUNS:
        code, output = simulate(program, arguments)
        if code != 0:
            return f"without a mutant, {arguments} ended with {code}:\n{output}", ""
    return "", "nothing broke"


def run_naive(program):
    broken = set()
    for arguments in NAIVE_RUNS:
        _, output = simulate(program, f"--naive {arguments} --failures-max 1000")
        broken.update(re.findall(r"^BROKEN (\S+) ", output, re.MULTILINE))
    kept = [name for name in NAIVE_BREAKS if name not in broken]
    failure = f"the naive model does not break {', '.join(kept)}" if kept else ""
    return failure, "breaks " + ", ".join(sorted(broken, key=lambda name: (len(name), name)))


def run_mutant(program, mutant):
    arguments = f"{mutant.run} --failures-max 1"
    code, output = simulate(program, f"--mutant {mutant.name} {arguments}")
    broken = re.findall(r"^BROKEN (\S+) .*", output, re.MULTILINE)
    runs = re.search(r"^(\d+) runs, \d+ failed", output, re.MULTILINE)
    if code == 1 and any(name in mutant.breaks for name in broken):
        first = re.search(r"^BROKEN (.*)", output, re.MULTILINE).group(1)
        return "", f"run {runs.group(1)}: {first}"
    if code == 0:
        return f"not caught by {arguments}", ""
    ending = "did not end in time" if code is None else f"ended with {code}"
    return f"{ending}, and none of {', '.join(mutant.breaks)} broke:\n{output[-2000:]}", ""


def run_one(program, name, known):
    began = time.monotonic()
    special = {ORIGINAL: run_original, NAIVE: run_naive}.get(name)
    failure, note = special(program) if special else run_mutant(program, known[name])
    outcome = Outcome(name, failure, note, time.monotonic() - began)
    print(f"{'FAILED' if failure else 'passed' if special else 'caught'} {name:<26} "
          f"{outcome.seconds:5.1f} s  {failure or note}", flush=True)
    return outcome


def write_junit(file, outcomes):
    suite = ET.Element("testsuite", name="mutants", tests=str(len(outcomes)))
    for outcome in outcomes:
        case = ET.SubElement(suite, "testcase", classname="mutants", name=outcome.name,
                             time=f"{outcome.seconds:.1f}")
        if outcome.failure:
            ET.SubElement(case, "failure", message=outcome.failure[:300])
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.ElementTree(suites).write(file, encoding="utf-8", xml_declaration=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / "build/release/sim/simulate_mutants"))
    parser.add_argument("--only", action="append", help=f"a mutant's name, {ORIGINAL} or {NAIVE}")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--junit")
    arguments = parser.parse_args()
    known = {mutant.name: mutant for mutant in mutants()}
    names = arguments.only or [ORIGINAL, NAIVE, *known]
    for name in names:
        if name not in (ORIGINAL, NAIVE, *known):
            parser.error(f"there is no mutant {name}; sim/mutants/mutants.toml has them")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = list(pool.map(lambda name: run_one(arguments.program, name, known), names))
    if arguments.junit:
        write_junit(arguments.junit, outcomes)
    failed = sum(1 for outcome in outcomes if outcome.failure)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
