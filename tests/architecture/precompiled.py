"""Which system headers may be precompiled for the check of a header, so that they are parsed once for many.

A header compiled on top of precompiled ones sees what they declare. That shows the same as compiling it alone exactly
where it includes all of them itself, directly or through headers that are checked, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# What is often included together and slow to parse; the slowest first. Any list is right, a good one is fast.
BASES: tuple[tuple[str, ...], ...] = tuple(
    tuple(words.split())
    for words in (
        "algorithm array cassert charconv chrono compare csignal cstdint expected functional memory optional string"
        " string_view utility variant vector",
        "array cassert charconv chrono compare csignal cstdint functional memory optional string string_view utility"
        " variant vector",
        "fmt/format.h string string_view",
        "algorithm array chrono compare cstdint optional string string_view utility vector",
        "chrono functional optional string",
        "chrono optional string",
        "memory string string_view utility",
        "compare expected functional optional string",
        "string",
    )
)

# Precompiling costs about as much as is won for so many.
_FEWEST_USERS = 4

_INCLUDE = re.compile(r'#\s*include\s*[<"](?P<name>[^>"]+)[>"]')
_BRANCH = re.compile(r"#\s*(?P<word>if|ifdef|ifndef|endif)\b")


def choose(headers: Iterable[Path], folders: Iterable[Path]) -> dict[tuple[str, ...], list[Path]]:
    """The headers by what to precompile for them; (): nothing. `folders`: where included headers of the project are."""
    includes = Includes(folders)
    headers = list(headers)
    bases = list(BASES)
    while True:
        users: dict[tuple[str, ...], list[Path]] = {base: [] for base in [*bases, ()]}
        for header in headers:
            users[next((base for base in bases if includes.of(header).issuperset(base)), ())].append(header)
        rare = next((base for base in bases if len(users[base]) < _FEWEST_USERS), None)
        if rare is None:
            return users
        bases.remove(rare)


class Includes:
    """The names that headers include, directly or through headers of the project."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = list(folders)
        self._known: dict[Path, frozenset[str]] = {}

    def of(self, header: Path) -> frozenset[str]:
        if header not in self._known:
            self._known[header] = frozenset()  # of a circle; another check forbids those
            direct = _direct_includes(header)
            paths = [folder / name for name in direct for folder in self._folders]
            self._known[header] = frozenset(direct).union(*(self.of(path) for path in paths if path.is_file()))
        return self._known[header]


def _direct_includes(header: Path) -> list[str]:
    found: list[str] = []
    depth = 0
    for line in header.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if branch := _BRANCH.match(text):
            depth += -1 if branch["word"] == "endif" else 1
        # What is included under a condition is perhaps not included.
        elif depth == 0 and (include := _INCLUDE.match(text)):
            found.append(include["name"])
    return found
