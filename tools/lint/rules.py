"""Rules about the text of one file: banned calls, sizes, leftovers."""

import fnmatch
import re
from dataclasses import dataclass

import cpp_text
from findings import Finding

MAX_COLUMNS = 100
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70


@dataclass(frozen=True)
class Ban:
    """A pattern that C++ code may not contain, outside the files that exist to hold it."""
    pattern: str
    instead: str
    allowed: tuple = ()
    where: tuple = ("src/*",)


REAL_THINGS = ("src/async/*.cc", "src/cmd/*.cc")  # the owners of clock, randomness, processes
EVERYWHERE = ("src/*", "sim/*", "tests/*", "fuzz/*", "bench/*")

BANS = (
    Ban(r"\bstd::j?thread\b", "run it on the executor's pool (async)", ("src/async/*.cc",)),
    Ban(r"\bstd::(recursive_|shared_|timed_)?mutex\b|\bstd::condition_variable",
        "keep the state on the event-loop thread", ("src/async/*", )),
    Ban(r"\bstd::this_thread::|(?<!\w)(::|\b[nu]+)sleep\(", "wait on a Clock with a Stop or a Deadline",
        ("src/async/*.cc",), EVERYWHERE),
    Ban(r"\b(system|steady|high_resolution)_clock::now\(|\bclock_gettime\(|\bgettimeofday\("
        r"|\btime\((nullptr|NULL|0|&)", "take a Clock", REAL_THINGS),
    Ban(r"\bstd::random_device\b|(?<![\w.>])s?rand\(|\bstd::mt19937", "take a Random", ("src/async/random.*", "src/cmd/*.cc")),
    Ban(r"\b(secure_)?getenv\(|\b(un)?setenv\(|\bputenv\(",
        "take an option; cmd reads the environment", ("src/cmd/*.cc",)),
    Ban(r"(?<![\w.>])(system|popen|v?fork|exec[vl]p?e?|posix_spawnp?)\(", "use the Subprocess seam (async)",
        REAL_THINGS),
    Ban(r"\bstd::(cout|cerr|clog)\b|(?<!\w)f?printf\(|\bstd::print|\bfmt::print(ln)?\(|(?<!\w)puts\(",
        "take a Logger, or return the text to cmd", ("src/cmd/*.cc", "src/base/assert.cc")),
    Ban(r"(?<!\w)assert\(", "use HOLMES_ASSERT, which also holds in release builds"),
    Ban(r"\bstd::w?s?regex", "use RE2, which is linear in its input", (), EVERYWHERE),
    Ban(r"\bnlohmann\b", 'use "base/json.h"', (), EVERYWHERE),
    Ban(r"\bboost::json\b", 'write json::, from "base/json.h"', ("src/base/json.*",)),
    Ban(r"\bthread_local\b", "pass the state along", ("src/async/*.cc",)),
    Ban(r"\bdetached\b", "spawn into a TaskScope", ("src/async/*.cc",)),
    Ban(r"\bstd::(stoi|stol|stoul|stoll|stoull|stod|stof)\b|(?<!\w)ato[ifl]l?\(",
        "use std::from_chars: no exceptions, no locale, no silent garbage", (), EVERYWHERE),
)

_LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_PRIVATE_PATH = re.compile(r"(?<![\w.$}-])/(home|root|work|Users)/\w")


def check_cpp(path, text):
    """Yields findings for a C++ file; path is relative to the root."""
    yield from _check_bans(path, text)
    yield from _check_sizes(path, text)
    for line in cpp_text.capturing_lambda_coroutines(text):
        yield Finding(path, line, "a coroutine lambda may not capture: its captures die before it "
                                  "resumes; spawn a named coroutine with parameters by value")
    if path.endswith(".h"):
        yield from _check_header(path, text)


def check_text(path, text):
    """Yields findings that hold for every text file of the project."""
    for number, line in enumerate(text.splitlines(), 1):
        if leftover := _LEFTOVER.search(line):
            yield Finding(path, number, f"{leftover.group()} left in the text: do it or open an issue")
        if private := _PRIVATE_PATH.search(line):
            yield Finding(path, number, f"a path of one machine: {private.group()}...")


def _check_bans(path, text):
    code = cpp_text.scrub(text)
    for ban in BANS:
        if not _matches(path, ban.where) or _matches(path, ban.allowed):
            continue
        for match in re.finditer(ban.pattern, code):
            yield Finding(path, cpp_text.line_of(code, match.start()),
                          f"`{match.group().strip()}` is banned here: {ban.instead}")


def _matches(path, patterns):
    return any(fnmatch.fnmatch(path, p) for p in patterns)


def _check_sizes(path, text):
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield Finding(path, MAX_FILE_LINES, f"{len(lines)} lines; a file has at most {MAX_FILE_LINES}: "
                                            "split it by what it knows")
    raw = cpp_text.raw_string_lines(text)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS and number not in raw and "://" not in line and "#include" not in line:
            yield Finding(path, number, f"{len(line)} columns; a line has at most {MAX_COLUMNS}")
    for function in cpp_text.functions(text):
        if function.lines > MAX_FUNCTION_LINES:
            yield Finding(path, function.line, f"a function of {function.lines} lines; at most "
                                               f"{MAX_FUNCTION_LINES}: name its parts")


def _check_header(path, text):
    if "\n#pragma once\n" not in "\n" + text:
        yield Finding(path, 1, "a header needs `#pragma once`")
    if match := re.search(r"\busing namespace\b", cpp_text.scrub(text)):
        yield Finding(path, cpp_text.line_of(text, match.start()), "`using namespace` in a header")
