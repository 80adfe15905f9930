#!/usr/bin/env python3
"""Event listeners as people write them for Supervisor, with its own childutils and nothing else.

    listeners.py KIND FILE [argument…]

recorder   writes each event to FILE and answers OK
stubborn   the same, but rejects each event once
mortal     the same, but dies with its first event in its hands
crashmail  writes a letter to FILE for each process that ended as it should not
memmon     at each tick, restarts what uses more than so many bytes, through Supervisor's own interface
rude       says something else than the protocol has
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from supervisor import childutils


def note(path: str, entry: object) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def recorder(path: str) -> None:
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        note(path, [headers, payload])
        childutils.listener.ok(sys.stdout)


def stubborn(path: str) -> None:
    seen = set()
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        note(path, [headers, payload])
        if headers["serial"] in seen:
            childutils.listener.ok(sys.stdout)
        else:
            childutils.listener.fail(sys.stdout)
        seen.add(headers["serial"])


def mortal(path: str) -> None:
    is_first = not Path(path).exists()
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    note(path, [headers, payload])
    if is_first:
        os._exit(3)
    childutils.listener.ok(sys.stdout)
    recorder(path)


def crashmail(path: str) -> None:
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        if headers["eventname"] == "PROCESS_STATE_EXITED":
            facts, _ = childutils.eventdata(payload + "\n")
            if not int(facts["expected"]):
                note(path, f"Process {facts['groupname']}:{facts['processname']} exited from {facts['from_state']}")
        childutils.listener.ok(sys.stdout)


def memmon(path: str, name: str, most: str) -> None:
    rpc = childutils.getRPCInterface(os.environ)
    while True:
        headers, _ = childutils.listener.wait(sys.stdin, sys.stdout)
        if headers["eventname"].startswith("TICK"):
            for process in rpc.supervisor.getAllProcessInfo():
                if process["name"] != name or process["statename"] != "RUNNING":
                    continue
                pages = int(Path(f"/proc/{process['pid']}/statm").read_text().split()[1])
                if pages * os.sysconf("SC_PAGE_SIZE") > int(most):
                    rpc.supervisor.stopProcess(name)
                    rpc.supervisor.startProcess(name)
                    note(path, f"restarted {name}")
        childutils.listener.ok(sys.stdout)


def rude(path: str) -> None:
    sys.stdout.write("Hello, I am a listener.\n")
    sys.stdout.flush()
    recorder(path)


if __name__ == "__main__":
    # As in each locale that Supervisor runs its listeners in today.
    sys.stdin.reconfigure(encoding="utf-8", newline="")
    globals()[sys.argv[1]](*sys.argv[2:])
