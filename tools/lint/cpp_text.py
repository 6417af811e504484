"""What can be seen of C++ without a compiler.

All functions take the text of a file. They are heuristics that rely on the text being formatted
by clang-format; what they miss, clang-tidy or review must see.
"""

import re
from dataclasses import dataclass

_LITERAL_OR_COMMENT = re.compile(
    r"""R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"   # raw string
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'          # not the separator in 1'000
      | //[^\n]*
      | /\*.*?\*/""",
    re.VERBOSE | re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_SCOPE = re.compile(r"(?:template\s*<.*>\s*|inline\s+|typedef\s+|static\s+|constexpr\s+)*"
                    r"(?:namespace|class|struct|union|enum|extern)\b", re.DOTALL)
_STATEMENT = re.compile(r"\s*(?:(?:public|protected|private)\s*:\s*)*")
_LAMBDA = re.compile(
    r"""(?<![\w\])\[])\[(?!\[)(?P<captures>[^\[\]]*)\]\s*
        (?:\((?:[^()]|\([^()]*\))*\)\s*)?            # parameters
        (?:(?:mutable|noexcept|constexpr)\s*)*
        (?:->[^{};]*)?
        \{""",
    re.VERBOSE)
_COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")


@dataclass(frozen=True)
class Include:
    line: int
    quoted: bool  # "path", not <path>
    path: str


@dataclass(frozen=True)
class Function:
    line: int
    lines: int


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def scrub(text):
    """Returns the text with comments and literals blanked; lines and columns stay."""
    return _LITERAL_OR_COMMENT.sub(_blank, text)


def raw_string_lines(text):
    """Returns the numbers of lines that a raw string touches."""
    lines = set()
    for match in _LITERAL_OR_COMMENT.finditer(text):
        if match.group().startswith("R"):
            lines.update(range(line_of(text, match.start()), line_of(text, match.end()) + 1))
    return lines


def includes(text):
    code = scrub(text)
    return [Include(line_of(text, m.start()), m[1] == '"', m[2])
            for m in _INCLUDE.finditer(text) if "#" in code[m.start():m.end()]]


def functions(text):
    """Yields each function defined at namespace or class level, with its length in lines."""
    code = _DIRECTIVE.sub(_blank, scrub(text))
    scopes, begin, parens, function = [], 0, 0, None
    for match in re.finditer(r"[(){};]", code):
        char, at = match.group(), match.start()
        if char in "()":
            parens += 1 if char == "(" else -1
        elif parens > 0:
            continue
        elif char == "{":
            if all(scopes):  # Not inside a function or an initializer.
                begin = _STATEMENT.match(code, begin).end()
                header = code[begin:at].strip()
                is_scope = bool(_SCOPE.match(header))
                if not is_scope and "(" in header and not header.endswith("="):
                    function = begin
                scopes.append(is_scope)
                if is_scope:
                    begin = at + 1
            else:
                scopes.append(False)
        elif char == "}" and scopes:
            scopes.pop()
            continues = code[at + 1:].lstrip()[:1] in (",", "{")  # a_{1}, b_{2} {
            if all(scopes) and not continues:
                if function is not None:
                    first, last = line_of(code, function), line_of(code, at)
                    yield Function(first, last - first + 1)
                begin, function = at + 1, None
        elif char == ";" and all(scopes):
            begin = at + 1


def _body(code, opening):
    """Returns the end of the block whose brace opens at `opening`."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.end()
    return len(code)


def capturing_lambda_coroutines(text):
    """Yields the lines where a lambda with captures is a coroutine: the captures die with the
    lambda object, often before the coroutine resumes."""
    code = scrub(text)
    for match in _LAMBDA.finditer(code):
        if not match["captures"].strip():
            continue
        opening = match.end() - 1
        body = code[opening + 1:_body(code, opening)]
        inner = _LAMBDA.search(body)
        while inner:
            body = body[:inner.start()] + body[_body(body, inner.end() - 1):]
            inner = _LAMBDA.search(body)
        if _COROUTINE.search(body):
            yield line_of(code, match.start())
