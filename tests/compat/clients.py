"""supervisorctl, the original and foster's, run under the same circumstances."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from servers import DEADLINE, wait_until


@dataclass(frozen=True)
class Answer:
    """What a command line has said, and how it ended (negative: by that signal)."""

    status: int
    out: str
    err: str


class Running:
    """A child of ours with its own session, a pipe at each end, and an empty environment."""

    def __init__(self, program: Callable[[], object], directory: Path):
        self._err = tempfile.TemporaryFile()
        theirs_in, self._in = os.pipe()
        self._out, theirs_out = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _become(program, directory, (theirs_in, theirs_out, self._err.fileno()))
        os.close(theirs_in)
        os.close(theirs_out)
        self._text = b""
        self._deadline = time.monotonic() + DEADLINE

    def type(self, text: str) -> None:
        os.write(self._in, text.encode())

    def read_until(self, shown: str) -> None:
        """Reads until it has shown this."""
        while shown.encode() not in self._text:
            if not self._read():
                raise AssertionError(f"ended without {shown!r}, but with {self._text!r} and {self._finish()}")

    def interrupt(self) -> None:
        """Presses Ctrl-C once it waits: the original overhears it while it is at work."""
        stat = Path(f"/proc/{self._pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "S", "for it to wait")
        os.kill(self._pid, signal.SIGINT)

    def finish(self) -> Answer:
        """Closes its input and reads to its end."""
        os.close(self._in)
        while self._read():
            pass
        return self._finish()

    def _finish(self) -> Answer:
        os.close(self._out)
        _, status = os.waitpid(self._pid, 0)
        self._err.seek(0)
        err = self._err.read().decode()
        self._err.close()
        return Answer(os.waitstatus_to_exitcode(status), self._text.decode(), err)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._out], [], [], max(0.0, self._deadline - time.monotonic()))
        if not ready:
            os.kill(self._pid, signal.SIGKILL)
            raise AssertionError(f"still runs, having said {self._text!r}")
        piece = os.read(self._out, 65536)
        self._text += piece
        return bool(piece)


def _become(program: Callable[[], object], directory: Path, ends: Sequence[int]) -> NoReturn:
    """In the child: runs the program with these descriptors as its first three."""
    status = 1
    try:
        os.setsid()
        os.chdir(directory)
        for number, fd in enumerate(ends):
            os.dup2(fd, number)
        os.closerange(3, 64)
        kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.endswith("SAN_OPTIONS")}
        os.environ.clear()
        os.environ.update(kept | {"LANG": "C.UTF-8", "HOME": str(directory)})
        program()
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001  whatever it is, the parent's tests must not go on in here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


@dataclass(frozen=True)
class Client:
    """How one supervisorctl is run. `called` is the path that it takes for its own."""

    name: str
    program: Callable[[str, list[str]], Callable[[], object]]

    def run(self, called: str, arguments: list[str], directory: Path, typed: str = "", until: str = "") -> Answer:
        """Types, and waits for its end; or until it has shown something, and then presses Ctrl-C."""
        running = Running(self.program(called, arguments), directory)
        running.type(typed)
        if until:
            running.read_until(until)
            running.interrupt()
        return running.finish()


def original() -> Client:
    """The one of Supervisor: imported once, since most of what it takes is its own start."""
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    from supervisor import supervisorctl

    def program(called: str, arguments: list[str]) -> Callable[[], object]:
        def run() -> None:
            sys.argv = [called, *arguments]
            supervisorctl.main(arguments)

        return run

    return Client("original", program)


def foster() -> Client:
    """foster's, through a link at the path that it is called by."""

    def program(called: str, arguments: list[str]) -> Callable[[], object]:
        return lambda: os.execve(called, [called, *arguments], os.environ)

    return Client("foster", program)


_BLANKED = (
    (re.compile(r"\bpid \d+"), "pid N"),
    (re.compile(r"uptime (\d+ days?, )?\d+:\d\d:\d\d"), "uptime T"),
    (re.compile(r"\b[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M\b"), "DATE"),
    (re.compile(r"^[1-9]\d*$", re.MULTILINE), "NUMBER"),
    # The original's fg ends its thread by an exception that may still be on its way out when all ends.
    (re.compile(r"\A(CLOSED Cannot connect|Exception in thread)\b.*", re.DOTALL), ""),
    # Where in Python's files an exception was seen.
    (re.compile(r": file: \S+ line: \d+$", re.MULTILINE), ""),
)


def blanked(text: str) -> str:
    """Without what differs between any two runs: pids, times, places in Python's source."""
    for pattern, replacement in _BLANKED:
        text = pattern.sub(replacement, text)
    return text
