#!/bin/sh
# A zombie and who owes the wait are named, the test itself has a kind, and what is no process is refused.
set -eu
program=$1
said=$(mktemp)
# The program that the shell becomes knows nothing of its child; the child ends after that, or the shell would reap it.
sh -c '(until read -r name <"/proc/$$/comm" && [ "$name" = sleep ]; do :; done; exec sleep 0) & echo $!
exec sleep 30' >"$said" &
parent=$!
trap 'kill "$parent"; rm "$said"' EXIT
until [ -s "$said" ]; do :; done
zombie=$(cat "$said")
until "$program" "$zombie" | grep -q " zombie sleep: .* sleep ($parent) has not waited"; do :; done

"$program" $$ | grep -Eq "^$$ (foreground|background|daemon|orphan) "
"$program" 1 | grep -q '^1 init '
"$program" | grep -q '^zombie '
! "$program" none 2>/dev/null
