#!/usr/bin/env python3
"""Clients at foster's doors while what is behind them is replaced: lost, upgraded, or told to read its file again.

    replacement_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import sys
import threading
import unittest
import xmlrpc.client
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fosters import run_foster, supervisor_of  # noqa: E402
from servers import DEADLINE, Server, is_alive, kill_tree, wait_until  # noqa: E402
from supervisord_test import pid_in  # noqa: E402
from supervisorctl_test import HEAD, SETTINGS, main  # noqa: E402

REQUEST = b"GET /ok.html HTTP/1.0\r\n\r\n"


def ask(address: str | tuple[str, int]) -> bytes:
    """Everything that is said at this door.

    Raises what connect() does; whoever is cut off afterwards has heard less, or nothing."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.settimeout(DEADLINE)
        door.connect(address)
        said = b""
        try:
            door.sendall(REQUEST)
            while piece := door.recv(4096):
                said += piece
        except ConnectionError:
            pass
        return said


class Client(threading.Thread):
    """Asks at one door, again and again."""

    def __init__(self, address: str | tuple[str, int]):
        super().__init__(daemon=True)
        self.address = address
        self.answered = 0
        self.refused: list[str] = []
        self._is_over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._is_over.is_set():
            try:
                said = ask(self.address)
            except OSError as error:
                self.refused.append(str(error))
                continue
            if b" 200 " in said:
                self.answered += 1

    def end(self) -> None:
        self._is_over.set()
        self.join(DEADLINE)


class Doors(unittest.TestCase):
    CONFIG = HEAD + "[inet_http_server]\nport=127.0.0.1:PORT\n[program:a]\ncommand=/bin/sleep 600\nstartsecs=0\n"

    def setUp(self) -> None:
        self.server = Server([SETTINGS.foster, "supervisord"], self.CONFIG)
        self.addCleanup(self.server.close)
        self.server.start()
        self.server.wait_until_settled()
        self.path = str(self.server.socket)
        self.port = ("127.0.0.1", self.server.port)

    def visit(self) -> list[Client]:
        clients = [Client(self.path), Client(self.port)]
        for client in clients:
            self.addCleanup(client.end)
        self.wait_for_answers(clients)
        return clients

    def wait_for_answers(self, clients: list[Client]) -> None:
        """Each client is answered twice: once by somebody who was asked from now on."""
        before = [client.answered for client in clients]
        wait_until(
            lambda: all(client.answered >= count + 2 for client, count in zip(clients, before)), "for answers to all"
        )

    def expect_none_refused(self, clients: list[Client]) -> None:
        for client in clients:
            client.end()
            self.assertEqual(client.refused, [], client.address)

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.server.pid}/fd").iterdir()))


class LossTest(Doors):
    def test_no_client_is_refused_while_supervisors_are_lost(self) -> None:
        clients = self.visit()
        inode = os.stat(self.path).st_ino
        before = self.descriptors()
        for _ in range(6):
            lost = supervisor_of(self.server)
            os.kill(lost, signal.SIGKILL)
            wait_until(lambda: not is_alive(lost), "for the end of the supervisor")
            self.wait_for_answers(clients)
        self.expect_none_refused(clients)
        self.assertEqual(os.stat(self.path).st_ino, inode)
        wait_until(lambda: self.descriptors() <= before, "for the reaper to hold no more than before")

    def test_who_comes_while_nobody_is_there_is_answered_by_the_next_one(self) -> None:
        lost = supervisor_of(self.server)
        os.kill(lost, signal.SIGSTOP)
        doors = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET)]
        for door, address in zip(doors, (self.path, self.port)):
            self.addCleanup(door.close)
            door.settimeout(DEADLINE)
            door.connect(address)
            door.sendall(REQUEST)
        self.assertEqual(select.select(doors, [], [], 0)[0], [])
        os.kill(lost, signal.SIGKILL)
        for door in doors:
            self.assertIn(b" 200 ", door.recv(100))

    def test_a_lost_reaper_closes_no_door(self) -> None:
        clients = self.visit()
        supervisor = supervisor_of(self.server)
        self.addCleanup(lambda: kill_tree(supervisor))
        os.kill(self.server.pid, signal.SIGKILL)
        pidfile = self.server.directory / "supervisord.pid"
        wait_until(lambda: pid_in(pidfile) == supervisor, "for the new pid")
        self.wait_for_answers(clients)
        self.expect_none_refused(clients)


class CallTest(Doors):
    CONFIG = Doors.CONFIG + "[program:off]\ncommand=/bin/sleep 600\nstartsecs=600\nautostart=false\n"

    def test_what_a_client_that_waits_has_asked_for_is_done(self) -> None:
        said: list[object] = []

        def wait_for_start() -> None:
            try:
                with self.server.proxy() as proxy:
                    said.append(proxy.supervisor.startProcess("off"))
            except xmlrpc.client.Fault as fault:
                said.append(fault.faultString)

        waiting = threading.Thread(target=wait_for_start, daemon=True)
        waiting.start()
        wait_until(lambda: self.state_of("off") == "STARTING", "for the start")
        os.kill(supervisor_of(self.server), signal.SIGKILL)
        waiting.join(DEADLINE)
        self.assertEqual(said, ["ALREADY_STARTED: off"])
        self.assertEqual(self.state_of("off"), "STARTING")

    def state_of(self, name: str) -> object:
        with self.server.proxy() as proxy:
            return proxy.supervisor.getProcessInfo(name)["statename"]  # type: ignore[index]


class UpgradeTest(Doors):
    def test_no_client_is_refused(self) -> None:
        clients = self.visit()
        builds = [str(self.server.directory / name) for name in ("one", "other")]
        for build in builds:
            shutil.copy(SETTINGS.foster, build)
        before = 0
        for turn in range(4):
            old = supervisor_of(self.server)
            said = run_foster(self.server, "upgrade", builds[turn % 2])
            wait_until(lambda: not is_alive(old), f"for the end of the old build: {said}")
            self.wait_for_answers(clients)
            before = before or self.descriptors()
        self.expect_none_refused(clients)
        wait_until(lambda: self.descriptors() <= before, "for the reaper to hold no more than before")


class ReloadTest(Doors):
    def reload(self) -> None:
        log = self.server.directory / "main.log"
        times = log.read_text().count("supervisord started with pid")
        os.kill(self.server.pid, signal.SIGHUP)
        wait_until(lambda: log.read_text().count("supervisord started with pid") > times, "for the restart")

    def test_doors_that_stay_refuse_nobody(self) -> None:
        clients = self.visit()
        for _ in range(3):
            self.reload()
            self.wait_for_answers(clients)
        self.expect_none_refused(clients)

    def test_doors_that_move_are_closed(self) -> None:
        before = self.descriptors()
        config = self.CONFIG.replace("127.0.0.1:PORT", "*:PORT").replace("s.sock", "moved.sock")
        self.server.write(config)
        self.reload()
        moved = self.server.directory / "moved.sock"
        wait_until(moved.exists, "for the new socket")
        self.assertFalse(os.path.exists(self.path))
        self.assertIn(b" 200 ", ask(str(moved)))
        self.assertIn(b" 200 ", ask(self.port))
        # Nor does the next supervisor open them again.
        lost = supervisor_of(self.server)
        os.kill(lost, signal.SIGKILL)
        wait_until(lambda: not is_alive(lost), "for the end of the supervisor")
        self.assertIn(b" 200 ", ask(str(moved)))
        self.assertFalse(os.path.exists(self.path))
        config = config.replace("[inet_http_server]\nport=*:PORT\n", "")
        self.server.write(config.replace("moved.sock\n", "moved.sock\nchmod=0750\n", 1))
        self.reload()
        wait_until(lambda: os.stat(moved).st_mode & 0o777 == 0o750, "for the new mode")
        self.assertRaises(ConnectionRefusedError, ask, self.port)
        wait_until(lambda: self.descriptors() == before - 1, "for the reaper to hold what is left")

    def test_nothing_is_left_at_the_end(self) -> None:
        os.kill(self.server.pid, signal.SIGTERM)
        self.server.end()
        self.assertFalse(os.path.exists(self.path))
        self.assertRaises(ConnectionRefusedError, ask, self.port)


class RemovedFileTest(Doors):
    def test_a_file_that_is_another_is_not_ours(self) -> None:
        """Somebody has put his own socket in the place: it stays, and is not taken for the one that is held."""
        lost = supervisor_of(self.server)
        os.kill(lost, signal.SIGSTOP)
        os.unlink(self.path)
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.bind(self.path)
            stranger.listen()
            inode = os.stat(self.path).st_ino
            os.kill(lost, signal.SIGKILL)
            log = self.server.directory / "main.log"
            wait_until(lambda: "already listening" in log.read_text(), "for the word of it")
            self.assertEqual(os.stat(self.path).st_ino, inode)
        self.server.wait_until_there()
        self.assertIn(b" 200 ", ask(self.path))
        self.assertIn(b" 200 ", ask(self.port))


if __name__ == "__main__":
    main()
