#!/bin/sh
# A filter is fed and told apart from one that is not there; its own exit code comes through.
set -eu
program=$1

output=$("$program" sort -r)
[ "$(echo "$output" | head -n 3 | tr '\n' ' ')" = "cedar birch alder " ]
echo "$output" | grep -q '^exited with code 0, [0-9]* us of CPU$'

code=0
"$program" sh -c 'cat >/dev/null; exit 5' >/dev/null || code=$?
[ "$code" = 5 ]

code=0
error=$("$program" /no/such/program 2>&1) || code=$?
[ "$code" = 127 ]
[ "$error" = "find program /no/such/program: No such file or directory" ]
