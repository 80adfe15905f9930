"""The original and foster in its place, and foster's own commands."""

from __future__ import annotations

import re
import subprocess
import unittest
from collections.abc import Callable

from servers import DEADLINE, Server
from supervisorctl_test import SETTINGS


def original(config: str) -> Server:
    return Server(["supervisord"], config)


def foster(config: str) -> Server:
    return Server([SETTINGS.foster, "supervisord"], config)


class Both(unittest.TestCase):
    """The same deeds, done to the original and to foster."""

    maxDiff = None

    def each(self, config: str, deed: Callable[[Server], object]) -> list[object]:
        answers = []
        for make in (original, foster):
            server = make(config)
            self.addCleanup(server.close)
            answers.append(deed(server))
        return answers

    def same(self, config: str, deed: Callable[[Server], object]) -> object:
        right, answer = self.each(config, deed)
        self.assertEqual(right, answer)
        return right


def run_foster(server: Server, *words: str) -> str:
    """What it says, beside the server's configuration."""
    done = subprocess.run(
        [SETTINGS.foster, *words],
        cwd=server.directory,
        env=server.environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return done.stdout + done.stderr


def supervisor_of(server: Server) -> int:
    """Its pid, which is not that of the server: that one is the reaper's."""
    found = re.search(r'"supervisor":(\d+)', run_foster(server, "info", "--json"))
    assert found, run_foster(server, "info", "--json")
    return int(found[1])
