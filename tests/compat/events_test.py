#!/usr/bin/env python3
"""Listeners written for Supervisor, under the original and under foster: they must hear the same.

    events_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import unittest
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from servers import Server, wait_until  # noqa: E402
from supervisorctl_test import HEAD, SETTINGS, main  # noqa: E402

LISTENERS = Path(__file__).parent / "listeners.py"


def listener(name: str, kind: str, events: str, *arguments: str, more: str = "") -> str:
    words = " ".join([f"DIR/{name}.jsonl", *arguments])
    return (
        f"[eventlistener:{name}]\ncommand={sys.executable} -B {LISTENERS} {kind} {words}\nevents={events}\n"
        f"stderr_logfile=DIR/{name}.err\nstdout_logfile=NONE\n{more}\n"
    )


def program(name: str, command: str, more: str = "autostart=false") -> str:
    return f"[program:{name}]\ncommand={command}\nstdout_logfile=DIR/{name}.log\n{more}\n"


class Host(Server):
    """One of the two, with what its listeners wrote."""

    @property
    def rpc(self) -> xmlrpc.client.ServerProxy:
        return self.proxy()

    def written(self, name: str) -> list:
        path = self.directory / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def events(self, name: str) -> list[tuple[str, str]]:
        """What it heard, as type and payload, without pids."""
        return [(headers["eventname"], without_pids(payload)) for headers, payload in self.written(name)]

    def wait_for(self, name: str, count: int) -> None:
        wait_until(lambda: len(self.written(name)) >= count, f"for {name} to hear {count}: {self.written(name)}")

    def wait_for_state(self, name: str, state: str) -> None:
        wait_until(lambda: self.rpc.supervisor.getProcessInfo(name)["statename"] == state, f"for {name} {state}")

    def log(self) -> str:
        return (self.directory / "main.log").read_text(errors="replace")


def without_pids(text: str) -> str:
    return re.sub(r"\bpid:[1-9]\d*", "pid:N", text)


class Both(unittest.TestCase):
    """Both live through the same."""

    CONFIG = ""
    maxDiff = None

    def setUp(self) -> None:
        self.hosts: list[Host] = []
        for command in (["supervisord"], [SETTINGS.foster, "supervisord"]):
            host = Host(command, HEAD + self.CONFIG)
            self.addCleanup(host.close)
            self.hosts.append(host)
            host.start()
        for host in self.hosts:
            host.wait_until_there()

    @property
    def foster(self) -> Host:
        return self.hosts[1]

    def same(self, deed: Callable[[Host], object]) -> object:
        right, answer = (deed(host) for host in self.hosts)
        self.assertEqual(right, answer)
        return right


class StateEventsTest(Both):
    # Supervisor tells whoever starts one of these that it has failed, if it has ended by then: none is that quick.
    CONFIG = (
        listener("ear", "recorder", "PROCESS_STATE", more="buffer_size=100")
        + program("stays", "/bin/sleep 600", "autostart=false\nstartsecs=0")
        + program("ends", '/bin/sh -c "sleep 0.3; exit 3"', "autostart=false\nstartsecs=0\nautorestart=false\nexitcodes=0,3")
        + program("fails", '/bin/sh -c "sleep 0.3; exit 4"', "autostart=false\nstartsecs=0\nautorestart=false")
        + program("quick", "/bin/sleep 0.3", "autostart=false\nstartsecs=10\nstartretries=1")
        + program("missing", "DIR/no/such/program", "autostart=false\nstartretries=0")
    )

    def heard_of(self, host: Host, name: str) -> list[tuple[str, str]]:
        return [event for event in host.events("ear") if event[1].startswith(f"processname:{name} ")]

    def lives(self, name: str, deed: Callable[[Host], object], last: str) -> list[tuple[str, str]]:
        def live(host: Host) -> object:
            deed(host)
            wait_until(lambda: bool(self.heard_of(host, name)) and self.heard_of(host, name)[-1][0] == last, name)
            return self.heard_of(host, name)

        heard = self.same(live)
        assert isinstance(heard, list)
        return heard

    def test_a_stop(self) -> None:
        def deed(host: Host) -> None:
            host.rpc.supervisor.startProcess("stays")
            host.rpc.supervisor.stopProcess("stays")

        heard = self.lives("stays", deed, "PROCESS_STATE_STOPPED")
        self.assertEqual([name for name, _ in heard][-2:], ["PROCESS_STATE_STOPPING", "PROCESS_STATE_STOPPED"])

    def test_ends(self) -> None:
        self.lives("ends", lambda host: host.rpc.supervisor.startProcess("ends", False), "PROCESS_STATE_EXITED")
        self.lives("fails", lambda host: host.rpc.supervisor.startProcess("fails", False), "PROCESS_STATE_EXITED")

    def test_starts_that_fail(self) -> None:
        self.lives("quick", lambda host: host.rpc.supervisor.startProcess("quick", False), "PROCESS_STATE_FATAL")

    def test_a_kill(self) -> None:
        def deed(host: Host) -> None:
            host.rpc.supervisor.startProcess("stays")
            os.kill(host.rpc.supervisor.getProcessInfo("stays")["pid"], signal.SIGKILL)
            wait_until(lambda: len(self.heard_of(host, "stays")) >= 5, "for it to run again")
            host.rpc.supervisor.stopProcess("stays")

        self.lives("stays", deed, "PROCESS_STATE_STOPPED")

    def test_its_own(self) -> None:
        def live(host: Host) -> object:
            host.wait_for("ear", 2)
            return self.heard_of(host, "ear")[:2]

        self.same(live)


class ProtocolTest(Both):
    # What one pool rejects, the original gives to all listeners of the same priority.
    CONFIG = (
        listener("ear", "recorder", "REMOTE_COMMUNICATION", more="priority=1")
        + listener("stubborn", "stubborn", "REMOTE_COMMUNICATION", more="priority=2")
        + listener("mortal", "mortal", "REMOTE_COMMUNICATION", more="priority=3\nstartsecs=0")
        + listener("rude", "rude", "REMOTE_COMMUNICATION", more="priority=4")
        + listener(
            "many",
            "recorder",
            "REMOTE_COMMUNICATION",
            more="priority=5\nnumprocs=2\nprocess_name=many_%(process_num)d",
        )
    )

    def test_what_is_heard(self) -> None:
        def live(host: Host) -> object:
            host.wait_until_settled()
            for data in ("plain", "zwölf Boxkämpfer", "two\nlines\n", "日本"):
                host.rpc.supervisor.sendRemoteCommEvent("kind", data)
            host.wait_for("ear", 4)
            host.wait_for("stubborn", 8)
            host.wait_for("mortal", 5)
            host.wait_for("many", 4)
            heard = {name: host.written(name) for name in ("ear", "stubborn", "mortal", "many")}
            heard["many"].sort(key=lambda entry: int(entry[0]["serial"]))
            return heard

        heard = self.same(live)
        assert isinstance(heard, dict)
        headers, payload = heard["ear"][1]
        self.assertEqual(payload, "type:kind\nzwölf Boxkämpfer")
        self.assertEqual((headers["serial"], headers["poolserial"], headers["len"]), ("1", "1", "26"))
        self.assertEqual([entry[0]["serial"] for entry in heard["stubborn"][:4]], ["0", "0", "1", "1"])
        self.assertEqual([entry[0]["serial"] for entry in heard["mortal"][:3]], ["0", "0", "1"])

        def log(host: Host) -> object:
            return sorted(
                {
                    line.split(" ", 3)[3]
                    for line in host.log().splitlines()
                    if "UNKNOWN state" in line or "was rejected" in line
                }
            )

        for host in self.hosts:
            wait_until(lambda: "rude: has entered the UNKNOWN state" in host.log(), "for the word about it")
            self.assertEqual(host.events("rude"), [])
        self.same(log)


class GroupsTest(Both):
    # While that one does not end, the listener's turn to stop has not come: otherwise the original may be too quick.
    CONFIG = (
        listener("ear", "recorder", "PROCESS_GROUP,SUPERVISOR_STATE_CHANGE")
        + program("one", "/bin/cat")
        + program(
            "slow",
            "/bin/sh -c \"trap '' TERM; while :; do sleep 1; done\"",
            "startsecs=0\nstopwaitsecs=3",
        )
    )

    def test_groups_come_and_go(self) -> None:
        def live(host: Host) -> object:
            host.wait_for("ear", 4)
            host.write(HEAD + self.CONFIG + program("two", "/bin/cat"))
            host.rpc.supervisor.reloadConfig()
            host.rpc.supervisor.addProcessGroup("two")
            host.rpc.supervisor.removeProcessGroup("one")
            host.wait_for("ear", 6)
            host.rpc.supervisor.shutdown()
            host.end()
            return host.events("ear")

        heard = self.same(live)
        self.assertEqual(
            heard,
            [
                ("PROCESS_GROUP_ADDED", "groupname:ear\n"),
                ("PROCESS_GROUP_ADDED", "groupname:one\n"),
                ("PROCESS_GROUP_ADDED", "groupname:slow\n"),
                ("SUPERVISOR_STATE_CHANGE_RUNNING", ""),
                ("PROCESS_GROUP_ADDED", "groupname:two\n"),
                ("PROCESS_GROUP_REMOVED", "groupname:one\n"),
                ("SUPERVISOR_STATE_CHANGE_STOPPING", ""),
            ],
        )


class OutputTest(Both):
    CONFIG = listener("ear", "recorder", "PROCESS_LOG,PROCESS_COMMUNICATION") + program(
        "talk",
        "/bin/cat",
        "autostart=false\nstdout_events_enabled=true\nstdout_capture_maxbytes=1KB\nstartsecs=0",
    )

    def test_output(self) -> None:
        def live(host: Host) -> object:
            host.rpc.supervisor.startProcess("talk")
            host.rpc.supervisor.sendProcessStdin("talk", "a line that is long enough\n")
            host.wait_for("ear", 1)
            host.rpc.supervisor.sendProcessStdin(
                "talk", "<!--XSUPERVISOR:BEGIN-->grüße<!--XSUPERVISOR:END-->and a line that is long enough\n"
            )
            # The original sends what stands between the tags twice.
            wait_until(lambda: len({name for name, _ in host.events("ear")}) == 2, "for the message")
            return host.events("ear")[0], [event for event in host.events("ear") if "COMM" in event[0]]

        self.same(live)


class StdinTest(Both):
    CONFIG = program("cat", "/bin/cat", "startsecs=0") + program(
        "deaf", '/bin/sh -c "exec sleep 600 <&-"', "startsecs=0"
    )

    def ask(self, host: Host, name: str, text: str) -> object:
        try:
            return host.rpc.supervisor.sendProcessStdin(name, text)
        except xmlrpc.client.Fault as fault:
            return fault.faultCode, fault.faultString

    def test_what_is_sent_arrives(self) -> None:
        def live(host: Host) -> object:
            host.wait_until_settled()
            answers = [self.ask(host, "cat", "zwölf "), self.ask(host, "cat", "Boxkämpfer\n")]
            log = host.directory / "cat.log"
            wait_until(lambda: log.exists() and log.read_text().endswith("\n"), "for the words")
            return answers, log.read_text()

        self.assertEqual(self.same(live), ([True, True], "zwölf Boxkämpfer\n"))

    def test_nobody_to_send_to(self) -> None:
        def closed(host: Host) -> bool:
            pid = host.rpc.supervisor.getProcessInfo("deaf")["pid"]
            return not Path(f"/proc/{pid}/fd/0").is_symlink() and Path(f"/proc/{pid}/comm").read_text() == "sleep\n"

        def live(host: Host) -> object:
            host.wait_until_settled()
            wait_until(lambda: closed(host), "for it to close its input")
            answers = [self.ask(host, "nobody", "x")]
            # The original finds out with the first word that nobody reads, and says so with the second.
            self.ask(host, "deaf", "x")
            wait_until(lambda: self.ask(host, "deaf", "x") != True, "for it to be noticed")  # noqa: E712
            answers.append(self.ask(host, "deaf", "x"))
            host.rpc.supervisor.stopProcess("cat")
            answers.append(self.ask(host, "cat", "x"))
            return answers

        self.same(live)


class ListenersOfPeopleTest(Both):
    CONFIG = (
        listener("mail", "crashmail", "PROCESS_STATE")
        + listener("memory", "memmon", "TICK_5", "fat", "1000")
        + program("fat", "/bin/sleep 600", "startsecs=0")
        + program("bad", '/bin/sh -c "sleep 0.3; exit 2"', "autostart=false\nstartsecs=0\nautorestart=false")
        + program("good", '/bin/sh -c "sleep 0.3"', "autostart=false\nstartsecs=0\nautorestart=false")
    )

    def test_crashmail(self) -> None:
        def live(host: Host) -> object:
            host.rpc.supervisor.startProcess("good", False)
            host.wait_for_state("good", "EXITED")
            host.rpc.supervisor.startProcess("bad", False)
            host.wait_for("mail", 1)
            return host.written("mail")

        self.assertEqual(self.same(live), ["Process bad:bad exited from RUNNING"])

    def test_memmon(self) -> None:
        def live(host: Host) -> object:
            host.wait_for("memory", 1)
            return host.written("memory")[0]

        self.assertEqual(self.same(live), "restarted fat")


class LostSupervisorTest(Both):
    """What the original cannot: to go on where it was lost."""

    CONFIG = listener("ear", "recorder", "REMOTE_COMMUNICATION", more="buffer_size=1000")

    def test_no_event_is_lost_and_none_comes_twice(self) -> None:
        host = self.foster
        host.wait_until_settled()
        sent = []
        for n in range(40):
            while True:
                try:
                    host.rpc.supervisor.sendRemoteCommEvent("n", str(n))
                    break
                except (OSError, xmlrpc.client.Error):
                    host.wait_until_there()
            sent.append(f"type:n\n{n}")
            if n % 10 == 5:
                supervisor = supervisor_of(host.rpc.supervisor.getPID())
                os.kill(supervisor, signal.SIGKILL)
                wait_until(lambda gone=supervisor: has_ended(gone), "for its end")
                host.wait_until_there()
        host.wait_for("ear", len(sent))
        heard = [payload for _, payload in host.events("ear")]
        self.assertEqual(sorted(set(heard), key=heard.index), sent)
        serials = [int(headers["serial"]) for headers, _ in host.written("ear")]
        self.assertEqual(sorted(set(serials)), list(range(len(sent))))


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def supervisor_of(reaper: int) -> int:
    """The child of the reaper that is foster itself."""
    for pid in Path(f"/proc/{reaper}/task/{reaper}/children").read_text().split():
        if b"supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]:
            return int(pid)
    raise AssertionError("no supervisor")


if __name__ == "__main__":
    main()
