#!/usr/bin/env python3
"""Each header compiles alone: whoever includes it needs to include nothing before it.

Public headers are compiled as a stranger to foster would, with nothing but include/ and strict warnings. The headers
of a layer get the flags of that layer's own files, without the precompiled header that would hide a missing include.
Of the system's headers those which it includes anyway may be precompiled, see precompiled.py.
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
from dataclasses import dataclass
from pathlib import Path

from findings import ROOT, files_below
from precompiled import choose

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


def run_compiler(command: list[str], folder: Path) -> tuple[str, list[str]]:
    """The compiler's complaints, and the project files that were included."""
    depends = folder / "depends"
    finished = subprocess.run(
        [*command, "-MMD", "-MF", str(depends), "-MT", "alone"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        return finished.stderr, []
    words = depends.read_text(encoding="utf-8").replace("\\\n", " ").split()[1:]
    return "", [word for word in words if word.startswith(str(ROOT))]


@dataclass(frozen=True)
class Batch:
    """Headers that are compiled each by itself, on top of the same precompiled ones."""

    base: tuple[str, ...]
    headers: list[Path]
    command: list[str]

    def compile(self) -> list[tuple[Path, str, list[str]]]:
        """Of each header the compiler's complaints, and the project files it includes."""
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            flags: list[str] = []
            if self.base:
                base = folder / "base.hpp"
                base.write_text("".join(f"#include <{included}>\n" for included in self.base), encoding="utf-8")
                errors, _ = run_compiler([*self.command, "-x", "c++-header", str(base), "-o", f"{base}.gch"], folder)
                if errors:
                    return [(header, errors, []) for header in self.headers]
                flags = ["-Winvalid-pch", "-include", str(base)]
            # Through a file of its own: compiled directly, #pragma once would warn.
            source = folder / "alone.cpp"
            found: list[tuple[Path, str, list[str]]] = []
            for header in self.headers:
                source.write_text(f'#include "{header}"\n', encoding="utf-8")
                found.append((header, *run_compiler([*self.command, *flags, "-fsyntax-only", str(source)], folder)))
            return found


def batches(work: dict[Path, list[str]], folders: list[Path]) -> list[Batch]:
    """All that is to be compiled; what precompiles nothing is shared among processors one by one. The longest first."""
    found: list[Batch] = []
    for command in {tuple(command): command for command in work.values()}.values():
        same = [header for header, own in work.items() if own == command]
        for base, headers in choose(same, folders).items():
            if base:
                found.append(Batch(base, headers, command))
            else:
                found += [Batch((), [header], command) for header in headers]
    return sorted(found, key=lambda batch: -len(batch.headers))


def self_test(commands: dict[str, list[str]]) -> int:
    """A header that leans on its includer must be found out, also on precompiled ones, and a good one must not."""
    tree = {
        "bad.hpp": "std::string name();",
        "good.hpp": "#include <string>\nstd::string name();",
        "other.hpp": "#include <string>\nstd::optional<int> name();",
        "through.hpp": '#include "good.hpp"',
        **{f"good{i}.hpp": f'#include "through.hpp"\nstd::string good{i}();' for i in range(5)},
        **{f"bad{i}.hpp": f"#if 0\n#include <string>\n#endif\nstd::string bad{i}();" for i in range(5)},
    }
    expected = {name: name.startswith(("bad", "other")) for name in tree}
    surprises = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in tree.items():
            (folder / path).write_text(f"#pragma once\n{text}\n", encoding="utf-8")
        for command in (commands["sys"], [commands["sys"][0], *STRICT]):
            todo = batches({folder / path: [*command, f"-I{folder}"] for path in tree}, [folder])
            if sum(len(batch.headers) for batch in todo if batch.base == ("string",)) != 8:
                surprises += 1
                print(f"eight headers should share what is precompiled: {todo}")
            for header, errors, _ in (one for batch in todo for one in batch.compile()):
                if bool(errors) != expected[header.name]:
                    surprises += 1
                    print(f"{header.name}: a surprise\n{errors}")
    print(f"{2 * len(tree)} examples, {surprises} surprises")
    return 1 if surprises else 0


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
    work = {path: public for path in files_below(ROOT, ["include"], {".hpp"})}
    for path in files_below(ROOT, ["src"], {".hpp"}):
        work[path] = commands[path.relative_to(ROOT / "src").parts[0]]

    passed_file = options.build_dir / "check_headers.json"
    passed = json.loads(passed_file.read_text(encoding="utf-8")) if passed_file.exists() else {}

    def is_known(header: Path) -> bool:
        entry = passed.get(str(header))
        return bool(entry) and entry["command"] == work[header] and fingerprint(
            [path for path, _, _ in entry["files"]]
        ) == entry["files"]

    todo = {header: command for header, command in work.items() if not is_known(header)}
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        done = pool.map(Batch.compile, batches(todo, [ROOT / "include", ROOT / "src"]))
        for header, errors, files in sorted(one for found in done for one in found):
            if errors:
                failed += 1
                passed.pop(str(header), None)
                print(f"{os.path.relpath(header, ROOT)}:1: does not compile alone [self-contained]\n{errors}")
            else:
                passed[str(header)] = {"command": todo[header], "files": fingerprint(files)}
    known = {str(header) for header in work}
    passed_file.write_text(
        json.dumps({header: entry for header, entry in passed.items() if header in known}), encoding="utf-8"
    )
    print(f"{len(work)} headers, {len(todo)} compiled, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
