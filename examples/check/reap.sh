#!/bin/sh
# The child's end is told, those of two orphans after it, and nobody is left.
set -eu
program=$1

output=$("$program" 'exec 3<&1; (exec >/dev/null; exec sleep 0.2) & (setsid sleep 0.4 >/dev/null &); exit 3')
[ "$(echo "$output" | grep -c '^child [0-9]* exited with code 3$')" = 1 ]
[ "$(echo "$output" | grep -c '^orphan [0-9]* exited with code 0$')" -ge 2 ]
[ "$(echo "$output" | grep -c '^child')" = 1 ]
