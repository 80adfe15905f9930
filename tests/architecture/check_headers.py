#!/usr/bin/env python3
"""Each header compiles alone: whoever includes it needs to include nothing before it.

Public headers are compiled as a stranger to foster would, with nothing but include/ and strict warnings. The headers
of a layer get the flags of that layer's own files, without the precompiled header that would hide a missing include.
A header that passed is not compiled again until it, or a project file it includes, has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from findings import ROOT, files_below

STRICT = ["-std=c++23", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


def layer_commands(build: Path) -> dict[str, list[str]]:
    """For each layer the compiler and flags of one of its files, from the build's compile_commands.json."""
    commands: dict[str, list[str]] = {}
    fallback: list[str] = []
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = Path(entry["file"])
        words = strip_outputs(shlex.split(entry["command"]), entry["file"])
        fallback = fallback or words
        if source.is_relative_to(ROOT / "src"):
            commands.setdefault(source.relative_to(ROOT / "src").parts[0], words)
    for folder in (ROOT / "src").iterdir():
        commands.setdefault(folder.name, fallback)
    return commands


def strip_outputs(words: list[str], source: str) -> list[str]:
    """A compile command without launcher, source, output, dependency file and precompiled header."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("-o", "-MF", "-MT", "-include"):
            next(rest)
        elif word not in ("-c", "-MD", "-MMD", "-Winvalid-pch", source) and not word.endswith("ccache"):
            kept.append(word)
    return kept


def fingerprint(paths: list[str]) -> list[list[str | int]] | None:
    """What tells whether these files are still the same; None when one is gone."""
    try:
        return [[path, os.stat(path).st_mtime_ns, os.stat(path).st_size] for path in sorted(paths)]
    except FileNotFoundError:
        return None


def compile_alone(header: Path, command: list[str]) -> tuple[str, list[str]]:
    """The compiler's complaints, and the project files the header includes."""
    with tempfile.TemporaryDirectory() as folder:
        depends = Path(folder, "depends")
        # Through a file of its own: compiled directly, #pragma once would warn.
        source = Path(folder, "alone.cpp")
        source.write_text(f'#include "{header}"\n', encoding="utf-8")
        finished = subprocess.run(
            [*command, "-fsyntax-only", "-MMD", "-MF", str(depends), "-MT", "alone", str(source)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            return finished.stderr, []
        words = depends.read_text(encoding="utf-8").replace("\\\n", " ").split()[1:]
    return "", [word for word in words if word.startswith(str(ROOT))]


def self_test(commands: dict[str, list[str]]) -> int:
    """A header that leans on its includer must be found out, and a good one must not."""
    with tempfile.TemporaryDirectory() as folder:
        bad, good = Path(folder, "bad.hpp"), Path(folder, "good.hpp")
        bad.write_text("#pragma once\nstd::string name();\n", encoding="utf-8")
        good.write_text("#pragma once\n#include <string>\nstd::string name();\n", encoding="utf-8")
        for command in (commands["sys"], [commands["sys"][0], *STRICT]):
            if compile_alone(good, command)[0] or not compile_alone(bad, command)[0]:
                print(f"the check cannot tell a good header from a bad one: {shlex.join(command)}")
                return 1
    print("1 example, 0 surprises")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()

    commands = layer_commands(options.build_dir)
    if options.self_test:
        return self_test(commands)
    public = [commands["sys"][0], *STRICT, f"-I{ROOT / 'include'}"]
    work = {str(path): public for path in files_below(ROOT, ["include"], {".hpp"})}
    for path in files_below(ROOT, ["src"], {".hpp"}):
        work[str(path)] = commands[path.relative_to(ROOT / "src").parts[0]]

    passed_file = options.build_dir / "check_headers.json"
    passed = json.loads(passed_file.read_text(encoding="utf-8")) if passed_file.exists() else {}

    def is_known(header: str) -> bool:
        entry = passed.get(header)
        return bool(entry) and entry["command"] == work[header] and fingerprint(
            [path for path, _, _ in entry["files"]]
        ) == entry["files"]

    todo = [header for header in work if not is_known(header)]
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for header, (errors, files) in zip(todo, pool.map(lambda name: compile_alone(Path(name), work[name]), todo)):
            if errors:
                failed += 1
                passed.pop(header, None)
                print(f"{os.path.relpath(header, ROOT)}:1: does not compile alone [self-contained]\n{errors}")
            else:
                passed[header] = {"command": work[header], "files": fingerprint(files)}
    passed_file.write_text(json.dumps({header: passed[header] for header in work if header in passed}), encoding="utf-8")
    print(f"{len(work)} headers, {len(todo)} compiled, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
