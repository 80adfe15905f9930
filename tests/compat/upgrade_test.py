#!/usr/bin/env python3
"""Another build takes over from a foster that stands in for supervisord, and nobody who talks with it notices.

    upgrade_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fosters import foster, run_foster, supervisor_of  # noqa: E402
from servers import DEADLINE, Server, wait_until  # noqa: E402
from supervisorctl_test import HEAD, SETTINGS, main  # noqa: E402

LISTENERS = Path(__file__).parent / "listeners.py"

CONFIG = f"""
[program:a]
command=/bin/sleep 600
startsecs=0
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile=DIR/cat.log
[program:late]
command=/bin/sleep 600
startsecs=0
[eventlistener:ear]
command={sys.executable} -B {LISTENERS} recorder DIR/ear.jsonl
events=REMOTE_COMMUNICATION,PROCESS_STATE
startsecs=0
buffer_size=100
[eventlistener:busy]
command=/bin/sh -c "echo READY; while read line; do echo \\"$line\\" >> DIR/busy; done"
events=REMOTE_COMMUNICATION
startsecs=0
buffer_size=100
"""


class UpgradeTest(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.server = foster(HEAD + CONFIG)
        self.addCleanup(self.server.close)
        self.server.start()
        self.server.wait_until_settled()
        self.next = self.server.directory / "foster.next"
        shutil.copy(SETTINGS.foster, self.next)

    def upgrade(self) -> None:
        before = supervisor_of(self.server)
        said = run_foster(self.server, "upgrade", str(self.next))
        self.server.wait_until_there()
        self.assertNotEqual(supervisor_of(self.server), before, said)

    def ask(self, *words: str) -> tuple[int, str]:
        """foster's own client, and Supervisor's."""
        answers = []
        for client in ([SETTINGS.foster, "supervisorctl"], ["supervisorctl"]):
            done = subprocess.run(
                [*client, "-c", str(self.server.config), *words],
                cwd=self.server.directory,
                env=self.server.environment(),
                capture_output=True,
                text=True,
                timeout=DEADLINE,
                check=False,
            )
            answers.append((done.returncode, re.sub(r"uptime [\d:]+", "uptime T", done.stdout + done.stderr)))
        self.assertEqual(answers[0], answers[1])
        return answers[0]

    def infos(self) -> list[tuple[object, ...]]:
        with self.server.proxy() as proxy:
            rows = proxy.supervisor.getAllProcessInfo()
        keys = ("group", "name", "statename", "pid", "start", "stop", "exitstatus", "stdout_logfile", "stderr_logfile")
        return [tuple(row[key] for key in keys) for row in rows]

    def heard(self) -> list[tuple[int, str]]:
        """Serial and payload of the events that were sent by clients."""
        path = self.server.directory / "ear.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(int(head["serial"]), text) for head, text in lines if head["eventname"] == "REMOTE_COMMUNICATION"]

    def send(self, number: int) -> None:
        with self.server.proxy() as proxy:
            proxy.supervisor.sendRemoteCommEvent("n", str(number))

    def test_nobody_notices(self) -> None:
        with self.server.proxy() as proxy:
            proxy.supervisor.stopProcess("late")
            proxy.supervisor.removeProcessGroup("late")
            config = proxy.supervisor.getAllConfigInfo()
            pid = proxy.supervisor.getPID()
        before = self.infos()
        for _ in range(2):
            self.upgrade()
            self.assertEqual(self.infos(), before)
        with self.server.proxy() as proxy:
            self.assertEqual(proxy.supervisor.getPID(), pid)
            self.assertEqual(proxy.supervisor.getAllConfigInfo(), config)
            self.assertEqual(proxy.supervisor.reloadConfig(), [[["late"], [], []]])
        self.assertEqual((self.server.directory / "supervisord.pid").read_text(), f"{pid}\n")

    def test_clients_go_on(self) -> None:
        self.upgrade()
        self.assertEqual(self.ask("pid")[0], 0)
        status, text = self.ask("status", "a")
        self.assertEqual((status, text.split()[:2]), (0, ["a", "RUNNING"]))
        with self.server.proxy() as proxy:
            proxy.supervisor.sendProcessStdin("cat", "hello\n")
            log = self.server.directory / "cat.log"
            wait_until(lambda: log.read_text() == "hello\n", "for what was sent")
            self.assertTrue(proxy.supervisor.stopProcess("a"))
            self.assertTrue(proxy.supervisor.startProcess("a"))
        self.assertEqual(self.ask("stop", "nobody")[0], 1)
        with self.server.proxy() as proxy:
            proxy.supervisor.shutdown()
        self.server.end()
        self.assertEqual(self.server.status, 0)
        self.assertFalse((self.server.directory / "supervisord.pid").exists())

    def test_pools_keep_what_they_had(self) -> None:
        sent = []
        for number in range(30):
            self.send(number)
            sent.append(f"type:n\n{number}")
            if number % 10 == 5:
                self.upgrade()
        wait_until(lambda: len(self.heard()) >= len(sent), "for the listener to hear all")
        heard = self.heard()
        self.assertEqual([text for _, text in heard], sent)
        self.assertEqual(len({serial for serial, _ in heard}), len(sent))
        # The other one has its first event still in its hands, and the pool the rest.
        busy = (self.server.directory / "busy").read_text()
        self.assertEqual(busy.count("poolserial:0 "), 1)
        self.assertNotIn("poolserial:1 ", busy)
        with self.server.proxy() as proxy:
            proxy.supervisor.stopProcess("busy")
            proxy.supervisor.startProcess("busy")
        path = self.server.directory / "busy"
        wait_until(lambda: path.read_text().count("poolserial:0 ") == 2, "for the same event again")


if __name__ == "__main__":
    main()
