#!/usr/bin/env python3
"""What the main log has in detail, the original's beside foster's.

    main_log_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest
import xmlrpc.client
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fosters import Both, foster  # noqa: E402
from servers import DEADLINE, Server, wait_until  # noqa: E402
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
            # It is stopped while it waits to be tried again, unless we are late.
            while level == "debug" and not any("BACKOFF" in text for _, text in records(server)):
                with contextlib.suppress(xmlrpc.client.Fault):
                    proxy.supervisor.startProcess("off-fails")
                with contextlib.suppress(xmlrpc.client.Fault):
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


class SystemLogTest(Both):
    """Its log is the system's: here a socket in its place, which a mount of its own shows to the server alone."""

    # What syslog(3) speaks to is $1/log; /dev is made anew around it.
    # One that nobody reads takes a few messages and no more.
    ENTER = """
set -e
mkdir "$1/dev"
mount -t tmpfs none "$1/dev"
for name in null zero full random urandom tty; do
  touch "$1/dev/$name"
  mount --bind "/dev/$name" "$1/dev/$name"
done
ln -s /proc/self/fd "$1/dev/fd"
for n in 0/stdin 1/stdout 2/stderr; do ln -s "/proc/self/fd/${n%/*}" "$1/dev/${n#*/}"; done
ln -s "$1/log" "$1/dev/log"
mount --rbind "$1/dev" /dev
shift
exec "$@"
"""

    def read(self, log: socket.socket, told: list[str]) -> None:
        while not told or "received SIGTERM" not in told[-1]:
            told.append(log.recv(65536).decode())

    def test_nobody_waits_for_who_reads_it(self) -> None:
        config = HEAD.replace("DIR/main.log", "syslog", 1) + "[program:a]\ncommand=/bin/sleep 600\nstartsecs=0\n"
        server = foster(config)
        self.addCleanup(server.close)
        server.variables["FOSTER_SYSLOG"] = str(server.directory / "log")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind(str(server.directory / "log"))
            log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            server.start()
            server.wait_until_settled()
            with server.proxy() as proxy:
                for _ in range(200):
                    proxy.supervisor.signalProcess("a", "CONT")
                    proxy.supervisor.stopProcess("a")
                    proxy.supervisor.startProcess("a")
            log.settimeout(DEADLINE)
            self.assertIn(" supervisord: ", log.recv(65536).decode())

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts something over /dev")
    def test_main_log(self) -> None:
        def live(server: Server) -> object:
            server.command = ["unshare", "-m", "sh", "-c", self.ENTER, "sh", str(server.directory), *server.command]
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
                log.bind(str(server.directory / "log"))
                log.settimeout(DEADLINE)
                told: list[str] = []
                reader = threading.Thread(target=self.read, args=(log, told))
                reader.start()
                server.start()
                server.wait_until_settled()
                with server.proxy() as proxy:
                    try:
                        answer: object = proxy.supervisor.readLog(0, 0)
                    except xmlrpc.client.Fault as fault:
                        answer = fault.faultCode
                    proxy.supervisor.stopProcess("a")
                os.kill(server.pid, signal.SIGTERM)
                server.end()
                reader.join()
            known = re.compile(r"spawned|success|stopped|received")
            shape = re.sub(r"\d+", "N", told[0].split(" CRIT ")[0])
            lines = [re.sub(r"pid \d+", "pid N", text.split(",", 1)[1][4:].rstrip("\n")) for text in told if known.search(text)]
            return shape, lines, answer, (server.directory / "main.log").exists()

        config = HEAD.replace("DIR/main.log", "syslog", 1) + "[program:a]\ncommand=/bin/sleep 600\nstartsecs=0\n"
        _, lines, *rest = self.same(config, live)  # type: ignore[misc]
        self.assertIn("INFO spawned: 'a' with pid N", lines)
        self.assertEqual(rest, [20, False])


class ForegroundTest(Both):
    def test_programs_that_write_to_its_standard_output(self) -> None:
        """Under a terminal or a container: all is in one stream."""
        config = HEAD + (
            '[program:a]\ncommand=/bin/sh -c "echo to the left; echo to the right >&2; exec sleep 600"\nstartsecs=0\n'
            "stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n"
            "stderr_logfile=/dev/stderr\nstderr_logfile_maxbytes=0\n"
        )

        def live(server: Server) -> object:
            reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert reader.stdin and reader.stdout
            server.start(output=reader.stdin)
            reader.stdin.close()
            server.wait_until_settled()
            text = b""
            while b"success: a" not in text or text.count(b"to the") < 2:
                piece = reader.stdout.read1(65536)
                self.assertTrue(piece, text)
                text += piece
            with server.proxy() as proxy:
                answer: list[object] = [proxy.supervisor.tailProcessStdoutLog("a", 3, 10)]
                try:
                    answer.append(proxy.supervisor.readProcessStdoutLog("a", 0, 0))
                except xmlrpc.client.Fault as fault:
                    answer.append(fault.faultCode)
            os.kill(server.pid, signal.SIGTERM)
            server.end()
            text += reader.stdout.read()
            reader.wait(DEADLINE)
            reader.stdout.close()
            known = re.compile(r"^to the|spawned|success|stopped|received")
            lines = [line.split(",", 1)[-1][4:] if line[0].isdigit() else line for line in text.decode().splitlines() if line]
            return sorted(re.sub(r"pid \d+", "pid N", line) for line in lines if known.search(line)), answer

        lines, _ = self.same(config, live)  # type: ignore[misc]
        self.assertIn("to the left", lines)
        self.assertIn("INFO spawned: 'a' with pid N", lines)


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
