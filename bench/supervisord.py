#!/usr/bin/env python3
"""foster supervisord beside supervisord, in one run: what its clients wait for, and what it takes.

    supervisord.py --foster FOSTER [--programs N] [--rounds N]

Each figure is the median of the rounds; both take turns, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import statistics
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "compat"))

from servers import Server, UnixConnection, descendants, wait_until  # noqa: E402

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
command=/bin/sleep 600
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
KILLS = 10
STATUS_CALLS = 5

Figures = dict[str, float]
UNITS: dict[str, tuple[str, Callable[[float], str]]] = {
    "start": ("{count} programs started", lambda it: f"{it * 1000:.0f} ms"),
    "memory": ("memory at rest (PSS)", lambda it: f"{it / 1024:.1f} MiB"),
    "questions": ("getAllProcessInfo, one connection", lambda it: f"{it:.0f}/s"),
    "status": ("supervisorctl status", lambda it: f"{it * 1000:.1f} ms"),
    "restart": ("a killed program runs again", lambda it: f"{it * 1000:.1f} ms"),
    "shutdown": ("SIGTERM to its end", lambda it: f"{it * 1000:.0f} ms"),
}


def is_program(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "sleep"
    except OSError:
        return False


def children(pid: int) -> set[int]:
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def programs(server: Server) -> set[int]:
    return {pid for pid in children(server.pid) if is_program(pid)}


def seconds_until(condition: Callable[[], bool]) -> float:
    """Looks every tenth of a millisecond: who looked all the time would take the processor from who is looked at."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > 60:
            raise TimeoutError("waited in vain for a minute")
        time.sleep(0.0001)
    return time.monotonic() - begin


def start(server: Server, count: int) -> float:
    begin = time.monotonic()
    server.start()
    while len(children(server.pid)) < count or len(programs(server)) < count:
        time.sleep(0.001)
    return time.monotonic() - begin


def proportional_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def memory(server: Server) -> float:
    own = [pid for pid in (server.pid, *descendants(server.pid)) if not is_program(pid)]
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
    begin = time.monotonic()
    for _ in range(STATUS_CALLS):
        subprocess.run(line, stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begin) / STATUS_CALLS


def restart(server: Server) -> float:
    times = []
    for _ in range(KILLS):
        before = programs(server)
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        times.append(seconds_until(lambda: any(is_program(pid) for pid in children(server.pid) - before)))
        wait_until(lambda: len(programs(server)) == len(before), "for all programs")
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


def measure(command: list[str], client: list[str], count: int) -> Figures:
    server = Server(command, CONFIG.replace("COUNT", str(count)), parent=MEMORY)
    try:
        figures = {"start": start(server, count)}
        server.wait_until_settled()
        time.sleep(REST)
        figures["memory"] = memory(server)
        figures["questions"] = questions_per_second(server)
        figures["status"] = status(server, client)
        figures["restart"] = restart(server)
        figures["shutdown"] = shutdown(server)
    finally:
        server.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foster", required=True, help="the binary")
    parser.add_argument("--programs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    known = parser.parse_args()
    foster = str(Path(known.foster).resolve())
    rivals = {
        "supervisord": (["supervisord"], ["supervisorctl"]),
        "foster": ([foster, "supervisord"], [foster, "supervisorctl"]),
    }
    rounds: dict[str, list[Figures]] = {name: [] for name in rivals}
    for _ in range(known.rounds):
        for name, (command, client) in rivals.items():
            rounds[name].append(measure(command, client, known.programs))
    print(f"{'':40}{'supervisord':>15}{'foster':>15}{'ratio':>10}")
    for key, (title, text) in UNITS.items():
        theirs, ours = (statistics.median(one[key] for one in rounds[name]) for name in rivals)
        ratio = f"{max(theirs, ours) / min(theirs, ours):.0f} x"
        print(f"{title.format(count=known.programs):40}{text(theirs):>15}{text(ours):>15}{ratio:>10}")


if __name__ == "__main__":
    main()
