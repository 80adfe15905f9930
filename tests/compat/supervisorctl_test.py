#!/usr/bin/env python3
"""foster's supervisorctl beside the original: the same words, to supervisords in the same state, must be answered with
the same text and the same exit status, byte for byte.

    supervisorctl_test.py --foster FOSTER [--client NAME] [--server COMMAND] [--keep] [unittest's own arguments]

Each story is told to two pairs of client and server: the original client at the original server, which is right by
definition, and the client and the server that `--client` and `--server` name (foster's client and the original server,
unless told otherwise).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pty
import select
import shlex
import shutil
import signal
import sys
import time
import unittest
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import clients  # noqa: E402
from servers import DEADLINE, Server  # noqa: E402

SKIPPED = 77

HEAD = """
[unix_http_server]
file=DIR/s.sock
[supervisord]
logfile=DIR/main.log
pidfile=DIR/supervisord.pid
childlogdir=DIR
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://DIR/s.sock
prompt=shop
"""

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0
[program:off]
command=/bin/sleep 600
startsecs=0
autostart=false
priority=5
[program:web]
command=/bin/sleep 600
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
[program:a]
command=/bin/sleep 600
startsecs=0
[program:b]
command=/bin/sleep 600
startsecs=0
[group:both]
programs=a,b
[program:off-missing]
command=DIR/no/such/program
autostart=false
[program:off-plain]
command=DIR/supervisord.conf
autostart=false
[program:off-quick]
command=/bin/false
autostart=false
startsecs=1
startretries=0
[program:talk]
command=/bin/sh -c "echo zwölf Boxkämpfer; echo oops >&2; exec sleep 600"
startsecs=0
[program:off-silent]
command=/bin/sleep 600
stdout_logfile=NONE
stderr_logfile=NONE
autostart=false
[program:a_process_with_a_name_that_is_longer_than_the_column]
command=/bin/sleep 600
startsecs=0
"""


@dataclass(frozen=True)
class Pair:
    """A client and the server it talks to."""

    client: clients.Client
    server: Server

    @property
    def called(self) -> str:
        return str(self.server.directory / "bin" / "supervisorctl")

    def run(self, line: str, typed: str = "", until: str = "") -> clients.Answer:
        arguments = shlex.split(self.server.fill(line))
        answer = self.client.run(self.called, arguments, self.server.directory, self.server.fill(typed), until)
        return self._blank(answer)

    def _blank(self, answer: clients.Answer) -> clients.Answer:
        return clients.Answer(
            answer.status, *(clients.blanked(self.server.blank(text)) for text in (answer.out, answer.err))
        )


@dataclass
class Settings:
    foster: str = ""
    client: str = "foster"
    server: list[str] = field(default_factory=list)


SETTINGS = Settings()


class Story(unittest.TestCase):
    """Two pairs that live through the same."""

    CONFIG = HEAD + PROGRAMS
    HAS_METHODS = True
    maxDiff = None

    def setUp(self) -> None:
        self.pairs: list[Pair] = []
        for client, command in (
            (clients.original(), ["supervisord"]),
            (clients.foster() if SETTINGS.client == "foster" else clients.original(), SETTINGS.server),
        ):
            server = Server(command, self.CONFIG)
            self.addCleanup(server.close)
            self.pairs.append(Pair(client, server))
            link = Path(self.pairs[-1].called)
            link.parent.mkdir()
            link.symlink_to(SETTINGS.foster)
        self.both(lambda pair: pair.server.start())
        if self.HAS_METHODS:
            self.settle()
            if PROGRAMS in self.CONFIG:
                self.both(lambda pair: pair.server.wait_until_told("talk", "oops\n"))
        else:
            self.both(lambda pair: pair.server.wait_until_there())

    def both(self, deed: Callable[[Pair], object]) -> None:
        """Does the same to both."""
        for pair in self.pairs:
            deed(pair)

    def settle(self) -> None:
        self.both(lambda pair: pair.server.wait_until_settled())

    def same(
        self, line: str, *, typed: str = "", until: str = "", status: int | None = None, in_order: bool = True
    ) -> str:
        """The same words, and the same answer, which is returned. Without `-c` the server's own file is meant.
        Several processes that end at once do so in any order."""
        words = line if line.startswith("-") else "-c DIR/supervisord.conf " + line

        right, answer = (pair.run(words, typed, until) for pair in self.pairs)
        if not in_order:
            right, answer = (replace(one, out="\n".join(sorted(one.out.splitlines()))) for one in (right, answer))
        with self.subTest(line, typed=typed):
            self.assertEqual(vars(right), vars(answer))
            if status is not None:
                self.assertEqual(right.status, status)
        return right.out


class EverydayTest(Story):
    def test_processes(self) -> None:
        self.assertIn("STOPPED   Not started", self.same("status", status=3))
        for line in (
            "status cat",
            "status web:*",
            "status web: cat both:a",
            "status all cat",
            "status nobody",
            "status nogroup:*",
            "status both:nobody cat",
            "status off",
            "pid",
            "pid all",
            "pid cat off",
            "pid nobody cat",
            "avail",
            "avail x",
            "version",
            "version x",
        ):
            self.same(line)
        self.same("start off", status=0)
        self.same("start off", status=0)  # already started
        self.same("start")
        self.same("start nobody nogroup:* cat")
        self.same("start off-missing", status=1)
        self.same("start off-plain", status=1)
        self.same("start off-quick", status=7)
        self.settle()
        self.same("status off-quick")
        self.same("stop both:*", status=0, in_order=False)
        self.same("stop both:* web:web_0 nobody nogroup:*", in_order=False)
        self.same("stop cat cat", status=0)  # not running the second time
        self.same("stop")
        self.same("pid cat", status=7)
        self.same("status both:*")
        self.same("start both:* web:web_0", status=0, in_order=False)
        self.same("restart cat web:*", in_order=False)
        self.same("restart off-quick nobody")
        self.settle()
        self.same("restart")

    def test_all_at_once(self) -> None:
        self.same("stop all", in_order=False)
        self.same("stop all", in_order=False)
        self.same("status", status=3)
        self.same("restart cat talk")
        self.same("clear all", in_order=False)

    def test_signals(self) -> None:
        self.same("signal")
        self.same("signal HUP")
        self.same("signal CONT cat web:* both:a", in_order=False, status=0)
        self.same("signal 18 cat")
        self.same("signal NONSENSE cat web:*", in_order=False, status=1)
        self.same("signal CONT nobody nogroup:*", status=1)
        self.same("signal CONT off", status=7)
        self.same("signal CONT all", in_order=False)
        self.same("signal USR9 all")

    def test_logs(self) -> None:
        for line in (
            "tail talk",
            "tail talk stderr",
            "tail talk STDERR",
            "tail talk stdin",
            "tail -5 talk",
            "tail -5 talk stderr",
            "tail -+6 talk",
            "tail -1_0 talk",
            "tail -0 talk",
            "tail --3 talk stderr",
            "tail -x talk",
            "tail -5",
            "tail",
            "tail a b c d",
            "tail nobody",
            "tail both:nobody",
            "tail off-silent",
            "tail off-silent stderr",
            "tail web:*",
            "maintail -x",
            "maintail 5",
            "maintail 5 6",
            "clear talk",
            "clear talk nobody",
            "clear",
            "clear web:*",
            "clear off",
        ):
            self.same(line)
        self.assertEqual(self.same("maintail -1"), "\n\n")  # the last byte, and a line end
        # A log tells the time, so that only one and the same can be compared.
        pairs = [Pair(one.client, self.pairs[0].server) for one in self.pairs]
        for line in ("maintail", "maintail -100", "maintail -1_0"):
            right, answer = (pair.run(f"-c DIR/supervisord.conf {line}") for pair in pairs)
            self.assertEqual(vars(right), vars(answer))

    def test_logs_that_grow(self) -> None:
        self.assertEqual(self.same("tail -f talk", until="Boxkämpfer", status=0).count("zwölf"), 1)
        self.same("tail -f talk stderr", until="oops", status=0)
        self.same("tail -f nobody", status=0)
        self.same("tail -f off-silent stderr", status=0)

    def test_foreground(self) -> None:
        self.same("fg")
        self.same("fg cat talk")
        self.same("fg nobody")
        self.same("fg off")
        self.same("fg web:*")
        self.same("fg cat", typed="to and fro\n", until="to and fro", status=0)

    def test_help(self) -> None:
        self.same("help")
        self.same("help help")
        self.same("help EOF")
        self.same("help nonsense")
        self.same("help status start")
        self.same("?")
        self.same("'? tail'")
        for action in self.same("help").split("\n", 3)[3].split():
            self.same(f"help {action}", status=0)

    def test_what_is_no_command(self) -> None:
        for line in ("quit", "exit", "EOF", "nonsense", "no sense", "!ls", "shell ls", "status!", "Status", "''", "' '"):
            self.same(line)


class ChangedConfigTest(Story):
    def change(self, config: str) -> None:
        self.both(lambda pair: pair.server.write(config))

    def test_update(self) -> None:
        self.same("reread", status=0)
        self.same("update", status=0)
        self.same("reread x")
        self.same("add cat nobody", status=1)
        self.same("remove cat nobody", status=1)
        changed = self.CONFIG.replace("command=/bin/cat", "command=/bin/cat -").replace("[program:off]", "[program:offish]")
        self.change(changed)
        self.same("reread", status=0)
        self.same("avail")
        self.same("update nobody", status=1)
        self.same("update cat", status=0)
        self.same("add offish", status=0)
        self.same("remove off", status=0)
        self.same("update all", status=0)
        self.same("status")
        self.change(self.CONFIG)
        self.same("update off", status=0)
        self.same("update")
        self.same("status")

    def test_a_config_that_is_wrong(self) -> None:
        self.change(self.CONFIG + "[program:it's]\ncommand=/bin/cat\nnumprocs=many\n")
        self.same("reread", status=1)
        self.same("update", status=1)


class ShellTest(Story):
    def test_lines_from_elsewhere(self) -> None:
        self.same("", typed="")
        self.same("", typed="\n  \nstatus cat\nnonsense\nhelp\nstop cat\nquit\nstatus\n", status=0)
        self.same("", typed="version\nEOF\n")
        self.same("", typed="exit")
        self.same("-c DIR/supervisord.conf -i status cat")
        self.same("", typed="open unix://DIR/nowhere.sock\nopen ftp://x\nopen unix://DIR/s.sock\n")
        self.same("open unix://DIR/nowhere.sock")

    def test_questions(self) -> None:
        self.same("", typed="shutdown\nn\nreload\n\nstatus cat\nshutdown\n")
        self.same("-c DIR/supervisord.conf -i shutdown", typed="no\n")
        self.same("-c DIR/supervisord.conf -i shutdown", typed="")
        self.same("", typed="shutdown\nYes\n", status=0)


class EndTest(Story):
    def test_shutdown(self) -> None:
        self.same("shutdown x")
        self.same("reload x")
        self.same("shutdown", status=0)
        self.both(lambda pair: pair.server.end())
        for line in ("status", "shutdown", "reload", "stop cat", "tail -f cat", "avail", "add cat", "pid"):
            self.same("-s unix://DIR/s.sock " + line)

    def test_reload(self) -> None:
        self.same("reload", status=0)


class CommandLineTest(Story):
    def test_options(self) -> None:
        self.both(lambda pair: (pair.server.directory / "empty.conf").write_text(""))
        self.both(lambda pair: (pair.server.directory / "bad.conf").write_text("[supervisorctl]\nserverurl=%(nope\n"))
        for line in (
            "-h",
            "-?",
            "--help",
            "-x",
            "--nonsense",
            "--h",
            "--h=1",
            "--help=1",
            "-s",
            "--serverurl",
            "--conf",
            "-s bad status",
            "-s it\\'s status",
            "-s http:// status",
            "-s foo: status",
            "-s foo:x status",
            "-s unix:relative status",
            "-s http://localhost:1 -s http://localhost:2 status",
            "-i -i status",
            "--serverurl=unix://DIR/s.sock --int status cat",
            "-sunix://DIR/s.sock -iu me -p you version",
            "-s unix://DIR/s.sock -- version",
            "-c DIR/nowhere.conf status",
            "-c DIR/empty.conf status",
            "-c DIR status",
            "-c DIR/supervisord.conf version",
            "--configuration DIR/supervisord.conf version",
            "-s unix://DIR/nowhere.sock status",
            "-s unix://DIR/nowhere.sock stop all",
            "-s unix://DIR/nowhere/at/all.sock status",
            "-s unix://DIR/supervisord.conf status",
            "-s unix://DIR/supervisord.conf/x status",
            "-s http://127.0.0.1:1 status",
            "-s http://127.0.0.1:1 shutdown",
            "-s http://127.0.0.1:1 reload",
            "-s http://127.0.0.1:nan status",
        ):
            self.same(line)

    def test_the_file_is_found(self) -> None:
        self.both(lambda pair: shutil.move(pair.server.config, pair.server.directory / "elsewhere.conf"))
        self.both(lambda pair: (pair.server.directory / "etc").mkdir())
        self.both(lambda pair: shutil.copy(pair.server.directory / "elsewhere.conf", pair.server.directory / "etc/supervisord.conf"))
        self.same("--interactive version", status=0)


class PasswordTest(Story):
    CONFIG = (
        HEAD.replace("prompt=shop", "username=me\npassword=s:cret")
        + "[inet_http_server]\nport=127.0.0.1:PORT\nusername=me\npassword=s:cret\n"
        + PROGRAMS
    )

    def test_who_asks(self) -> None:
        url = "-s http://127.0.0.1:PORT "
        self.same(url + "-c DIR/supervisord.conf status", status=3)
        self.same(url + "-c DIR/supervisord.conf tail -f talk", until="zwölf", status=0)
        self.both(lambda pair: (pair.server.directory / "none.conf").write_text("[supervisorctl]\n"))
        self.same(url + "-c DIR/none.conf status", status=1)
        self.same(url + "-c DIR/none.conf -u me status", status=1)
        self.same(url + "-c DIR/none.conf -u me -p wrong pid", status=1)
        self.same(url + "-c DIR/none.conf -u me -p s:cret pid", status=0)
        self.same(url.replace("127.0.0.1", "localhost") + "-c DIR/none.conf -u me -p s:cret version", status=0)
        self.same(url.strip() + "/ -c DIR/none.conf -u me -p s:cret version", status=0)


class NoInterfaceTest(Story):
    CONFIG = "\n".join(line for line in HEAD.splitlines() if "rpcinterface" not in line)
    HAS_METHODS = False

    def test_the_methods_lack(self) -> None:
        self.same("status")
        self.same("stop all", in_order=False, status=3)
        self.same("avail", status=1)


class Terminal:
    """foster's client with a terminal of its own."""

    def __init__(self, arguments: list[str], directory: Path):
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
                own = {"TERM": "xterm", "LANG": "C.UTF-8", "HOME": str(directory)}
                os.execve(arguments[0], arguments, kept | own)
            finally:
                os._exit(1)
        self._text = ""
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def expect(self, shown: str) -> None:
        """Reads until this is there, and forgets all up to it."""
        deadline = time.monotonic() + DEADLINE
        while shown not in self._text:
            ready, _, _ = select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"waited in vain for {shown!r}; there was {self._text!r}")
            piece = os.read(self._fd, 65536).decode(errors="replace")
            self._text += piece
            self.seen += piece
        self._text = self._text.split(shown, 1)[1]

    def end(self) -> int:
        deadline = time.monotonic() + DEADLINE
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                if not os.read(self._fd, 65536):
                    break
            else:
                os.kill(self._pid, signal.SIGKILL)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


class TerminalTest(Story):
    CONFIG = HEAD + "history_file=DIR/history\n" + PROGRAMS

    def open(self) -> Terminal:
        pair = self.pairs[1]
        return Terminal([pair.called, "-c", str(pair.server.config)], pair.server.directory)

    def test_lines_are_completed_and_recalled(self) -> None:
        shell = self.open()
        shell.expect("shop> ")
        shell.type("stat\t")
        shell.expect("us ")
        shell.type("ca\t")
        shell.expect("t ")
        shell.type("\r")
        shell.expect("RUNNING")
        shell.expect("shop> ")
        shell.type("pid both:\t")
        for name in ("both:a", "both:*", "both:b"):
            shell.expect(name)
        shell.type("a\r")
        shell.expect("shop> ")
        shell.type("\x1b[A\x1b[A\r")  # up, up
        shell.expect("RUNNING")
        shell.expect("shop> ")
        shell.type("exit\r")
        self.assertEqual(shell.end(), 0)
        again = self.open()
        again.expect("shop> ")
        again.type("\x1b[A\x1b[A\r")
        again.expect("RUNNING")
        again.expect("shop> ")
        again.type("\x03")
        self.assertEqual(again.end(), 0)

    def test_ctrl_c_ends_it_while_a_command_runs(self) -> None:
        shell = self.open()
        shell.expect("shop> ")
        shell.type("fg cat\r")
        shell.expect("Ctrl-C to exit")
        shell.type("hither\n")
        shell.expect("hither")  # as it is typed
        shell.expect("hither")  # as it comes back
        shell.type("\x03")
        shell.expect("Exiting foreground")
        shell.expect("shop> ")
        shell.type("half a line\x03")
        self.assertEqual(shell.end(), 0)


class NewPasswordTest(Story):
    CONFIG = HEAD + "[inet_http_server]\nport=127.0.0.1:PORT\nusername=me\npassword=s:cret\n" + PROGRAMS

    def test_a_shell_asks_who_it_is(self) -> None:
        pair = self.pairs[1]
        url = pair.server.fill("http://127.0.0.1:PORT")
        shell = Terminal([pair.called, "-c", str(pair.server.config), "-s", url], pair.server.directory)
        shell.expect("Server requires authentication")
        shell.expect("Username:")
        shell.type("me\r")
        shell.expect("Password:")
        shell.type("wrong\r")
        shell.expect("Username:")
        shell.type("me\r")
        shell.expect("Password:")
        shell.type("s:cret\r")
        shell.expect("Not started")
        shell.expect("shop> ")
        self.assertNotIn("cret", shell.seen)
        shell.type("\x04")
        self.assertEqual(shell.end(), 0)


def become_the_originals_python() -> None:
    """Supervisor's modules belong to one Python of this machine: the one that its program names."""
    program = shutil.which("supervisorctl")
    if program is None or shutil.which("supervisord") is None:
        print("Supervisor is not installed", file=sys.stderr)
        sys.exit(SKIPPED)
    first = Path(program).read_text(encoding="utf-8").split("\n", 1)[0]
    python = first.removeprefix("#!").split()[0]
    if Path(python).resolve() != Path(sys.executable).resolve():
        os.execv(python, [python, "-B", *sys.argv])


def main() -> None:
    become_the_originals_python()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foster", required=True, help="the binary")
    parser.add_argument("--client", choices=("foster", "original"), default="foster")
    parser.add_argument("--server", default="supervisord", help="what is started in the place of supervisord")
    parser.add_argument("--keep", action="store_true", help="keep the servers' directories")
    known, rest = parser.parse_known_args()
    SETTINGS.foster = str(Path(known.foster).resolve())
    SETTINGS.client = known.client
    SETTINGS.server = shlex.split(known.server)
    unittest.main(argv=[sys.argv[0], *rest], warnings="ignore")


if __name__ == "__main__":
    main()
