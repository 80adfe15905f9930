#!/usr/bin/env python3
"""Log files of the original beside foster's: of one supervisord.conf the same files, with the same bytes and modes.

    logs_test.py --foster FOSTER [unittest's own arguments]

Programs write, end, and are not started again; then the files are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from servers import DEADLINE, Server, wait_until  # noqa: E402

SKIPPED = 77

HEAD = """
[unix_http_server]
file=DIR/s.sock
[supervisord]
logfile=DIR/main.txt
pidfile=DIR/supervisord.pid
childlogdir=DIR/auto
strip_ansi=STRIP
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

KEYS = "startsecs=0\nautorestart=false\n"


def program(name: str, script: str, keys: str) -> str:
    """A [program:NAME] with what a shell does. Its own words may hold no percent sign and no quote."""
    return f"[program:{name}]\ncommand=/bin/sh -c '{script}'\n{KEYS}{keys}\n"


def files_of(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each log."""
    return {
        path.name: (path.stat().st_mode & 0o777, path.read_bytes())
        for path in sorted((directory / "out").iterdir())
        if path.is_file()
    }


class Original:
    """What supervisord makes of a configuration."""

    def __init__(self, config: str):
        self._server = Server(["supervisord"], config)
        self.directory = self._server.directory
        self.close = self._server.close

    def run(self) -> None:
        self._server.start()
        self._server.wait_until_there()
        wait_until(self._has_ended, "for the programs to end")

    def _has_ended(self) -> bool:
        with self._server.proxy() as proxy:
            infos = proxy.supervisor.getAllProcessInfo()
        return all(info["statename"] == "EXITED" for info in infos)


class Foster:
    """What foster makes of it."""

    def __init__(self, binary: str, config: str):
        self.directory = Path(tempfile.mkdtemp(prefix="fc-", dir="/tmp"))
        self._binary = binary
        (self.directory / "supervisord.conf").write_text(config.replace("DIR", str(self.directory)))
        self._environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "FOSTER_NAME": "compat",
            **{f"FOSTER_{what}_DIR": str(self.directory / what.lower()) for what in ("RUNTIME", "STATE", "LOG")},
        }

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._binary, *words],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def run(self) -> None:
        up = self._ask("up", "-d", "--name", "compat", "supervisord.conf")
        if up.returncode not in (0, 1):
            raise AssertionError(up.stderr)
        wait_until(self._has_ended, "for the programs to end")

    def _has_ended(self) -> bool:
        rows = json.loads(self._ask("ps", "--json").stdout)["services"]
        return bool(rows) and all(row["state"] == "exited" for row in rows)

    def close(self) -> None:
        self._ask("down")
        shutil.rmtree(self.directory, ignore_errors=True)


class LogFilesTest(unittest.TestCase):
    foster = ""

    def setUp(self) -> None:
        self._umask = os.umask(0o022)
        self.addCleanup(os.umask, self._umask)

    def files(self, programs: str, strip: str = "false", before: dict[str, str] | None = None) -> dict:
        """The logs of both, which must be the same."""
        config = HEAD.replace("STRIP", strip) + programs
        found = []
        for side in (Original(config), Foster(self.foster, config)):
            self.addCleanup(side.close)
            for name in ("out", "auto"):
                (side.directory / name).mkdir()
            for name, text in (before or {}).items():
                (side.directory / "out" / name).write_text(text)
            side.run()
            found.append(files_of(side.directory))
        self.assertEqual(found[1], found[0])
        return found[0]

    def test_each_stream_in_its_file(self) -> None:
        files = self.files(
            program("web", "seq 1 100; seq 1 50 >&2", "stdout_logfile=DIR/out/web.log\nstderr_logfile=DIR/out/web.err")
        )
        self.assertEqual(len(files["web.err"][1].splitlines()), 50)

    def test_one_file_for_both(self) -> None:
        self.files(program("web", "echo 1; echo 2 >&2; echo 3", "redirect_stderr=true\nstdout_logfile=DIR/out/web.log"))

    def test_none(self) -> None:
        files = self.files(
            program("a", "echo out; echo err >&2", "stdout_logfile=NONE\nstderr_logfile=DIR/out/a.err")
            + program("b", "echo out; echo err >&2", "stdout_logfile=DIR/out/b.log\nstderr_logfile=OFF")
        )
        self.assertEqual(sorted(files), ["a.err", "b.log"])

    def test_what_is_there_stays(self) -> None:
        files = self.files(
            program("web", "echo new", "stdout_logfile=DIR/out/web.log"), before={"web.log": "without an end"}
        )
        self.assertEqual(files["web.log"][1], b"without an endnew\n")

    def test_files_of_many_processes(self) -> None:
        keys = "numprocs=3\nprocess_name=w_%(process_num)d\nstdout_logfile=DIR/out/%(process_num)02d-%%%%i-%%%%.log"
        files = self.files(program("web", "echo hello", keys))
        self.assertEqual(sorted(files), ["00-%i-%.log", "01-%i-%.log", "02-%i-%.log"])

    def test_rotation(self) -> None:
        # One write a line, each seen by itself: then the files are cut alike.
        script = "for i in $(seq 1 23); do printf \"%%0199d\\n\" $i; sleep 0.05; done"
        keys = "stdout_logfile=DIR/out/web.log\nstdout_logfile_maxbytes=KEEP\nstdout_logfile_backups=3"
        files = self.files(program("web", script, keys.replace("KEEP", "1000")))
        self.assertEqual(sorted(files), ["web.log", "web.log.1", "web.log.2", "web.log.3"])

    def test_escapes_are_stripped(self) -> None:
        script = 'printf "a\\033[1;31mred\\033[0m \\033[2Kb\\n"'
        files = self.files(program("web", script, "stdout_logfile=DIR/out/web.log"), strip="true")
        self.assertEqual(files["web.log"][1], b"ared b\n")
        files = self.files(program("web", script, "stdout_logfile=DIR/out/web.log"))
        self.assertIn(b"\033[1;31m", files["web.log"][1])

    def test_a_symlink_is_followed(self) -> None:
        config = HEAD.replace("STRIP", "no") + program("web", "echo hello", "stdout_logfile=DIR/out/link.log")
        for side in (Original(config), Foster(self.foster, config)):
            self.addCleanup(side.close)
            for name in ("out", "auto"):
                (side.directory / name).mkdir()
            (side.directory / "out/link.log").symlink_to("real.log")
            side.run()
            self.assertEqual((side.directory / "out/real.log").read_text(), "hello\n")
            self.assertTrue((side.directory / "out/link.log").is_symlink())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foster", required=True, help="the binary")
    parser.add_argument("--keep", action="store_true", help="keep the servers' directories")
    known, rest = parser.parse_known_args()
    if shutil.which("supervisord") is None:
        print("supervisord is not installed")
        sys.exit(SKIPPED)
    LogFilesTest.foster = str(Path(known.foster).resolve())
    unittest.main(argv=[sys.argv[0], *rest], warnings="ignore")


if __name__ == "__main__":
    main()
