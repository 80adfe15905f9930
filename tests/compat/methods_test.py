#!/usr/bin/env python3
"""Every XML-RPC method, asked of the original and of another server in the same state, by Python's xmlrpc.client.

    methods_test.py --foster FOSTER --server COMMAND [unittest's own arguments]
"""

from __future__ import annotations

import os
import pwd
import re
import socket
import sys
import time
import unittest
import xmlrpc.client
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from servers import DEADLINE, Server  # noqa: E402
from supervisorctl_test import HEAD, PROGRAMS, Story, main  # noqa: E402

# What differs between any two servers, wherever it stands.
_OWN = {"pid", "now", "start", "stop", "logfile", "stdout_logfile", "stderr_logfile"}


def plain(server: Server, value: object) -> object:
    """Without pids, times and directories."""
    if isinstance(value, dict):
        return {key: "OWN" if key in _OWN and value[key] else plain(server, value[key]) for key in value}
    if isinstance(value, list):
        return [plain(server, one) for one in value]
    if isinstance(value, str):
        return re.sub(r"pid \d+, uptime \d:\d\d:\d\d|[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "OWN", server.blank(value))
    return value


def ask(server: Server, method: str, *parameters: object) -> object:
    """The answer; of a fault, its code and text; of another status than 200, that."""
    with server.proxy() as proxy:
        try:
            return plain(server, getattr(proxy, method)(*parameters))
        except xmlrpc.client.Fault as fault:
            return ("fault", fault.faultCode, server.blank(fault.faultString))
        except xmlrpc.client.ProtocolError as error:
            return ("status", error.errcode)


class MethodsTest(Story):
    CONFIG = HEAD + PROGRAMS

    def same_answer(self, method: str, *parameters: object) -> object:
        right, answer = (ask(pair.server, method, *parameters) for pair in self.pairs)
        with self.subTest(method, parameters=parameters):
            self.assertEqual(right, answer)
        return right

    def test_introspection(self) -> None:
        names = self.same_answer("system.listMethods")
        assert isinstance(names, list)
        self.assertIn("supervisor.getState", names)
        for name in names:
            self.same_answer("system.methodSignature", name)
            for pair in self.pairs:
                self.assertTrue(ask(pair.server, "system.methodHelp", name))
        for name in ("nowhere", "supervisor.nowhere", "supervisor", "a.b.c"):
            self.same_answer("system.methodSignature", name)
            self.same_answer("system.methodHelp", name)
            self.same_answer(name)

    def test_information(self) -> None:
        for name in ("getAPIVersion", "getVersion", "getSupervisorVersion", "getIdentification", "getState"):
            self.same_answer(f"supervisor.{name}")
            self.same_answer(f"supervisor.{name}", 1)
        self.same_answer("supervisor.getAllProcessInfo")
        for name in ("cat", "off", "both:a", "both:*", "both", "nobody", "cat:", ""):
            self.same_answer("supervisor.getProcessInfo", name)
        self.same_answer("supervisor.getProcessInfo")

    def test_control(self) -> None:
        for method, *parameters in (
            ("startProcess", "off"),
            ("startProcess", "off"),
            ("startProcess", "nobody"),
            ("startProcess", "nogroup:*"),
            ("startProcess", "off-missing"),
            ("startProcess", "off-plain"),
            ("startProcess", "web:*"),
            ("startProcess",),
            ("startProcessGroup", "nogroup"),
            ("startProcessGroup", "web"),
            ("stopProcess", "off-silent"),
            ("stopProcess", "cat"),
            ("stopProcess", "cat"),
            ("stopProcessGroup", "cat"),
            ("stopProcessGroup", "nogroup"),
            ("startProcessGroup", "cat", True),
            ("signalProcess", "cat", "CONT"),
            ("signalProcess", "cat", 18),
            ("signalProcess", "cat", "18"),
            ("signalProcess", "cat", "SIGNONE"),
            ("signalProcess", "off-silent", "CONT"),
            ("signalProcess", "off-silent", "NONE"),
            ("signalProcess", "nobody", "NONE"),
            ("signalProcess", "web:*", "cont"),
            ("signalProcessGroup", "web", "CONT"),
            ("signalProcessGroup", "web", "NONE"),
            ("signalProcessGroup", "nogroup", "CONT"),
            ("sendProcessStdin", "off-silent", "x"),
            ("sendProcessStdin", "nobody", "x"),
            ("sendProcessStdin", "cat", 5),
            ("sendProcessStdin", "cat", "x"),
            ("sendRemoteCommEvent", "kind", "data"),
            ("reloadConfig",),
            ("addProcessGroup", "cat"),
            ("addProcessGroup", "nobody"),
            ("removeProcessGroup", "cat"),
            ("removeProcessGroup", "nobody"),
            ("removeProcessGroup", "off-silent"),
            ("clearProcessLogs", "nobody"),
            ("clearProcessLogs", "web:*"),
            ("clearProcessLog", "talk"),
            ("clearLog",),
        ):
            self.same_answer(f"supervisor.{method}", *parameters)

    def test_logs(self) -> None:
        ranges = [(0, 0), (0, 5), (7, 0), (3, 4), (100, 5), (-5, 0), (-100, 0), (-5, 1), (0, -1), (18, 0), (19, 0)]
        for offset, length in ranges:
            self.same_answer("supervisor.readProcessStderrLog", "talk", offset, length)
        windows = [(0, 0), (0, 5), (0, 3), (2, 3), (3, 3), (5, 5), (6, 3), (100, 3), (0, 100), (-3, 3), (0, -1)]
        for offset, length in windows:
            self.same_answer("supervisor.tailProcessStderrLog", "talk", offset, length)
        for method in ("readProcessStdoutLog", "readProcessLog", "tailProcessStdoutLog", "tailProcessLog"):
            for name in ("talk", "nobody", "off-silent", "both:*"):
                self.same_answer(f"supervisor.{method}", name, 0, 100)
            self.same_answer(f"supervisor.{method}", "talk", 0)
        self.same_answer("supervisor.readLog", 0, -1)
        self.same_answer("supervisor.readMainLog", -5, 1)

    def test_multicall(self) -> None:
        calls = [
            {"methodName": "supervisor.getAPIVersion", "params": []},
            {"methodName": "supervisor.getState"},
            {"methodName": "supervisor.stopProcess", "params": ["cat"]},
            {"methodName": "supervisor.stopProcess", "params": ["cat"]},
            {"methodName": "supervisor.startProcess", "params": ["cat"]},
            {"methodName": "nowhere.at.all"},
            {"methodName": "system.multicall", "params": [[]]},
            {"params": []},
        ]
        self.same_answer("system.multicall", calls)
        self.same_answer("system.multicall", [])
        self.same_answer("system.multicall", [{"methodName": "supervisor.getVersion"}] * 500)


# A value of each kind for each key that clients are told.
KINDS = """
[inet_http_server]
port=127.0.0.1:PORT
[program:plain]
command=/bin/sleep 600
startsecs=0
[program:off-all]
command=/bin/echo "two words" %%%%(process_num)d ; a comment
autostart=false
process_name=%(program_name)s_%(process_num)02d
numprocs=2
numprocs_start=7
directory=DIR
user=USER
umask=027
priority=-3
startsecs=7
startretries=0
exitcodes=0,2,255
stopsignal=USR2
stopwaitsecs=3
stopasgroup=true
serverurl=http://elsewhere:1
environment=A="b"
stdout_logfile=DIR/%(program_name)s_%(process_num)d.log
stdout_logfile_maxbytes=3MB
stdout_logfile_backups=0
stdout_capture_maxbytes=2KB
stdout_events_enabled=true
stdout_syslog=true
stderr_logfile=NONE
stderr_logfile_maxbytes=0
stderr_logfile_backups=3
stderr_capture_maxbytes=1
stderr_events_enabled=yes
[program:off-syslog]
command=/bin/true
autostart=false
stdout_logfile=syslog
stderr_logfile=SYSLOG
serverurl=AUTO
exitcodes=
killasgroup=true
[program:off-redirected]
command=/bin/true
autostart=false
redirect_stderr=true
stderr_logfile=DIR/ignored
stdout_logfile=AUTO
stdout_logfile_maxbytes=0
[program:off-off]
command=/bin/true
autostart=false
stdout_logfile=OFF
stderr_syslog=true
autorestart=true
[program:off-none]
command=/bin/true
autostart=false
numprocs=0
[group:off-group]
programs=off-off,off-redirected
priority=4
[eventlistener:off-listener]
command=/bin/cat
autostart=false
events=TICK
stderr_events_enabled=true
[fcgi-program:off-web]
command=/bin/cat
autostart=false
socket=unix://DIR/web.sock
stopsignal=15
"""


class ConfigInfoTest(Story):
    CONFIG = HEAD + KINDS.replace("USER", pwd.getpwuid(os.geteuid()).pw_name)

    def rows(self, server: Server) -> list[dict[str, object]]:
        """All that is told, but for what is chance in the names of files."""
        with server.proxy() as proxy:
            rows = proxy.supervisor.getAllConfigInfo()
        assert isinstance(rows, list)
        return [{key: self.blank(server, value) for key, value in row.items()} for row in rows]

    def blank(self, server: Server, value: object) -> object:
        return re.sub(r"-\w{8}\.log$", "-RANDOM.log", server.blank(value)) if isinstance(value, str) else value

    def same_rows(self) -> dict[str, dict[str, object]]:
        right, answer = (self.rows(pair.server) for pair in self.pairs)
        self.assertEqual(right, answer)
        return {str(row["name"]): row for row in right}

    def test_every_kind_of_value(self) -> None:
        rows = self.same_rows()
        self.assertEqual(rows["plain"]["stdout_logfile"], "DIR/plain-stdout---supervisor-RANDOM.log")
        self.assertEqual(rows["off-all_07"]["uid"], os.geteuid())
        for pair in self.pairs:
            with pair.server.proxy() as proxy:
                own = {one["name"]: one["stdout_logfile"] for one in proxy.supervisor.getAllProcessInfo()}
                told = {one["name"]: one["stdout_logfile"] for one in proxy.supervisor.getAllConfigInfo()}
            self.assertEqual(own["plain"], told["plain"])

    def test_after_a_reread(self) -> None:
        for pair in self.pairs:
            with pair.server.proxy() as proxy:
                proxy.supervisor.reloadConfig()
        rows = self.same_rows()
        self.assertEqual(rows["plain"]["stdout_logfile"], "auto")
        for pair in self.pairs:
            with pair.server.proxy() as proxy:
                proxy.supervisor.removeProcessGroup("off-syslog")
                proxy.supervisor.removeProcessGroup("off-group")
                proxy.supervisor.addProcessGroup("off-group")
        rows = self.same_rows()
        self.assertEqual(rows["plain"]["stdout_logfile"], "auto")
        self.assertEqual(rows["off-redirected"]["stdout_logfile"], "DIR/off-redirected-stdout---supervisor-RANDOM.log")
        self.assertEqual((rows["off-syslog"]["inuse"], rows["off-off"]["inuse"]), (False, True))


class HttpTest(Story):
    CONFIG = HEAD + PROGRAMS

    def status(self, server: Server, request: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(str(server.socket))
            client.sendall(request)
            answer = client.recv(65536)
            return answer.split(b" ", 2)[1] if answer else b"closed"

    def test_requests_that_are_refused(self) -> None:
        document = b"<methodCall><methodName>supervisor.getState</methodName></methodCall>"
        length = b"Content-Length: %d\r\n\r\n" % len(document)
        for request in (
            b"GET /RPC2 HTTP/1.1\r\nHost: \r\n\r\n",
            b"POST /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /RPC2 HTTP/1.1\r\nContent-Length: 3\r\n\r\n<x>",
            b"POST /RPC2 HTTP/1.0\r\n" + length + document,
            b"POST /RPC2/ HTTP/1.1\r\n" + length + document,
            b"GET /logtail/nobody HTTP/1.1\r\n\r\n",
            b"GET /logtail/off-silent/stderr HTTP/1.1\r\n\r\n",
            b"GET /logtail/talk/stderr HTTP/1.1\r\nHost: \r\n\r\n\r\n",
            b"GET /logtail/both%3Aa HTTP/1.1\r\n\r\n",
            b"GET /mainlogtail HTTP/1.1\r\n\r\n",
            b"GET /nowhere HTTP/1.1\r\n\r\n",
        ):
            right, answer = (self.status(pair.server, request) for pair in self.pairs)
            with self.subTest(request):
                self.assertEqual(right, answer)

    def test_empty_lines_between_requests_are_nothing(self) -> None:
        document = b"<methodCall><methodName>supervisor.getState</methodName></methodCall>"
        request = b"\r\n\r\nPOST /RPC2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(document), document)
        self.assertEqual(self.status(self.pairs[1].server, request), b"200")

    def test_one_connection_for_many_questions(self) -> None:
        for pair in self.pairs:
            with pair.server.proxy() as proxy:
                for _ in range(20):
                    self.assertEqual(proxy.supervisor.getState()["statename"], "RUNNING")

    def test_bytes_that_are_no_text(self) -> None:
        """Where the original's answer cannot be read."""
        server = self.pairs[1].server
        with server.proxy() as proxy:
            path = Path(proxy.supervisor.getProcessInfo("talk")["stderr_logfile"])
            path.write_bytes(b"\x1b[1m\xff\r\n")
            self.assertEqual(proxy.supervisor.readProcessStderrLog("talk", 0, 0), "\ufffd[1m\ufffd\r\n")

    def test_a_log_is_followed_through_rotation(self) -> None:
        server = self.pairs[1].server
        path = Path(server.proxy().supervisor.getProcessInfo("talk")["stderr_logfile"])
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(str(server.socket))
            client.sendall(b"GET /logtail/talk/stderr HTTP/1.1\r\nHost: \r\n\r\n\r\n")
            self.expect(client, b"oops")
            path.rename(path.with_suffix(".1"))
            path.write_text("after rotation\n")
            self.expect(client, b"after rotation")
            path.write_text("short\n")
            self.expect(client, b"short")

    def expect(self, client: socket.socket, shown: bytes) -> None:
        text = b""
        end = time.monotonic() + DEADLINE
        while shown not in text and time.monotonic() < end:
            piece = client.recv(65536)
            self.assertTrue(piece, text)
            text += piece
        self.assertIn(shown, text)


if __name__ == "__main__":
    main()
