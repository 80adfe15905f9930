#!/bin/sh
# The program is in a session of its own without leading it, is no child of its starter, and writes where it was told to.
set -eu
program=$1
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT

pid=$("$program" "$directory/log" sh -c 'read _ _ _ parent _ session _ </proc/self/stat; echo "$$ $parent $session"')
until [ -s "$directory/log" ]; do :; done
read -r own parent session <"$directory/log"
[ "$own" = "$pid" ]
[ "$session" != "$pid" ]
[ "$session" != "$(ps -o sid= -p $$ | tr -d ' ')" ]
[ "$parent" != $$ ]
