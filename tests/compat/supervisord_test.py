#!/usr/bin/env python3
"""foster in the place of supervisord: both are started in the same way, and must do the same.

    supervisord_test.py --foster FOSTER [--keep] [unittest's own arguments]
"""

from __future__ import annotations

import collections
import http.client
import os
import re
import signal
import subprocess
import sys
import unittest
import urllib.parse
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from servers import DEADLINE, Server, kill_tree, wait_until  # noqa: E402
from supervisorctl_test import HEAD, SETTINGS, main  # noqa: E402

SLEEPER = "command=/bin/sleep 600\nstartsecs=0\n"

# Tells by a line in a file when it ends.
WITNESS = """
[program:%(name)s]
command=/bin/sh -c "trap 'echo %(name)s >> DIR/ended; exit 0' TERM; echo ready; while :; do sleep 600 & wait; done"
priority=%(priority)s
startsecs=0
stdout_logfile=DIR/%(name)s.out
"""


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


def daemonize(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """Starts it in the background; the pidfile tells who it is."""
    done = subprocess.run(
        [*server.command, "-c", str(server.config), *words],
        cwd=server.directory,
        env=server.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return done


def pid_in(path: Path) -> int:
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def run_foster(server: Server, *words: str) -> str:
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
    said = run_foster(server, "info", "--json")
    found = re.search(r'"supervisor":(\d+)', said)
    assert found, said
    return int(found[1])


class CommandLineTest(Both):
    def ask(self, server: Server, words: str) -> tuple[int, bool]:
        done = subprocess.run(
            [*server.command, *server.fill(words).split()],
            cwd=server.directory,
            env=server.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        last = done.stderr.splitlines()[-2:] or ["", ""]
        is_error = last[0].startswith("Error: ") and last[1].startswith("For help, use ")
        self.assertTrue(is_error or done.stdout)
        return done.returncode, is_error

    def test_what_is_refused(self) -> None:
        for words in (
            "-x",
            "--nonsense",
            "--log",
            "--nodaemon=1",
            "-c",
            "-n -n",
            "word",
            "-c DIR/supervisord.conf -z many",
            "-c DIR/supervisord.conf -y 1TB",
            "-c DIR/supervisord.conf -m 9",
            "-c DIR/supervisord.conf -e loud",
            "-c DIR/supervisord.conf -l DIR/no/such/log",
            "-c DIR/supervisord.conf -q DIR/no/such",
            "-c DIR/supervisord.conf -d DIR/no/such",
            "-c DIR/supervisord.conf -u nobody-of-this-name",
            "-c DIR/nowhere.conf",
            "-c DIR",
            "-nc DIR/bad.conf",
            "-nc DIR/taken.conf",
        ):
            with self.subTest(words):
                self.assertEqual(self.same(HEAD, lambda server, words=words: self.refused(server, words)), (2, True))

    def refused(self, server: Server, words: str) -> tuple[int, bool]:
        (server.directory / "bad.conf").write_text("[supervisord]\n[program:a b]\ncommand=x\n")
        (server.directory / "file").write_text("no socket")
        taken = HEAD.replace("DIR/s.sock", "DIR/no/such/s.sock", 1)
        (server.directory / "taken.conf").write_text(server.fill(taken))
        return self.ask(server, words)

    def test_what_is_told(self) -> None:
        for words in ("-v", "--version", "-h", "-?", "--help", "-nh"):
            self.assertEqual(self.same(HEAD, lambda server, words=words: self.ask(server, words)), (0, False))

    def test_it_runs_once(self) -> None:
        def start_twice(server: Server) -> object:
            server.start()
            server.wait_until_there()
            return self.ask(server, "-n -c DIR/supervisord.conf")

        self.assertEqual(self.same(HEAD, start_twice), (2, True))


class DaemonTest(Both):
    def test_in_the_background(self) -> None:
        def live(server: Server) -> object:
            done = daemonize(server, "-i", "shop")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            pidfile = server.directory / "supervisord.pid"
            wait_until(pidfile.exists, "for the pidfile")
            pid = pid_in(pidfile)
            self.addCleanup(lambda: kill_tree(pid))
            wait_until(lambda: (server.directory / "s.sock").exists(), "for the socket")
            with server.proxy() as proxy:
                self.assertEqual(proxy.supervisor.getPID(), pid)
                self.assertEqual(proxy.supervisor.getIdentification(), "shop")
                wait_until(lambda: proxy.supervisor.getProcessInfo("a")["statename"] == "RUNNING", "for a")
                child = proxy.supervisor.getProcessInfo("a")["pid"]
                mask = re.search(r"Umask:\s*(\d+)", Path(f"/proc/{child}/status").read_text())
            assert mask
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not is_alive(pid), "for its end")
            left = (pidfile.exists(), (server.directory / "s.sock").exists(), is_alive(child))
            return left, mask[1], os.path.basename(os.readlink("/proc/self/cwd")) != ""

        config = HEAD.replace("[supervisord]", "[supervisord]\numask=027", 1) + "[program:a]\n" + SLEEPER
        self.assertEqual(self.same(config, live), ((False, False, False), "0027", True))

    def test_what_the_log_says(self) -> None:
        config = HEAD + (
            "[program:stays]\ncommand=/bin/sleep 600\nstartsecs=1\n"
            "[program:fails]\ncommand=/bin/false\nstartretries=1\nstartsecs=20\n"
            "[program:missing]\ncommand=DIR/missing\nstartretries=0\n"
            '[program:leaves]\ncommand=/bin/sh -c "sleep 2; exit 3"\nexitcodes=3\n'
            '[program:breaks]\ncommand=/bin/sh -c "sleep 2; kill -USR1 $$$$"\nautorestart=false\n'.replace("$$$$", "$$")
        )

        def live(server: Server) -> object:
            server.start()
            server.wait_until_there()
            with server.proxy() as proxy:

                def is_settled() -> bool:
                    states = {one["name"]: one["statename"] for one in proxy.supervisor.getAllProcessInfo()}
                    return [states[name] for name in ("stays", "fails", "missing", "leaves", "breaks")] == [
                        "RUNNING",
                        "FATAL",
                        "FATAL",
                        "EXITED",
                        "EXITED",
                    ]

                wait_until(is_settled, "for all of them")
                infos = {
                    one["name"]: (one["statename"], server.blank(one["spawnerr"]), one["exitstatus"], one["pid"] > 0, one["stop"] > 0)
                    for one in proxy.supervisor.getAllProcessInfo()
                }
                proxy.supervisor.stopProcess("stays")
                self.assertIn("stopped: stays", proxy.supervisor.readLog(0, 0))
            os.kill(server.pid, signal.SIGTERM)
            server.end()
            log = (server.directory / "main.log").read_text()
            lines = [re.sub(r"pid \d+", "pid N", line.split(" ", 2)[2]) for line in log.splitlines()]
            known = re.compile(r"spawned|spawnerr|success|exited|gave up|stopped|received")
            return infos, collections.Counter(server.blank(line) for line in lines if known.search(line))

        infos, lines = self.same(config, live)  # type: ignore[misc]
        self.assertIn("spawned: 'stays' with pid N", "\n".join(lines))

    def test_logs_are_reopened(self) -> None:
        def live(server: Server) -> object:
            server.start()
            server.wait_until_there()
            log = server.directory / "main.log"
            log.rename(server.directory / "main.log.old")
            os.kill(server.pid, signal.SIGUSR2)
            wait_until(log.exists, "for the new file")
            return "supervisord logreopen" in (server.directory / "main.log.old").read_text()

        self.assertTrue(self.same(HEAD, live))


class OrderTest(Both):
    CONFIG = HEAD + "".join(
        WITNESS % {"name": name, "priority": priority} for name, priority in (("first", 1), ("second", 2), ("third", 3))
    )

    def wait_until_ready(self, server: Server) -> None:
        names = ("first", "second", "third")
        logs = [server.directory / f"{name}.out" for name in names]
        wait_until(lambda: all(is_ready(server, name, log) for name, log in zip(names, logs)), "for all")

    def test_last_come_first_gone(self) -> None:
        def live(server: Server) -> object:
            server.start()
            server.wait_until_there()
            self.wait_until_ready(server)
            os.kill(server.pid, signal.SIGTERM)
            server.end()
            return (server.directory / "ended").read_text().split(), server.status

        self.assertEqual(self.same(self.CONFIG, live), (["third", "second", "first"], 0))

    def test_reload(self) -> None:
        changed = self.CONFIG.replace("[program:second]", "[program:zweitens]")

        def live(server: Server) -> object:
            server.start()
            server.wait_until_there()
            self.wait_until_ready(server)
            with server.proxy() as proxy:
                before = proxy.supervisor.getPID(), proxy.supervisor.getProcessInfo("first")["pid"]
            server.write(changed)
            os.kill(server.pid, signal.SIGHUP)
            wait_until(lambda: names_of(server) == ["first", "third", "zweitens"], "for the new ones")
            with server.proxy() as proxy:
                wait_until(lambda: proxy.supervisor.getProcessInfo("first")["statename"] == "RUNNING", "for first")
                after = proxy.supervisor.getPID(), proxy.supervisor.getProcessInfo("first")["pid"]
                groups = proxy.supervisor.reloadConfig()
            ended = (server.directory / "ended").read_text().split()
            pidfile = pid_in(server.directory / "supervisord.pid")
            return before[0] == after[0] == pidfile, before[1] == after[1], ended, groups

        same, is_old, ended, groups = self.same(self.CONFIG, live)  # type: ignore[misc]
        self.assertEqual((same, is_old, ended, groups), (True, False, ["third", "second", "first"], [[[], [], []]]))


def is_ready(server: Server, name: str, log: Path) -> bool:
    with server.proxy() as proxy:
        info = proxy.supervisor.getProcessInfo(name)
        return info["statename"] == "RUNNING" and log.exists() and "ready" in log.read_text()


def names_of(server: Server) -> list[str]:
    try:
        with server.proxy() as proxy:
            return [one["name"] for one in proxy.supervisor.getAllProcessInfo()]
    except Exception:  # noqa: BLE001  it is about to be there again
        return []


class WebTest(Both):
    CONFIG = (
        HEAD
        + "[inet_http_server]\nport=127.0.0.1:PORT\n"
        + "[program:a]\n"
        + SLEEPER
        + "[program:off]\n"
        + SLEEPER
        + "autostart=false\n[program:off-bad]\ncommand=DIR/missing\nautostart=false\n"
    )

    def ask(self, server: Server, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, where to, and the words of the page."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            text = re.sub(r"<[^>]*>", " ", answer.read().decode())
            where = urllib.parse.unquote(server.blank(answer.headers.get("Location", ""))).replace("+", " ")
            return answer.status, re.sub(r" at \w{3} .*", " at NOW", where), text
        finally:
            connection.close()

    def test_what_is_asked_by_scripts(self) -> None:
        def live(server: Server) -> object:
            server.start()
            server.wait_until_settled()
            return [
                self.ask(server, f"/index.html?{query}")[:2]
                for query in (
                    "action=refresh",
                    "action=stop&processname=a",
                    "action=stop&processname=a",
                    "action=start&processname=a",
                    "action=start&processname=a",
                    "action=start&processname=off-bad",
                    "action=start&processname=nobody",
                    "action=start&processname=a:*",
                    "action=restart&processname=off",
                    "action=clearlog&processname=a",
                    "action=stopall",
                    "action=restartall",
                    "action=nonsense&processname=a",
                )
            ]

        answers = self.same(self.CONFIG, live)
        self.assertIn((301, "http://127.0.0.1:PORT/?message=Process a stopped"), answers)  # type: ignore[arg-type]

    def test_pages(self) -> None:
        def live(server: Server) -> object:
            server.start()
            server.wait_until_settled()
            pages = [self.ask(server, path) for path in ("/ok.html", "/", "/index.html?message=%3Cb%3E", "/tail.html")]
            pages.append(self.ask(server, "/tail.html?processname=nobody"))
            self.assertIn("OK", pages[0][2])
            for word in ("running", "stopped", "Not started", "uptime", "Restart All", "Clear Log"):
                self.assertIn(word, pages[1][2])
            self.assertIn("&lt;b", pages[2][2])
            self.assertIn("No process name found", pages[3][2])
            self.assertIn("BAD_NAME: nobody", pages[4][2])
            return [page[0] for page in pages]

        self.assertEqual(self.same(self.CONFIG, live), [200] * 5)

    def test_pages_of_other_sites_do_nothing(self) -> None:
        server = foster(self.CONFIG)
        self.addCleanup(server.close)
        server.start()
        server.wait_until_settled()
        path = "/index.html?action=stop&processname=a"
        browser = "Mozilla/5.0"
        for headers in (
            {"Origin": "http://elsewhere"},
            {"Referer": "http://elsewhere/"},
            {"Sec_Fetch_Site": "cross-site"},
            {"User_Agent": browser},
        ):
            self.assertEqual(self.ask(server, path, **headers)[0], 403)
        with server.proxy() as proxy:
            self.assertEqual(proxy.supervisor.getProcessInfo("a")["statename"], "RUNNING")
        own = self.ask(server, path, User_Agent=browser, Origin=f"http://127.0.0.1:{server.port}")
        self.assertEqual(own[0], 301)


class FosterTest(unittest.TestCase):
    """What is better than the original."""

    CONFIG = HEAD + "[program:a]\n" + SLEEPER + "[program:b]\n" + SLEEPER + "autostart=false\n"

    def start(self, config: str = "") -> Server:
        server = foster(config or self.CONFIG)
        self.addCleanup(server.close)
        server.start()
        server.wait_until_there()
        return server

    def info(self, server: Server, name: str) -> dict[str, object]:
        with server.proxy() as proxy:
            answer = proxy.supervisor.getProcessInfo(name)
            assert isinstance(answer, dict)
            return answer

    def wait_for(self, server: Server, name: str, state: str) -> dict[str, object]:
        wait_until(lambda: self.info(server, name)["statename"] == state, f"for {name} to be {state}")
        return self.info(server, name)

    @unittest.skipUnless(os.geteuid() == 0, "only root writes where others may place links")
    def test_no_file_is_made_behind_the_link_of_another_user(self) -> None:
        server = foster(HEAD + "[program:a]\n" + SLEEPER + "stdout_logfile=DIR/open/a.log\n")
        self.addCleanup(server.close)
        directory = server.directory / "open"
        directory.mkdir()
        (directory / "a.log").symlink_to(server.directory / "made")
        for path in (directory, directory / "a.log"):
            os.chown(path, 65534, 65534, follow_symlinks=False)
        server.start()
        server.wait_until_there()
        self.wait_for(server, "a", "RUNNING")
        main_log = server.directory / "main.log"
        wait_until(lambda: main_log.is_file() and "spawned: 'a'" in main_log.read_text(), "for the start to be logged")
        self.assertFalse((server.directory / "made").exists())

    def test_a_lost_supervisor_is_not_noticed(self) -> None:
        server = self.start(self.CONFIG + "[program:late]\n" + SLEEPER)
        before = self.wait_for(server, "a", "RUNNING")
        with server.proxy() as proxy:
            proxy.supervisor.stopProcess("late")
            proxy.supervisor.removeProcessGroup("late")
            proxy.supervisor.startProcess("b")
            proxy.supervisor.stopProcess("b")
            stopped = self.info(server, "b")
        lost = supervisor_of(server)
        os.kill(lost, signal.SIGKILL)
        wait_until(lambda: not is_alive(lost), "for the end of the supervisor")
        server.wait_until_there()
        after = self.info(server, "a")
        own = ("pid", "start", "statename", "stdout_logfile")
        self.assertEqual([before[key] for key in own], [after[key] for key in own])
        again = self.info(server, "b")
        own = ("start", "stop", "statename", "exitstatus")
        self.assertEqual([stopped[key] for key in own], [again[key] for key in own])
        self.assertEqual(names_of(server), ["a", "b"])
        with server.proxy() as proxy:
            self.assertEqual(proxy.supervisor.getPID(), server.pid)
            self.assertEqual(proxy.supervisor.reloadConfig(), [[["late"], [], []]])
            proxy.supervisor.addProcessGroup("late")
            self.assertTrue(proxy.supervisor.startProcess("b"))
        self.wait_for(server, "late", "RUNNING")

    def test_a_lost_reaper_is_replaced(self) -> None:
        server = self.start()
        before = self.wait_for(server, "a", "RUNNING")
        supervisor = supervisor_of(server)
        self.addCleanup(lambda: kill_tree(supervisor))
        os.kill(server.pid, signal.SIGKILL)
        pidfile = server.directory / "supervisord.pid"
        wait_until(lambda: pid_in(pidfile) == supervisor, "for the new pid")

        def is_there() -> bool:
            try:
                return self.info(server, "a")["pid"] == before["pid"]
            except OSError:
                return False

        wait_until(is_there, "for the same a")
        os.kill(supervisor, signal.SIGTERM)
        wait_until(lambda: not is_alive(supervisor), "for its end")
        self.assertFalse(pidfile.exists())

    def test_a_bad_file_ends_nothing(self) -> None:
        server = self.start()
        before = self.wait_for(server, "a", "RUNNING")
        server.write(self.CONFIG + "[program:c]\n")
        os.kill(server.pid, signal.SIGHUP)
        log = server.directory / "main.log"
        wait_until(lambda: "nothing is restarted" in log.read_text(), "for the word of it")
        self.assertEqual(self.info(server, "a")["pid"], before["pid"])

    def test_it_is_a_foster_like_any_other(self) -> None:
        server = self.start()
        self.wait_for(server, "a", "RUNNING")
        self.assertRegex(run_foster(server, "ps"), r"a +running")
        self.assertIn("supervisorctl update", run_foster(server, "up", "-d", str(server.config)))
        run_foster(server, "stop", "a")
        self.assertEqual(self.info(server, "a")["statename"], "STOPPED")

    def test_a_reload_is_finished_by_the_next_supervisor(self) -> None:
        slow = '[program:slow]\ncommand=/bin/sh -c "trap \'\' TERM; while :; do sleep 600; done"\nstartsecs=0\nstopwaitsecs=3\n'
        server = self.start(self.CONFIG + slow)
        before = self.wait_for(server, "a", "RUNNING")
        with server.proxy() as proxy:
            proxy.supervisor.restart()
        wait_until(lambda: "waiting for slow to die" in (server.directory / "main.log").read_text(), "for the stop")
        lost = supervisor_of(server)
        os.kill(lost, signal.SIGKILL)

        def is_new() -> bool:
            try:
                info = self.info(server, "a")
            except Exception:  # noqa: BLE001  it goes down, and comes up again
                return False
            return info["statename"] == "RUNNING" and info["pid"] != before["pid"]

        wait_until(is_new, "for another a")


if __name__ == "__main__":
    main()
