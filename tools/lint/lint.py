#!/usr/bin/env python3
"""The linter of Holmes.

lint.py --build DIR [CHECK...] [--all]: runs the named checks (default: all of them) from the root of
the repository; DIR is a configured build folder. Prints `path:line: what is wrong and what would be
right` for each finding; exits 1 when there is one.

  text      include layers (LAYERS), banned calls, sizes, leftovers
  format    clang-format
  headers   every header compiles alone
  tidy      clang-tidy on the files that differ from the base of the change; --all: on every file
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import cpp_text
import rules
from compilation import Compilation, run_stamped
from findings import Finding
from layers import Layers

CPP_FOLDERS = ("src", "sim", "tests", "fuzz", "bench", "examples")
CPP_SUFFIXES = (".h", ".cc")
TEXT_SUFFIXES = CPP_SUFFIXES + (".py", ".sh", ".md", ".txt", ".cmake", ".yaml", ".yml", ".json", ".go")
SKIPPED_FOLDERS = {".git", "build", "__pycache__", "node_modules", ".pytest_cache", ".cache"}
SELF = "tools/lint/"  # Holds the words it looks for.


class Project:
    def __init__(self, root):
        self.root = Path(root)
        self.files = sorted(self._walk())
        self.cpp = [f for f in self.files
                    if f.endswith(CPP_SUFFIXES) and f.split("/")[0] in CPP_FOLDERS]

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def read(self, path):
        return (self.root / path).read_text()

    def changed(self):
        """Returns the C++ files that differ from where the change began: the merge base with
        origin/main, on main itself the commit before. Without a base, all files."""
        head = self._git("rev-parse", "--verify", "-q", "HEAD")
        base = self._git("merge-base", "HEAD", "origin/main")
        if not base or base == head:
            base = self._git("rev-parse", "--verify", "-q", "HEAD~1")
        if not base:
            return self.cpp
        names = self._git("diff", "--name-only", base) + "\n" + \
            self._git("ls-files", "--others", "--exclude-standard")
        return [f for f in self.cpp if f in set(names.split("\n"))]

    def _git(self, *arguments):
        # The owner of a checkout in a container is often somebody else.
        command = ["git", "-c", "safe.directory=*", "-C", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def check_text(project, _):
    layers = Layers.parse(project.read("LAYERS"))
    findings = [Finding("LAYERS", 1, f"src/{f} does not exist; remove its line")
                for f in layers.folders if not (project.root / "src" / f).is_dir()]
    for path in project.files:
        if path.endswith(TEXT_SUFFIXES) and not path.startswith(SELF):
            findings += rules.check_text(path, project.read(path))
    for path in project.cpp:
        text = project.read(path)
        findings += rules.check_cpp(path, text)
        if path.startswith("src/"):
            findings += layers.check(path[len("src/"):], cpp_text.includes(text),
                                     lambda p: (project.root / "src" / p).exists())
    return findings


def check_format(project, _):
    findings = []
    for path in project.cpp:
        done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", path], cwd=project.root,
                              capture_output=True, text=True)
        if done.returncode != 0:
            place = done.stderr.split(":")
            line = int(place[1]) if len(place) > 1 and place[1].isdigit() else 1
            findings.append(Finding(path, line, "not formatted; run ./dev fmt"))
    return findings


def check_headers(project, options):
    """A source that includes its own header first proves, when it is compiled, that the header
    stands alone; headers that no source includes first are compiled here."""
    compilation = Compilation(project.root, options.build)
    proven, findings, jobs = set(), [], []
    for path in project.cpp:
        if not path.startswith("src/") or not path.endswith(".cc"):
            continue
        if path not in compilation.commands:
            findings.append(Finding(path, 1, "no CMakeLists.txt names this file, so nothing compiles it"))
        first = next(iter(cpp_text.includes(project.read(path))), None)
        own = path.removesuffix(".cc") + ".h"
        if (project.root / own).exists() and (first is None or "src/" + first.path != own):
            findings.append(Finding(path, 1, f'include "{own[4:]}" first: it proves that the header stands alone'))
        elif first and first.quoted and path in compilation.commands:
            proven.add("src/" + first.path)
    for path in project.cpp:
        if path.endswith(".h") and path not in proven:
            command = ["clang++-19", *compilation.flags_of(path), "-fsyntax-only", "-x", "c++-header", path]
            jobs.append((path, compilation.key(path, command), command))
    more, ran = run_stamped(jobs, Path(options.build) / "lint-stamps", options.jobs)
    print(f"headers: {len(proven)} proven by the source that includes them first, "
          f"{len(jobs)} alone ({ran} compiled now)")
    return findings + more


def check_tidy(project, options):
    compilation = Compilation(project.root, options.build)
    config = project.read(".clang-tidy")
    jobs = []
    for path in project.cpp if options.all else project.changed():
        if path.startswith("src/") and (path in compilation.commands or path.endswith(".h")):
            command = ["clang-tidy-19", "--quiet", "-p", str(options.build), path]
            jobs.append((path, compilation.key(path, command, config), command))
    findings, ran = run_stamped(jobs, Path(options.build) / "lint-stamps", options.jobs)
    print(f"tidy: {len(jobs)} files ({ran} checked now)")
    return findings


CHECKS = {"text": check_text, "format": check_format, "headers": check_headers, "tidy": check_tidy}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checks", nargs="*", help="any of: " + " ".join(CHECKS))
    parser.add_argument("--build", type=Path, default=Path("build/dev"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if unknown := set(options.checks) - set(CHECKS):
        parser.error(f"no such check: {' '.join(unknown)}; there are: {' '.join(CHECKS)}")

    root = Path(__file__).resolve().parents[2]
    options.build = options.build.resolve()
    os.chdir(root)
    project = Project(root)
    failed = False
    for name in options.checks or CHECKS:
        start = time.monotonic()
        findings = CHECKS[name](project, options)
        for finding in findings:
            print(finding)
        print(f"{name}: {len(findings) or 'no'} findings, {time.monotonic() - start:.1f} s", flush=True)
        failed = failed or bool(findings)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
