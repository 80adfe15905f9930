#!/usr/bin/env python3
"""Code in the library's guide is code that is compiled and run: each block of C++ stands in an example, line by line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from findings import Finding, run

GUIDE = ("docs/library.md", "docs/library/*.md")
SOURCES = ("examples/*.cpp", "tests/consumer/project/*.cpp")
_BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _lines(text: str) -> list[str]:
    """Without indentation and empty lines: a quote may stand deeper or less deep than its source."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _is_in(quote: list[str], source: list[str]) -> bool:
    return any(source[at : at + len(quote)] == quote for at in range(len(source) - len(quote) + 1))


def check(root: Path) -> Iterable[Finding]:
    sources = [_lines(path.read_text(encoding="utf-8")) for glob in SOURCES for path in sorted(root.glob(glob))]
    for page in (page for glob in GUIDE for page in sorted(root.glob(glob))):
        text = page.read_text(encoding="utf-8")
        for block in _BLOCK.finditer(text):
            quote = _lines(block.group(1))
            if not any(_is_in(quote, source) for source in sources):
                line = text.count("\n", 0, block.start()) + 1
                name = str(page.relative_to(root))
                yield Finding(name, line, "quote", f'"{quote[0]}" and what follows is in no example')


RULES = ["quote"]
GOOD = {
    "docs/library.md": "```cpp\nreturn 0;\n```\n\n```sh\nnot C++\n```\n",
    "examples/one.cpp": "int main() {\n\n  return 0;\n}\n",
}
BAD = {"quote": {"docs/library/one.md": "```cpp\nint main() {\n  return 1;\n}\n```\n"}}

if __name__ == "__main__":
    sys.exit(run(check, RULES, GOOD, BAD))
