#!/bin/sh
# The lock is held until the input ends, and let go of: a second holder finds nothing in its way.
set -eu
program=$1
file=$(mktemp -u)

for round in 1 2; do
  "$program" "$file" </dev/null | grep -qx held
  [ ! -e "$file" ]
done
