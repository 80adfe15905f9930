"""A supervisord in a directory of its own, as the scenarios need it."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

# A loaded machine, under sanitizers: generous, and never reached when all is well.
DEADLINE = 60.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Returns when the condition holds; fails when it does not within the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        select.select([], [], [], 0.02)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path):
        super().__init__("localhost", timeout=DEADLINE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path):
        super().__init__()
        self._path = path

    def make_connection(self, host):  # noqa: ANN001, ANN201  the base class has no types either
        return UnixConnection(self._path)


class Server:
    """One supervisord with its files, below `parent`. `command` is what is started: a path, and words before the
    options."""

    def __init__(self, command: Sequence[str], config: str, parent: str = "/tmp"):
        self.command = list(command)
        # Short: a socket's path has 107 bytes at most.
        self.directory = Path(tempfile.mkdtemp(prefix="fc-", dir=parent))
        self.socket = self.directory / "s.sock"
        self.config = self.directory / "supervisord.conf"
        self.port = _free_port() if "PORT" in config else 0
        self.write(config)
        self.variables: dict[str, str] = {}  # of its environment
        self._process: subprocess.Popen[bytes] | None = None
        self.status: int | None = None  # how it has ended by itself

    def write(self, config: str) -> None:
        """Replaces the configuration; DIR and PORT in it are this server's."""
        self.config.write_text(self.fill(config))

    def fill(self, text: str) -> str:
        return text.replace("DIR", str(self.directory)).replace("PORT", str(self.port))

    def blank(self, text: str) -> str:
        """The opposite of `fill`."""
        text = text.replace(str(self.directory), "DIR")
        return text.replace(str(self.port), "PORT") if self.port else text

    def start(self, output: IO[bytes] | None = None) -> None:
        """@param output Where it writes to; otherwise it is a file that is told when it ends too early."""
        with open(self.directory / "output.txt", "wb") as file:
            output = output or file
            self._process = subprocess.Popen(
                [*self.command, "-n", "-c", str(self.config)],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment(),
                start_new_session=True,
            )

    def environment(self) -> dict[str, str]:
        """Ours, with what foster keeps below the directory, too."""
        own = {name: str(self.directory / name) for name in ("FOSTER_RUNTIME_DIR", "FOSTER_STATE_DIR", "FOSTER_LOG_DIR")}
        return {name: value for name, value in os.environ.items() if name != "FOSTER_NAME"} | own | self.variables

    def wait_until_there(self) -> None:
        wait_until(self._is_there, f"for the server in {self.directory}")

    def wait_until_settled(self) -> None:
        """Until no process is on its way to another state, nor still to be started."""
        wait_until(self._is_settled, f"for the processes in {self.directory}")

    def wait_until_told(self, process: str, text: str) -> None:
        """Until this is at the end of what the process wrote to stderr: a running one may not have been read yet."""
        with self.proxy() as proxy:
            log = Path(str(proxy.supervisor.getProcessInfo(process)["stderr_logfile"]))
        wait_until(lambda: log.is_file() and log.read_text(errors="replace").endswith(text), f"for {text!r} in {log}")

    def _output(self) -> str:
        return (self.directory / "output.txt").read_text(errors="replace")

    def wait_until_answered(self) -> None:
        """The same of one that runs in the background."""
        wait_until(self._answers, f"for the server in {self.directory}")

    def _is_there(self) -> bool:
        if not self.is_alive():
            raise AssertionError(f"the server has ended: {self._output()}")
        return self._answers()

    def _answers(self) -> bool:
        try:
            with self.proxy() as proxy:
                return bool(proxy.system.listMethods())
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return False

    def _is_settled(self) -> bool:
        if not self.is_alive():
            raise AssertionError(f"the server has ended: {self._output()}")
        try:
            with self.proxy() as proxy:
                infos = proxy.supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return False
        starting = {"STARTING", "BACKOFF", "STOPPING"}
        untouched = {one["name"] for one in infos if one["start"] == 0 and not one["name"].startswith("off")}
        return not untouched and not any(one["statename"] in starting for one in infos)

    def proxy(self) -> xmlrpc.client.ServerProxy:
        """Its methods, for preparations; over a unix server without password."""
        return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self.socket))

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def end(self) -> None:
        """Waits until it has ended by itself."""
        assert self._process is not None
        self.status = self._process.wait(DEADLINE)

    def close(self) -> None:
        """Ends it and all that it has started, without the time that an orderly end takes."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait()
            self._process = None
        if "--keep" in sys.argv:
            print(f"kept: {self.directory}", file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)


def kill_tree(root: int) -> None:
    """Kills a process and all below it. Nobody is left who could start another: the root stands still meanwhile, and
    is the last."""
    try:
        os.kill(root, signal.SIGSTOP)
    except ProcessLookupError:
        return
    while below := descendants(root):
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if all(_state(pid) in "ZX" for pid in below):
            break
    with contextlib.suppress(ProcessLookupError):  # it may have been about to end
        os.kill(root, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    return _state(pid) not in "ZX"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(pid))
    found: list[int] = []
    todo = [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
