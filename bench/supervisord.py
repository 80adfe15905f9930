#!/usr/bin/env python3
"""foster supervisord beside supervisord, in one run: what its clients wait for, and what it takes.

    supervisord.py --foster FOSTER [--bench DIRECTORY] [--programs N] [--rounds N]

Each figure is the median of the rounds; all take turns, so that a noisy machine is noisy for all. The programs are as
small as a process can be, and write down themselves when they have reached their main function. The bare loop starts
programs, waits for their ends and does nothing else: faster than that is nobody.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "compat"))

from servers import DEADLINE, Server, UnixConnection, descendants  # noqa: E402

CONFIG = """
[unix_http_server]
file=DIR/s.sock
[supervisord]
logfile=DIR/main.log
pidfile=DIR/supervisord.pid
childlogdir=DIR
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://DIR/s.sock
[program:web]
command=SERVICE DIR/report %(process_num)d
numprocs=COUNT
process_name=%(process_num)03d
autorestart=true
startsecs=0
"""

# Where /run of a real machine would be: no disk has a part in this.
MEMORY = "/dev/shm"
# For so long nothing is asked before the memory is looked at.
REST = 3.0
ASKING = 3.0
KILLS = 20
STATUS_CALLS = 11

Figures = dict[str, float]
UNITS: dict[str, tuple[str, Callable[[float], str]]] = {
    "start": ("{count} programs started", lambda it: f"{it * 1000:.0f} ms"),
    "memory": ("memory at rest (PSS)", lambda it: f"{it / 1024:.1f} MiB"),
    "questions": ("getAllProcessInfo, one connection", lambda it: f"{it:.0f}/s"),
    "status": ("supervisorctl status", lambda it: f"{it * 1000:.1f} ms"),
    "restart": ("a killed program runs again", lambda it: f"{it * 1000:.2f} ms"),
    "shutdown": ("SIGTERM to its end", lambda it: f"{it * 1000:.0f} ms"),
}


@dataclass(frozen=True)
class Began:
    """That a program has reached its main function; the clock is that of time.monotonic."""

    nanoseconds: int
    pid: int


class Report:
    """What the programs have written of themselves, in order."""

    RECORD = struct.Struct("=qii")

    def __init__(self, directory: Path):
        self.path = directory / "report"
        self.path.touch()

    def read(self) -> list[Began]:
        return [Began(time_, pid) for time_, pid, _ in self.RECORD.iter_unpack(self.path.read_bytes())]

    def wait_for(self, count: int) -> list[Began]:
        end = time.monotonic() + DEADLINE
        while self.path.stat().st_size < count * self.RECORD.size:
            if time.monotonic() > end:
                raise TimeoutError("not all programs have begun")
            time.sleep(0.005)
        return self.read()


def start(how: Callable[[], object], report: Report, count: int) -> float:
    begin = time.monotonic_ns()
    how()
    return (max(one.nanoseconds for one in report.wait_for(count)) - begin) / 1e9


def proportional_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def memory(server: Server, report: Report) -> float:
    programs = {one.pid for one in report.read()}
    own = [pid for pid in (server.pid, *descendants(server.pid)) if pid not in programs]
    return sum(proportional_kilobytes(pid) for pid in own)


def questions_per_second(server: Server) -> float:
    body = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo")
    connection = UnixConnection(server.socket)
    answered = 0
    begin = time.monotonic()
    while time.monotonic() - begin < ASKING:
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml", "Connection": "keep-alive"})
        answer = connection.getresponse().read()
        answered += 1
    elapsed = time.monotonic() - begin
    connection.close()
    if not xmlrpc.client.loads(answer)[0][0]:
        raise ValueError("an answer about nothing")
    return answered / elapsed


def status(server: Server, client: list[str]) -> float:
    line = [*client, "-c", str(server.config), "status"]
    silent = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    times = []
    for _ in range(STATUS_CALLS):
        begin = time.monotonic()
        pid = os.posix_spawnp(line[0], line, os.environ, file_actions=silent)
        _, ended = os.waitpid(pid, 0)
        times.append(time.monotonic() - begin)
        if ended != 0:
            raise ValueError(f"{line} has failed")
    return statistics.median(times)


def restart(report: Report) -> float:
    times = []
    for victim in report.read()[:KILLS]:
        known = len(report.read())
        begin = time.monotonic_ns()
        os.kill(victim.pid, signal.SIGKILL)
        times.append((report.wait_for(known + 1)[-1].nanoseconds - begin) / 1e9)
    return statistics.median(times)


def shutdown(server: Server) -> float:
    end = os.pidfd_open(server.pid)
    begin = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    select.select([end], [], [])
    elapsed = time.monotonic() - begin
    os.close(end)
    server.end()
    return elapsed


def measure(command: list[str], client: list[str], service: str, count: int) -> Figures:
    server = Server(command, CONFIG.replace("COUNT", str(count)).replace("SERVICE", service), parent=MEMORY)
    report = Report(server.directory)
    try:
        figures = {"start": start(server.start, report, count)}
        server.wait_until_settled()
        time.sleep(REST)
        figures["memory"] = memory(server, report)
        figures["questions"] = questions_per_second(server)
        figures["status"] = status(server, client)
        figures["restart"] = restart(report)
        figures["shutdown"] = shutdown(server)
    finally:
        server.close()
    return figures


def measure_bare_loop(bench: Path, count: int) -> Figures:
    with tempfile.TemporaryDirectory(dir=MEMORY) as directory:
        report = Report(Path(directory))
        loop: list[subprocess.Popen[bytes]] = []
        line = [bench / "foster_bench", "keep-up", str(count), str(report.path)]
        try:
            figures = {"start": start(lambda: loop.append(subprocess.Popen(line)), report, count)}
            time.sleep(REST)
            figures["restart"] = restart(report)
        finally:
            for process in loop:
                process.kill()
                process.wait()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foster", required=True, help="the binary")
    parser.add_argument("--bench", type=Path, help="where foster_bench and bench_service are; as a rule beside foster")
    parser.add_argument("--programs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    known = parser.parse_args()
    foster = str(Path(known.foster).resolve())
    bench = known.bench or Path(foster).parent / "bench"
    service = str(bench.resolve() / "bench_service")
    ours = [foster, "supervisord"], [foster, "supervisorctl"]
    contestants: dict[str, Callable[[], Figures]] = {
        "bare loop": lambda: measure_bare_loop(bench, known.programs),
        "supervisord": lambda: measure(["supervisord"], ["supervisorctl"], service, known.programs),
        "foster": lambda: measure(*ours, service, known.programs),
    }
    rounds: dict[str, list[Figures]] = {name: [] for name in contestants}
    for _ in range(known.rounds):
        for name, run in contestants.items():
            rounds[name].append(run())
    print(f"{'':40}" + "".join(f"{name:>15}" for name in contestants))
    for key, (title, text) in UNITS.items():
        cells = []
        for name in contestants:
            values = [one[key] for one in rounds[name] if key in one]
            cells.append(text(statistics.median(values)) if values else "")
        print(f"{title.format(count=known.programs):40}" + "".join(f"{cell:>15}" for cell in cells))


if __name__ == "__main__":
    main()
