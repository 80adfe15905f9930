#!/bin/sh
# The program leads a session of its own, is no child of its starter, and writes where it was told to.
set -eu
program=$1
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT

pid=$("$program" "$directory/log" sh -c 'read _ _ _ parent _ session _ </proc/self/stat; echo "$$ $parent $session"')
until [ -s "$directory/log" ]; do :; done
read -r own parent session <"$directory/log"
[ "$own" = "$pid" ]
[ "$session" = "$pid" ]
[ "$parent" != $$ ]
