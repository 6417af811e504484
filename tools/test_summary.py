"""Adds up the JUnit files of one test run.

test_summary.py DIR: for each NAME.status in DIR (the exit status of a part) reads NAME.xml, prints
a line per part and at last `N passed, N failed`. Skipped tests count as neither. A part that ended
with an error but recorded no failed test (a build that failed, a runner that crashed) counts as
one failure. Exits 1 when anything failed or nothing passed.
"""

import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def count(xml_text):
    counts = Counts()
    for case in ET.fromstring(xml_text).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif skipped is None:
            counts.passed += 1
        elif "Unable to find" in skipped.get("message", ""):  # ctest: the test's program is not there.
            counts.failed += 1
        else:
            counts.skipped += 1
    return counts


def read_part(status_file):
    """Returns the counts of a part and a remark on how it ended."""
    results = status_file.with_suffix(".xml")
    try:
        counts = count(results.read_text())
    except (OSError, ET.ParseError):
        counts = Counts()
    if int(status_file.read_text()) != 0 and counts.failed == 0:
        counts.failed = 1
        return counts, " (did not finish)"
    return counts, ""


def main(folder):
    total = Counts()
    for status_file in sorted(Path(folder).glob("*.status")):
        counts, remark = read_part(status_file)
        total.add(counts)
        print(f"{status_file.stem:<12} {counts.passed} passed, {counts.failed} failed, "
              f"{counts.skipped} skipped{remark}")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
