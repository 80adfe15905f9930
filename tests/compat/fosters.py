"""foster in the place of supervisord, and its own commands."""

from __future__ import annotations

import re
import subprocess

from servers import DEADLINE, Server
from supervisorctl_test import SETTINGS


def foster(config: str) -> Server:
    return Server([SETTINGS.foster, "supervisord"], config)


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
