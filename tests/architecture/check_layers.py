#!/usr/bin/env python3
"""The include graph of include/foster and src: who may know whom.

A lower layer never includes a higher one, and wings of one floor do not see each other. The table below is the rule;
docs/architecture.md explains it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from findings import CPP_SUFFIXES, Finding, blank, files_below, run

PUBLIC = "foster"


@dataclass(frozen=True)
class Layer:
    """What the files of one folder may include, and what they must not even mention."""

    floor: int
    may_include: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()  # single headers of a layer that is otherwise closed to this one
    is_pure: bool = False  # no system header, no clock, no thread, no stream


def _layer(floor: int, may_include: str = "", libraries: str = "", entries: str = "", is_pure: bool = False) -> Layer:
    return Layer(floor, *(frozenset(words.split()) for words in (may_include, libraries, entries)), is_pure)


LAYERS: dict[str, Layer] = {
    PUBLIC: _layer(1),
    "sys": _layer(2, "foster"),
    "core": _layer(2, "foster", libraries="fmt", is_pure=True),
    "lib": _layer(3, "foster sys"),
    "config": _layer(3, "foster sys core", libraries="fmt toml++ boost/json"),
    "logs": _layer(3, "foster sys core", libraries="fmt"),
    "journal": _layer(3, "foster sys core", libraries="fmt sqlite3"),
    "ledger": _layer(3, "foster sys core"),
    "reaper": _layer(3, "foster sys ledger"),
    "insight": _layer(4, "foster sys lib", libraries="fmt"),
    "api": _layer(4, "foster sys core", libraries="fmt boost/json boost/asio boost/beast boost/system"),
    "compat": _layer(4, "foster sys core config", libraries="fmt pugixml sha1 boost/asio boost/beast boost/system"),
    "supervisor": _layer(
        5,
        "foster sys core lib config logs journal ledger reaper api compat",
        libraries="fmt boost/json boost/asio boost/beast boost/system",
    ),
    "cli": _layer(
        6,
        "foster sys core lib config logs insight api compat",
        libraries="fmt CLI histedit boost/json boost/asio boost/beast boost/system",
        entries="supervisor/main.hpp supervisor/remains.hpp reaper/main.hpp reaper/pid1.hpp reaper/role_arguments.hpp",
    ),
}

# Libraries by the beginning of an include. An angle include that is none of these is the standard library's or Linux's.
LIBRARIES = {
    **{f"boost/{part}": re.compile(rf"boost/{part}[/.]") for part in ("json", "asio", "beast", "system")},
    "boost": re.compile(r"boost/"),
    "fmt": re.compile(r"fmt/"),
    "toml++": re.compile(r"toml\+\+|toml\.hpp"),
    "CLI": re.compile(r"CLI/"),
    "sha1": re.compile(r"sha1\.h"),
    "histedit": re.compile(r"histedit"),
    "sqlite3": re.compile(r"sqlite3"),
    "openssl": re.compile(r"openssl/"),
    "pugixml": re.compile(r"pugi"),
    "systemd": re.compile(r"systemd/"),
    "gtest": re.compile(r"g(test|mock)/"),
}

IMPURE_HEADERS = re.compile(
    r".*\.h$|.*/|(thread|iostream|fstream|mutex|shared_mutex|condition_variable|future|filesystem|stop_token|syncstream)$"
)
IMPURE_WORDS = re.compile(
    r"\b(\w*_clock\s*::\s*now|random_device|getenv|system_clock|printf|fprintf|puts|std::time|localtime|gmtime|clock_gettime|gettimeofday)\b"
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

RULES = ("layer", "library", "pure", "unresolved", "cycle", "unknown-layer")


@dataclass
class Source:
    """One file with its project includes (path to line)."""

    path: str
    layer: str
    includes: dict[str, int] = field(default_factory=dict)


def layer_of(path: str) -> str:
    """'foster' for include/foster/fd.hpp, 'sys' for src/sys/clone.cpp."""
    return path.split("/")[1]


def resolve(root: Path, including: str, name: str) -> str | None:
    """The project file an include means; None when there is none."""
    for candidate in (Path(including).parent / name, Path("include") / name, Path("src") / name):
        if (root / candidate).is_file():
            return candidate.as_posix()
    return None


def library_of(name: str) -> str | None:
    """The library a header belongs to; None for the standard library and Linux."""
    return next((library for library, pattern in LIBRARIES.items() if pattern.match(name)), None)


def check_file(root: Path, source: Source, text: str) -> Iterator[Finding]:
    """The rules that one file can break alone; fills in its includes."""
    rule = LAYERS[source.layer]
    code = blank(text)
    for match in INCLUDE.finditer(text):
        if code[match.start(1) - 1] == " " and not code[match.start() : match.start(1)].strip():
            continue  # inside a comment
        line = text.count("\n", 0, match.start(1)) + 1
        name = match.group(2)
        target = resolve(root, source.path, name)
        if target is not None:
            source.includes.setdefault(target, line)
            other = layer_of(target)
            if other != source.layer and other not in rule.may_include and name not in rule.entries:
                floor = LAYERS[other].floor if other in LAYERS else "?"
                message = f"{source.layer} (floor {rule.floor}) must not include {other} (floor {floor}): {name}"
                yield Finding(source.path, line, "layer", message)
            continue
        if match.group(1) == '"' or name.startswith("foster/"):
            yield Finding(source.path, line, "unresolved", f"no such file: {name}")
            continue
        library = library_of(name)
        if library is not None:
            if library not in rule.libraries:
                yield Finding(source.path, line, "library", f"{source.layer} must not use {library}: <{name}>")
        elif rule.is_pure and IMPURE_HEADERS.match(name):
            yield Finding(source.path, line, "pure", f"{source.layer} is pure and must not include <{name}>")

    for number, line_text in enumerate(code.splitlines(), 1):
        if rule.is_pure and (word := IMPURE_WORDS.search(line_text)):
            yield Finding(source.path, number, "pure", f"{source.layer} is pure and must not use {word.group()}")


def cycles(sources: dict[str, Source]) -> Iterator[Finding]:
    """Each circle of includes once, at the line that closes it."""
    state: dict[str, str] = {}
    path: list[str] = []

    def visit(name: str) -> Iterator[Finding]:
        state[name] = "open"
        path.append(name)
        for target, line in sources[name].includes.items():
            if state.get(target) == "open":
                circle = " -> ".join([*path[path.index(target) :], target])
                yield Finding(name, line, "cycle", f"includes form a circle: {circle}")
            elif target in sources and target not in state:
                yield from visit(target)
        path.pop()
        state[name] = "done"

    for name in sorted(sources):
        if name not in state:
            yield from visit(name)


def check(root: Path) -> Iterator[Finding]:
    """All findings of the tree below `root`."""
    sources: dict[str, Source] = {}
    for path in files_below(root, ("include", "src"), CPP_SUFFIXES):
        name = path.relative_to(root).as_posix()
        layer = layer_of(name)
        if layer not in LAYERS:
            yield Finding(name, 1, "unknown-layer", f"'{layer}' is not in the table of layers")
            continue
        sources[name] = Source(name, layer)
        yield from check_file(root, sources[name], path.read_text(encoding="utf-8"))
    yield from cycles(sources)


GOOD = {
    "include/foster/fd.hpp": "#include <unistd.h>\n",
    "src/sys/pidfd.hpp": "#include <sys/syscall.h>\n#include <foster/fd.hpp>\n#include \"sys/bell.hpp\"\n",
    "src/sys/bell.hpp": "\n",
    "src/sys/clock.cpp": "auto now() { return std::chrono::steady_clock::now(); }\n",
    "src/core/step.hpp": '#include <chrono>\n#include <foster/fd.hpp>\n// no steady_clock::now() here\n',
    "src/ledger/ledger.hpp": '#include "sys/pidfd.hpp"\n',
    "src/reaper/reaper.hpp": '#include "ledger/ledger.hpp"\n',
    "src/api/service.hpp": '#include "core/step.hpp"\n// #include "supervisor/supervisor.hpp"\n',
    "src/api/server.hpp": "#include <boost/asio/io_context.hpp>\n",
    "src/supervisor/main.hpp": '#include "api/service.hpp"\n#include "reaper/reaper.hpp"\n',
    "src/supervisor/exits.hpp": '#include "core/step.hpp"\n',
    "src/cli/main.cpp": '#include "supervisor/main.hpp"\n#include <fmt/format.h>\n',
}
BAD = {
    "layer": {
        "src/core/fleet.hpp": '#include "sys/pidfd.hpp"\n',
        "src/sys/fifo.hpp": '#include "core/step.hpp"\n',
        "src/logs/pump.hpp": '#include "ledger/ledger.hpp"\n',
        "src/api/routes.cpp": '#include "supervisor/exits.hpp"\n',
        "src/cli/client.cpp": '#include "supervisor/exits.hpp"\n',
    },
    "library": {
        "include/foster/spawn.hpp": "#include <boost/asio/io_context.hpp>\n",
        "src/reaper/reaper.cpp": "#include <fmt/format.h>\n",
        "src/supervisor/output.cpp": "#include <sqlite3.h>\n",
    },
    "pure": {
        "src/core/step.cpp": "#include <unistd.h>\n",
        "src/core/time.hpp": "auto a = std::chrono::steady_clock::now();\n",
        "src/core/fleet.cpp": "#include <thread>\n",
    },
    "unresolved": {"src/sys/clone.cpp": '#include "sys/no_such.hpp"\n'},
    "cycle": {"src/sys/bell.hpp": '#include "sys/pidfd.hpp"\n'},
    "unknown-layer": {"src/util/string.hpp": "\n"},
}

if __name__ == "__main__":
    sys.exit(run(check, RULES, GOOD, BAD))
