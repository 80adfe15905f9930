#!/bin/sh
# Tells an s6-style descriptor once, ends in order, and works as well when nobody listens.
set -eu
program=$1
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
mkfifo "$directory/ready"

READY_FD=7 "$program" 7>"$directory/ready" &
pid=$!
# The newline, and then the end: nobody else has the descriptor open.
[ "$(wc -c <"$directory/ready")" = 1 ]
kill "$pid"
wait "$pid"

unset NOTIFY_SOCKET
command -v python3 >/dev/null || exit 0
python3 - "$program" <<'PY'
import os, signal, socket, subprocess, sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = f"foster-example-{os.getpid()}"
listener.bind("\0" + name)
listener.settimeout(30)
environment = dict(os.environ, NOTIFY_SOCKET="@" + name, WATCHDOG_USEC="20000")
service = subprocess.Popen([sys.argv[1]], env=environment)

def hear(wanted):
    while True:
        words = listener.recv(4096).decode()
        if words != "WATCHDOG=1":
            assert words.startswith(wanted), words
            return

hear("READY=1\nSTATUS=serving")
assert listener.recv(4096) == b"WATCHDOG=1"
service.send_signal(signal.SIGHUP)
hear("RELOADING=1\nMONOTONIC_USEC=")
hear("READY=1\nSTATUS=serving, with")
service.send_signal(signal.SIGTERM)
hear("STOPPING=1")
assert service.wait() == 0
PY
