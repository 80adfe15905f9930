#!/bin/sh
# The daemon comes up and goes down again; a launcher passes on why one does not.
set -eu
program=$1
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
pidfile=$directory/pid

"$program" 28017 "$pidfile"
pid=$(cat "$pidfile")
code=0
"$program" 28017 "$directory/second" 2>"$directory/error" || code=$?
kill "$pid"
while [ -e "$pidfile" ]; do :; done
[ "$code" = 3 ]
grep -q '^bind 127.0.0.1:28017: ' "$directory/error"
