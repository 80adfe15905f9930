"""What the checks of this folder share: a finding, reading C++ without comments and strings, and the self-test."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP_SUFFIXES = {".hpp", ".cpp"}


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule, at one place."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} [{self.rule}]"


Check = Callable[[Path], Iterable[Finding]]

_NOT_CODE = re.compile(
    r"""//[^\n]*                                      # a comment to the end of the line
      | /\*.*?\*/                                     # a comment in between
      | R"(?P<tag>[^()\s\\]*)\(.*?\)(?P=tag)"         # a raw string
      | "(?:\\.|[^"\\\n])*"                           # a string
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'           # a character, not a digit separator
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text: str) -> str:
    """`text` with comments and literals replaced by spaces; every line keeps its number and length."""
    return _NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def files_below(root: Path, folders: Iterable[str], suffixes: set[str]) -> list[Path]:
    """The files of these folders that have one of these suffixes, in a fixed order."""
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.suffix in suffixes)
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def run(check: Check, rules: Iterable[str], good: Mapping[str, str], bad: Mapping[str, Mapping[str, str]]) -> int:
    """The main function of a check: looks at the tree, or with --self-test at whether it can fail.

    `good` is a small tree (path to content) without a finding. `bad` has for each rule the files which, laid over
    the good tree, break that rule and no other.
    """
    if sys.argv[1:] == ["--self-test"]:
        return _self_test(check, set(rules), good, bad)
    findings = sorted(set(check(ROOT)))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _self_test(check: Check, rules: set[str], good: Mapping[str, str], bad: Mapping[str, Mapping[str, str]]) -> int:
    failures = [f"rule '{rule}' has no example that breaks it" for rule in sorted(rules - bad.keys())]
    failures += [f"example '{name}' belongs to no rule" for name in sorted(bad.keys() - rules)]
    for name, files in [("", {}), *bad.items()]:
        with tempfile.TemporaryDirectory() as folder:
            for path, content in {**good, **files}.items():
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content, encoding="utf-8")
            findings = sorted(set(check(Path(folder))))
        expected = {name} if name else set()
        # Every file of an example must be found out, or it shows nothing.
        if {finding.rule for finding in findings} != expected or files.keys() - {finding.file for finding in findings}:
            seen = "".join(f"\n    {finding}" for finding in findings) or " nothing"
            failures.append(f"expected {sorted(expected) or 'no finding'}, found:{seen}")
    for failure in failures:
        print(failure)
    print(f"{len(bad)} examples, {len(failures)} surprises")
    return 1 if failures else 0
