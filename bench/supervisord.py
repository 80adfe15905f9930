#!/usr/bin/env python3
"""foster supervisord beside supervisord, in one run: what its clients wait for, and what it takes.

    supervisord.py --foster FOSTER [--programs N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "compat"))

from servers import Server, descendants, wait_until  # noqa: E402

HEAD = """
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
"""


def proportional_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def is_program(pid: int) -> bool:
    return Path(f"/proc/{pid}/comm").read_text().strip() == "sleep"


def all_run(server: Server, count: int) -> bool:
    with server.proxy() as proxy:
        infos = proxy.supervisor.getAllProcessInfo()
    return sum(one["statename"] == "RUNNING" for one in infos) == count


def measure(command: list[str], client: list[str], count: int) -> dict[str, str]:
    program = f"[program:web]\ncommand=/bin/sleep 600\nnumprocs={count}\nprocess_name=%(process_num)03d\nstartsecs=0\n"
    server = Server(command, HEAD + program)
    try:
        begin = time.monotonic()
        server.start()
        server.wait_until_there()
        wait_until(lambda: all_run(server, count), "for all programs")
        started = time.monotonic() - begin

        questions = 0
        begin = time.monotonic()
        with server.proxy() as proxy:
            while time.monotonic() - begin < 3:
                proxy.supervisor.getAllProcessInfo()
                questions += 1
        asked = questions / (time.monotonic() - begin)

        line = [*client, "-c", str(server.config), "status"]
        begin = time.monotonic()
        for _ in range(5):
            subprocess.run(line, stdout=subprocess.DEVNULL, check=True)
        status = (time.monotonic() - begin) / 5

        own = [pid for pid in (server.pid, *descendants(server.pid)) if not is_program(pid)]
        memory = sum(proportional_kilobytes(pid) for pid in own)
    finally:
        server.close()
    return {
        f"{count} programs started": f"{started * 1000:.0f} ms",
        "getAllProcessInfo, on one connection": f"{asked:.0f}/s",
        "supervisorctl status": f"{status * 1000:.0f} ms",
        "memory (PSS)": f"{memory / 1024:.1f} MiB",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foster", required=True, help="the binary")
    parser.add_argument("--programs", type=int, default=100)
    known = parser.parse_args()
    foster = str(Path(known.foster).resolve())
    rows = [
        measure(["supervisord"], ["supervisorctl"], known.programs),
        measure([foster, "supervisord"], [foster, "supervisorctl"], known.programs),
    ]
    print(f"{'':40}{'supervisord':>15}{'foster':>15}")
    for name in rows[0]:
        print(f"{name:40}{rows[0][name]:>15}{rows[1][name]:>15}")


if __name__ == "__main__":
    main()
