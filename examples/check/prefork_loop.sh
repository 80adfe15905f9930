#!/bin/sh
# What is read from standard input is done while the pool lives, and its end is the pool's.
set -eu
program=$1
output=$(printf 'list\nscale 3\nlist\nrestart\nlist\n' | "$program")
[ "$(printf '%s\n' "$output" | grep -c '^task 0 is ')" -ge 3 ]
[ "$(printf '%s\n' "$output" | grep -c '^task 1 is ')" -ge 3 ]
printf '%s\n' "$output" | grep -q '^task 2 is '
[ "$(printf '%s\n' "$output" | grep '^task 0 is ' | sort -u | wc -l)" = 2 ]
