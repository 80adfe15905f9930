#!/bin/sh
# The pool serves; a killed worker comes back under its task id; a restart replaces all; a stop leaves nobody.
set -eu
program=$1
directory=$(mktemp -d)
log=$directory/log
trap 'rm -r "$directory"' EXIT
address=127.0.0.1:28018

# await COUNT PATTERN: until so many lines of the log are like that.
await() {
  tries=0
  until [ "$(grep -c "$2" "$log")" -ge "$1" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 1000 ]; then
      cat "$log" >&2
      exit 1
    fi
    sleep 0.02 # pace: of the questions
  done
}

: >"$log"
"$program" "$address" 2 2>"$log" &
pool=$!
await 2 'is ready$'
curl -s "http://$address/" | grep -q '^worker [01] is [0-9]*$'

first=$(sed -n 's/^worker 0 (pid \([0-9]*\)) started$/\1/p' "$log")
kill -KILL "$first"
await 1 "^worker 0 (pid $first) killed by SIGKILL, restarting"
await 3 'is ready$'

kill -HUP "$pool"
await 1 '^all workers are new$'
curl -s "http://$address/" | grep -q '^worker [01] is [0-9]*$'
kill -TTIN "$pool"
await 1 '^worker 2 (pid [0-9]*) is ready$'

code=0
"$program" "$address" 1 2>"$directory/error" || code=$?
[ "$code" = 1 ]
grep -qx "bind $address: Address already in use" "$directory/error"

kill "$pool"
wait "$pool"
for pid in $(sed -n 's/^worker [0-9]* (pid \([0-9]*\)) started$/\1/p' "$log"); do
  if kill -0 "$pid" 2>/dev/null; then exit 1; fi
done
