#!/usr/bin/env python3
"""FastCGI programs, under the original and under foster: one listening socket for all processes of a program.

    fcgi_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import sys
import xmlrpc.client
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fosters import Both  # noqa: E402
from servers import DEADLINE, Server, wait_until  # noqa: E402
from supervisorctl_test import HEAD, main  # noqa: E402

# Tells every client its pid, and is busy until that has gone.
PROGRAM = """
import os, socket
listening = socket.socket(fileno=0)
while True:
    client, _ = listening.accept()
    client.sendall(b"%d" % os.getpid())
    client.recv(1)
    client.close()
"""

CONFIG = f"""
[fcgi-program:web]
command={sys.executable} DIR/web.py
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
autorestart=true
"""


class FastCgiTest(Both):
    def connect(self, server: Server, url: str) -> socket.socket:
        kind, _, address = server.fill(url).partition("://")
        client = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
        client.settimeout(DEADLINE)
        try:
            if kind == "unix":
                client.connect(address)
            else:
                client.connect(("127.0.0.1", server.port))
        except OSError:
            client.close()
            raise
        return client

    def is_refused(self, server: Server, url: str) -> bool:
        try:
            self.connect(server, url).close()
        except ConnectionRefusedError:
            return True
        return False

    def ask(self, server: Server, url: str, count: int) -> set[int]:
        """The pids of so many that answer at once."""
        clients = [self.connect(server, url) for _ in range(count)]
        try:
            return {int(client.recv(100)) for client in clients}
        finally:
            for client in clients:
                client.close()

    def pids(self, server: Server) -> set[int]:
        with server.proxy() as proxy:
            infos = proxy.supervisor.getAllProcessInfo()
        return {info["pid"] for info in infos if info["pid"]}  # type: ignore[index]

    def sockets(self, server: Server) -> list[str]:
        """What the log says of them, after the trial that the original makes before anything is started."""
        lines = (server.directory / "main.log").read_text().splitlines()
        told = [server.blank(line.split(" ", 3)[3]) for line in lines if "socket" in line or "spawned" in line]
        told = [re.sub(r"pid \d+", "pid N", re.sub(r"web_\d", "web_N", line)) for line in told]
        first = next((at for at, line in enumerate(told) if line.startswith("spawned")), 0)
        return told[max(first - 1, 0) :]

    def live(self, server: Server, url: str) -> object:
        (server.directory / "web.py").write_text(PROGRAM)
        server.start()
        server.wait_until_settled()
        facts: list[object] = []
        self.assertEqual(self.ask(server, url, 2), self.pids(server))
        with server.proxy() as proxy:
            try:
                proxy.supervisor.sendProcessStdin("web:web_0", "x")
            except xmlrpc.client.Fault as fault:
                facts.append((fault.faultCode, fault.faultString))
            facts.append([row["name"] for row in proxy.supervisor.getAllConfigInfo()])  # type: ignore[index]
            # Whoever is killed comes again, and has the same socket.
            killed = int(str(proxy.supervisor.getProcessInfo("web:web_0")["pid"]))
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: len(self.pids(server) - {killed}) == 2, "for another process")
            self.assertEqual(self.ask(server, url, 2), self.pids(server))
            proxy.supervisor.stopProcess("web:web_0")
            self.assertEqual(self.ask(server, url, 1), self.pids(server))
            facts.append(self.file(server, url))
            proxy.supervisor.stopProcess("web:web_1")
            wait_until(lambda: self.is_refused(server, url), "for the socket to be closed")
            facts.append(self.file(server, url))
            proxy.supervisor.startProcess("web:*")
            self.assertEqual(self.ask(server, url, 2), self.pids(server))
        os.kill(server.pid, signal.SIGTERM)
        server.end()
        return facts, self.file(server, url), self.sockets(server)

    def file(self, server: Server, url: str) -> object:
        """Mode and owner of the socket's file, where there is one."""
        if not url.startswith("unix"):
            return None
        try:
            status = os.stat(server.fill(url).removeprefix("unix://"))
        except FileNotFoundError:
            return "gone"
        return stat.filemode(status.st_mode), status.st_uid, status.st_gid

    def test_unix_socket(self) -> None:
        url = "unix://DIR/web.sock"
        config = HEAD + CONFIG + f"socket={url}\nsocket_mode=0751\n"
        facts, _, log = self.same(config, lambda server: self.live(server, url))  # type: ignore[misc]
        self.assertIn(("srwxr-x--x", os.geteuid(), os.getegid()), facts)
        self.assertEqual([line for line in log if "socket" in line], [f"Creating socket {url}", f"Closing socket {url}"] * 2)

    def test_tcp_socket(self) -> None:
        url = "tcp://127.0.0.1:PORT"
        config = HEAD + CONFIG + f"socket={url}\nsocket_backlog=16\n"
        _, _, log = self.same(config, lambda server: self.live(server, url))  # type: ignore[misc]
        self.assertEqual([line for line in log if "socket" in line], [f"Creating socket {url}", f"Closing socket {url}"] * 2)


if __name__ == "__main__":
    main()
