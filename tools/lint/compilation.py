"""What the compilers are asked to do, from CMake's compile_commands.json, with stamps so that
nothing unchanged is asked twice."""

import hashlib
import json
import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cpp_text
from findings import Finding


class Compilation:
    def __init__(self, root, build):
        self.root = Path(root)
        self.build = Path(build).resolve()
        entries = json.loads((self.build / "compile_commands.json").read_text())
        # A file that several targets compile is checked as the first one does.
        self.commands = {}
        for entry in entries:
            path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), self.root)
            self.commands.setdefault(path, self._flags(entry))

    @staticmethod
    def _flags(entry):
        """Returns the flags without compiler, input, output and dependency files."""
        words = shlex.split(entry["command"])
        compiler = next(i for i, w in enumerate(words) if "clang" in os.path.basename(w))
        flags, skip = [], False
        for word in words[compiler + 1:]:
            if skip:
                skip = False
            elif word in ("-o", "-c", "-MF", "-MT"):
                skip = True
            elif word != "-MD":
                flags.append(word)
        return flags

    def flags_of(self, path):
        """Returns the flags of a file, for a header those of its nearest neighbour."""
        if path in self.commands:
            return self.commands[path]
        nearest = max(self.commands, key=lambda c: len(os.path.commonprefix([c, path])))
        return self.commands[nearest]

    def key(self, path, *ingredients):
        """Returns a hash of the file, all project headers it reaches, its flags and `ingredients`."""
        digest = hashlib.sha256(repr((path, self.flags_of(path), ingredients)).encode())
        seen, waiting = set(), [path]
        while waiting:
            current = waiting.pop()
            full = self.root / current
            if current in seen or not full.exists():
                continue
            seen.add(current)
            text = full.read_text()
            for include in cpp_text.includes(text):
                waiting.extend(("src/" + include.path, include.path) if include.quoted else ())
        for current in sorted(seen):
            digest.update((self.root / current).read_bytes())
        return digest.hexdigest()


def run_stamped(jobs, stamps, workers):
    """Runs jobs in parallel, except those that passed before with the same key.

    jobs: list of (path, key, command). stamps: folder. Returns (findings, jobs that really ran).
    """
    stamps = Path(stamps)
    stamps.mkdir(parents=True, exist_ok=True)

    def run(job):
        path, key, command = job
        if (stamps / key).exists():
            return [], 0
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            (stamps / key).touch()
            return [], 1
        output = (done.stdout + done.stderr).strip()
        return [Finding(path, 1, f"{os.path.basename(command[0])} says:\n{output}")], 1

    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(run, jobs))
    return [f for findings, _ in results for f in findings], sum(ran for _, ran in results)
