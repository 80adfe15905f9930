#!/usr/bin/env python3
"""Whoever asks for a log of a program gets all that it has written, also what nobody had the time to read.

    fresh_logs_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import http.client
import os
import resource
import signal
import sys
import unittest
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fosters import foster, supervisor_of  # noqa: E402
from servers import DEADLINE, Server, wait_until  # noqa: E402
from supervisorctl_test import HEAD, main  # noqa: E402

# Its logs are longer than any other file of the daemon. It says something when it is told to, and by a file that it has.
PROGRAM = """
import os, pathlib, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
for fd in (1, 2):
    for _ in range(LINES):
        os.write(fd, b"." * 1023 + b"\\n")
pathlib.Path("listens").touch()
count = 0
while signal.sigwait([signal.SIGUSR1]):
    count += 1
    os.write(1, b"said %d\\n" % count)
    os.write(2, b"moaned %d\\n" % count)
    pathlib.Path("said-%d" % count).touch()
"""
LINES = 8192


class FreshLogsTest(unittest.TestCase):
    def setUp(self) -> None:
        program = f"[program:a]\ncommand={sys.executable} DIR/program.py\ndirectory=DIR\nstartsecs=0\n"
        logs = "stdout_logfile=DIR/out\nstderr_logfile=DIR/err\n"
        self.server = foster(HEAD + "[inet_http_server]\nport=127.0.0.1:PORT\n" + program + logs)
        self.addCleanup(self.server.close)
        (self.server.directory / "program.py").write_text(PROGRAM.replace("LINES", str(LINES)))
        self.server.start()
        self.server.wait_until_there()
        wait_until((self.server.directory / "listens").exists, "for the program")
        self.logs = [self.server.directory / name for name in ("out", "err")]
        wait_until(lambda: all(log.stat().st_size == LINES * 1024 for log in self.logs), "for its logs")
        with self.server.proxy() as proxy:
            self.program = int(str(proxy.supervisor.getProcessInfo("a")["pid"]))
        self.supervisor = supervisor_of(self.server)
        self.count = 0

    def say(self) -> None:
        """The program says something, and its logs take nothing: they are looked at again in a while."""
        self.count += 1
        full = min(log.stat().st_size for log in self.logs)
        resource.prlimit(self.supervisor, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        os.kill(self.program, signal.SIGUSR1)
        wait_until((self.server.directory / f"said-{self.count}").exists, "for the program to say something")
        with self.server.proxy() as proxy:
            for _ in range(3):
                proxy.supervisor.getState()  # it has had its time to see what was said

    def ask(self, request: Callable[[http.client.HTTPConnection], None], end: bytes) -> bytes:
        """The answer up to this end, as soon as logs take something again."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.connect()
        self.say()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.supervisor, resource.RLIMIT_FSIZE, unlimited)
        request(connection)
        answer = connection.getresponse()
        text = b""
        while end not in text and (piece := answer.read1(65536)):
            text += piece
        return text

    def test_what_was_just_written_is_told(self) -> None:
        def call(method: str, *numbers: int) -> Callable[[http.client.HTTPConnection], None]:
            values = "".join(f"<param><value><int>{number}</int></value></param>" for number in numbers)
            params = f"<params><param><value><string>a</string></value></param>{values}</params>"
            body = f"<methodCall><methodName>supervisor.{method}</methodName>{params}</methodCall>"
            return lambda connection: connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})

        for method, word, numbers in (
            ("readProcessStdoutLog", b"said", (-1024, 0)),
            ("readProcessStderrLog", b"moaned", (-1024, 0)),
            ("tailProcessStdoutLog", b"said", (0, 1024)),
            ("tailProcessStderrLog", b"moaned", (0, 1024)),
        ):
            with self.subTest(method):
                answer = self.ask(call(method, *numbers), b"</methodResponse>")
                self.assertIn(b"%s %d\n" % (word, self.count), answer)

    def test_what_was_just_written_is_shown(self) -> None:
        answer = self.ask(lambda connection: connection.request("GET", "/tail.html?processname=a"), b"</html>")
        self.assertIn(b"said %d\n" % self.count, answer)

    def test_a_follower_begins_with_it(self) -> None:
        answer = self.ask(lambda connection: connection.request("GET", "/logtail/a"), b"\n")
        self.assertTrue(answer.split(b"\n", 1)[1].startswith(b"said"), answer)


if __name__ == "__main__":
    main()
