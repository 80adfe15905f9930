#!/usr/bin/env python3
"""What every file of the tree must be like, as far as a program can tell."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from findings import CPP_SUFFIXES, Finding, blank, files_below, run

LINE_BUDGET = 600
GENERATED = ("docs/config.md", "docs/states.md", "packaging/man/", "tests/fuzz/corpus/", "src/api/web/")

FOLDERS = ("include", "src", "tests", "bench", "examples", "packaging", "docs", "cmake", "models", ".ci")
TOP_FILES = ("dev", "CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
TEXT_SUFFIXES = CPP_SUFFIXES | {
    "", ".py", ".sh", ".pml", ".md", ".txt", ".cmake", ".toml", ".conf", ".json", ".in", ".html", ".js", ".css",
    ".service", ".1", ".5",
}  # fmt: skip

# Put together so that this file does not contain what it looks for.
MACHINE_PATHS = re.compile("|".join(["/work" + r"/(main|shared)\b", "/tmp/" + r"fb\b", "/ho" + r"me/(?!(user|me)\b)\w+/"]))
LOOSE_ENDS = re.compile(r"\b(" + "TO" + r"DO(?!\((soon|perf|port|test)\): \S)|" + "FIX" + r"ME|X" + r"XX)\b")
SLEEPS = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep)\b")
# A pause may set the pace of a race or of a poll, and says so on its line: "// pace: …".
PACED = re.compile(r"(//|#) pace: \S")
# An actor is a program with one vice, and sleeping may be it.
SLEEPERS = ("tests/e2e/actors/", "tests/chaos/actors/", "tests/architecture/")

RULES = ("budget", "machine-path", "pragma-once", "opening-comment", "public-doc", "sleep", "loose-end")


def check(root: Path) -> Iterator[Finding]:
    """All findings of the tree below `root`."""
    tops = [root / name for name in TOP_FILES if (root / name).is_file()]
    for path in [*tops, *files_below(root, FOLDERS, TEXT_SUFFIXES)]:
        name = path.relative_to(root).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a test's bytes, not text
        yield from check_text(name, text)
        if path.suffix in CPP_SUFFIXES:
            yield from check_form(name, text)
        if name.startswith("include/foster/"):
            yield from check_documented(name, text)


def check_text(name: str, text: str) -> Iterator[Finding]:
    """Size, paths and loose ends: rules for every text file."""
    lines = text.splitlines()
    if len(lines) > LINE_BUDGET and not name.startswith(GENERATED):
        yield Finding(name, LINE_BUDGET, "budget", f"{len(lines)} lines; {LINE_BUDGET} is a reason to split the file")
    may_sleep = not name.startswith("tests/") or name.startswith(SLEEPERS)
    for number, line in enumerate(lines, 1):
        if match := MACHINE_PATHS.search(line):
            yield Finding(name, number, "machine-path", f"'{match.group()}' exists on one machine only")
        if match := LOOSE_ENDS.search(line):
            message = f"'{match.group()}' does not say of which kind it is: soon, perf, port or test"
            yield Finding(name, number, "loose-end", message)
        if not may_sleep and (match := SLEEPS.search(line)) and not PACED.search(line):
            yield Finding(name, number, "sleep", f"{match.group()}: wait for a condition with a deadline instead")


def check_form(name: str, text: str) -> Iterator[Finding]:
    """How a C++ file begins."""
    if not text.startswith(("//", "/*")) and name.endswith(".hpp"):
        yield Finding(name, 1, "opening-comment", "the first line does not say what this header is for")
    if name.endswith(".hpp") and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield Finding(name, 1, "pragma-once", "no #pragma once")


TYPE = re.compile(r"\b(class|struct|union|enum)\b(?!.*[()=])")
ENUM = re.compile(r"\benum\b")
ACCESS = re.compile(r"^\s*(public|protected|private)\s*:(?!:)")
FUNCTION = re.compile(r"(?<!operator)\b[A-Za-z_]\w*\s*\(")
# Operators, special members and definitions of what was declared above say nothing new.
NOT_A_DECLARATION = re.compile(
    r"\boperator\b|\bfriend\b|=\s*(default|delete)\b|\bstatic_assert\b|^\s*using\b|\bstruct\s+std::|~\w|\b(\w+)\s*\(\s*(const\s+)?\2\s*&|"
    r"\b\w+(<\w+>)?::~?\w+\s*\("
)


def check_documented(name: str, text: str) -> Iterator[Finding]:
    """Every type and every function that a public header declares has a /// comment.

    A heuristic, not a parser: what a class defines within itself is taken to explain itself, and operators,
    special members say the usual thing.
    """
    lines = text.splitlines()
    code = re.sub(r"^[ \t]*#[^\n]*", lambda m: " " * len(m.group()), blank(text), flags=re.MULTILINE)
    scopes: list[str] = []  # "namespace", "public" or "private" type
    start = 0  # where the statement being read begins
    skipped = 0  # depth inside braces that declare nothing

    def finding(statement: str, kind: str) -> Iterator[Finding]:
        offset = start + len(statement) - len(statement.lstrip())
        line = code.count("\n", 0, offset)
        above = line - 1
        while above >= 0 and lines[above].lstrip().startswith(("template", "requires", "[[")):
            above -= 1
        end = code.count("\n", 0, start + len(statement))
        documented = above >= 0 and lines[above].lstrip().startswith("///")
        if not documented and "///<" not in lines[end]:
            yield Finding(name, line + 1, "public-doc", f"{kind} without a /// comment: {lines[line].strip()}")

    for position, char in enumerate(code):
        if skipped:
            skipped += (char == "{") - (char == "}")
            if not skipped:
                start = position + 1
            continue
        if char == ":" and scopes and ACCESS.match(code[start : position + 1]) and code[position + 1] != ":":
            word = ACCESS.match(code[start : position + 1])
            scopes[-1] = "private" if word and word.group(1) == "private" else "public"
            start = position + 1
        elif char == "{":
            statement = code[start:position]
            visible = "private" not in scopes
            if "namespace" in statement:
                scopes.append("namespace")
                start = position + 1
            elif TYPE.search(statement) and not ENUM.search(statement):
                if visible and not NOT_A_DECLARATION.search(statement):
                    yield from finding(statement, "type")
                scopes.append("private" if re.search(r"\bclass\b", statement) else "public")
                start = position + 1
            else:
                at_namespace_scope = not scopes or scopes[-1] == "namespace"
                is_function = FUNCTION.search(statement) and not NOT_A_DECLARATION.search(statement)
                if visible and (ENUM.search(statement) or (at_namespace_scope and is_function)):
                    yield from finding(statement, "declaration")
                skipped = 1
        elif char == "}":
            if scopes:
                scopes.pop()
            start = position + 1
        elif char == ";":
            statement = code[start:position]
            is_function = FUNCTION.search(statement) and not NOT_A_DECLARATION.search(statement)
            if is_function and "private" not in scopes and not re.search(r"=[^=].*\(", statement):
                yield from finding(statement, "function")
            start = position + 1


GOOD_HEADER = """// A thing, and how to take it.
#pragma once

namespace foster {

/// A thing.
class Thing {
 public:
  Thing() = default;
  int size() const { return size_; }
  /// Grows it.
  void grow(int by);
  Thing(Thing&& other) noexcept;
  ~Thing();
  Thing& operator=(const Thing&);

 private:
  void hidden();
  int size_ = 0;
};

/// Kinds of thing.
enum class Kind { small, large };

/// Takes one.
template <class T>
[[nodiscard]] Thing take(T from);

inline void Thing::grow(int by) {}

}  // namespace foster
"""
GOOD = {
    "include/foster/thing.hpp": GOOD_HEADER,
    "src/lib/thing.cpp": '#include <foster/thing.hpp>\n// TO' + "DO(perf): grow by halves.\n",
    "tests/e2e/actors/sleeper.cpp": "// Sleeps.\nint main() { usleep(1); }\n",
    "tests/unit/lib/race_test.cpp": "::usleep(50);  // pace: the other side wins half the rounds\n",
}
BAD = {
    "budget": {"src/lib/long.cpp": "//\n" * (LINE_BUDGET + 1)},
    "machine-path": {"docs/a.md": "see /ho" + "me/somebody/foster\n"},
    "pragma-once": {"src/lib/a.hpp": "// A.\n"},
    "opening-comment": {"src/lib/a.hpp": "#pragma once\n"},
    "public-doc": {
        "include/foster/thing.hpp": GOOD_HEADER.replace("/// Grows it.", ""),
        "include/foster/other.hpp": GOOD_HEADER.replace("/// Takes one.", "// Takes one."),
        "include/foster/third.hpp": GOOD_HEADER.replace("/// A thing.", ""),
        "include/foster/fourth.hpp": GOOD_HEADER.replace("/// Kinds of thing.", ""),
    },
    "sleep": {
        "tests/e2e/a_test.cpp": "std::this_thread::sleep_for(1s);\n",
        "tests/e2e/a.py": "time.sleep(1)\n",
    },
    "loose-end": {"src/lib/a.cpp": "// TO" + "DO: later\n"},
}

if __name__ == "__main__":
    sys.exit(run(check, RULES, GOOD, BAD))
