#!/bin/sh
# The launcher learns pid and address of its daemon, which answers there; a second one is refused with the reason.
set -eu
program=$1
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
pidfile=$directory/pid

said=$("$program" "$pidfile")
pid=$(cat "$pidfile")
case $said in "process $pid listens on 127.0.0.1:"*) ;; *) echo "$said"; exit 1 ;; esac
if command -v python3 >/dev/null; then
  python3 -c "import socket; assert socket.create_connection(('127.0.0.1', ${said##*:})).recv(9) == b'hello\n'"
fi
code=0
"$program" "$pidfile" 2>"$directory/error" || code=$?
kill "$pid"
while [ -e "$pidfile" ]; do :; done
[ "$code" = 1 ]
grep -q "is held by process $pid" "$directory/error"
