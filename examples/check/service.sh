#!/bin/sh
# Every action once, with the exit codes that init scripts rely on.
set -u
program=$1
directory=$(mktemp -d)
trap '"$program" "$directory" stop >/dev/null; rm -r "$directory"' EXIT

# expect CODE ACTION…: performs the action and compares.
expect() {
  wanted=$1
  shift
  said=$("$program" "$directory" "$@" 2>&1)
  code=$?
  [ "$code" = "$wanted" ] || { echo "$*: exit code $code, not $wanted: $said"; exit 1; }
}

expect 3 status
expect 0 stop
expect 7 reload
expect 0 try-restart
expect 3 status
expect 0 start
pid=$(cat "$directory/ticker.pid")
case $said in "ticker: started as process $pid") ;; *) echo "$said"; exit 1 ;; esac
expect 0 status
expect 0 start
expect 0 reload
expect 0 restart
[ "$(cat "$directory/ticker.pid")" != "$pid" ] || exit 1
expect 0 condrestart
expect 0 stop
expect 3 status
[ ! -e "$directory/ticker.pid" ] || exit 1
expect 2 bogus
rm "$directory/ticks"
mkdir "$directory/ticks"
expect 6 start
case $said in "ticker: open ticks: Is a directory") ;; *) echo "$said"; exit 1 ;; esac
