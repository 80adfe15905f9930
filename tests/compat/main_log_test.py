#!/usr/bin/env python3
"""What the main log has in detail, the original's beside foster's.

    main_log_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import xmlrpc.client
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fosters import Both, foster  # noqa: E402
from servers import Server, wait_until  # noqa: E402
from supervisorctl_test import HEAD, main  # noqa: E402

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([A-Z]{4}) (.*)$")

# Says a word to each stream; when it is asked to go on, a message between tags, and bytes that are no text.
TALKER = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT])
os.write(1, b"zw\\xc3\\xb6lf\\n")
os.write(2, b"oops\\n")
signal.sigwait([signal.SIGCONT])
os.write(1, b"<!--XSUPERVISOR:BEGIN-->told<!--XSUPERVISOR:END-->\\n" + b"." * 40 + b"\\n")
os.write(2, b"\\xff\\n")
signal.pause()
"""

CONFIG = f"""
[program:talk]
command={sys.executable} DIR/talk.py
startsecs=0
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
stopasgroup=true
[program:deaf]
command=/bin/sh -c "trap '' TERM; echo deaf; while :; do sleep 600; done"
startsecs=0
stopwaitsecs=1
killasgroup=true
[program:off-fails]
command=/bin/false
startsecs=20
startretries=9
autostart=false
"""


def records(server: Server) -> list[tuple[str, str]]:
    """Level and text of each message; those of more than one line in one piece."""
    found: list[tuple[str, str]] = []
    for line in (server.directory / "main.log").read_text(errors="replace").splitlines():
        head = LINE.match(line)
        if head:
            found.append((head[1], re.sub(r"pid \d+|\(\d+\)", "pid N", server.blank(head[2]))))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line)
    return found


class DetailsTest(Both):
    def live(self, server: Server, level: str) -> list[tuple[str, str]]:
        server.write(HEAD.replace("[supervisord]", f"[supervisord]\nloglevel={level}", 1) + CONFIG)
        (server.directory / "talk.py").write_text(TALKER)
        server.start()
        server.wait_until_settled()
        server.wait_until_told("talk", "oops\n")
        with server.proxy() as proxy:
            proxy.supervisor.signalProcess("talk", "CONT")
        server.wait_until_told("talk", "\ufffd\n")
        deaf = Path(str(server.proxy().supervisor.getProcessInfo("deaf")["stdout_logfile"]))
        wait_until(lambda: deaf.read_bytes() == b"deaf\n", "for the deaf one")
        with server.proxy() as proxy:
            with contextlib.suppress(xmlrpc.client.Fault):
                proxy.supervisor.startProcess("off-fails")
            wait_until(lambda: proxy.supervisor.getProcessInfo("off-fails")["statename"] == "BACKOFF", "for a failure")
            proxy.supervisor.stopProcess("off-fails")
            proxy.supervisor.stopProcess("talk")
            proxy.supervisor.stopProcess("deaf")
            with contextlib.suppress(xmlrpc.client.Fault):
                proxy.supervisor.stopProcess("nobody")
        os.kill(server.pid, signal.SIGTERM)
        server.end()
        return records(server)

    def test_debug(self) -> None:
        wanted = re.compile(
            r"'(talk|deaf)' std\w+ (output|emitted)|killing (talk|'?deaf)|sending talk|received SIGCHLD|Attempted to kill"
        )

        def details(server: Server) -> object:
            found = [one for one in self.live(server, "debug") if wanted.match(one[1])]
            # How often a process was started that fails, and when two things came at once, is chance.
            return sorted(set(found))

        answer = self.same("", details)
        for one in (
            ("DEBG", "'talk' stdout output:\nzwölf\n"),
            ("DEBG", "'talk' stderr output:\nUndecodable: b'\\xff\\n'"),
            ("DEBG", "'talk' stdout emitted a comm event"),
            ("DEBG", "killing talk (pid N) process group with signal SIGTERM"),
            ("DEBG", "sending talk (pid N) sig SIGCONT"),
        ):
            self.assertIn(one, answer)  # type: ignore[arg-type]

    def test_calls(self) -> None:
        def calls(server: Server) -> object:
            found = [one for one in self.live(server, "trace") if one[1].startswith("XML-RPC")]
            return sorted({one for one in found if "stopProcess" in one[1] or "signalProcess" in one[1]})

        answer = self.same("", calls)
        self.assertIn(("TRAC", "XML-RPC method supervisor.stopProcess() returned fault: [10] BAD_NAME: nobody"), answer)  # type: ignore[arg-type]

    def test_nothing_of_it_at_info(self) -> None:
        for levels in self.each("", lambda server: {one[0] for one in self.live(server, "info")}):
            self.assertLessEqual(levels, {"INFO", "WARN", "CRIT"})  # type: ignore[operator]


class WarningsTest(Both):
    def test_what_is_otherwise_is_told_with_its_line(self) -> None:
        config = HEAD.replace("[supervisord]", "[supervisord]\nloglevel=blather\nprofile_options=calls", 1)
        server = foster(config + "[program:a]\ncommand=/bin/sleep 600\nautostrat=true\n")
        self.addCleanup(server.close)
        server.start()
        server.wait_until_there()
        lines = [text for level, text in records(server) if level == "WARN"]
        for key, line in (("loglevel", 5), ("profile_options", 6), ("autostrat", 17)):
            self.assertEqual([f"line {line})" in text for text in lines if key in text], [True], lines)
        with server.proxy() as proxy:
            server.write(config + "[program:a]\ncommand=/bin/sleep 600\n")
            before = len(records(server))
            proxy.supervisor.reloadConfig()
            told = [text for level, text in records(server)[before:] if level == "WARN"]
        self.assertEqual(len(told), 2, told)


if __name__ == "__main__":
    main()
