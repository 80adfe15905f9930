#!/usr/bin/env bash
# Every check of the model: the sound one in several small worlds, and each way to break it. Prints a table; fails when
# a sound world breaks a property, or a broken rule goes unnoticed. Looking for how to run it? ./dev model
#
# usage: check.sh DIRECTORY [PATTERN]      only the rows whose names contain PATTERN; all is built in DIRECTORY
set -euo pipefail

here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
mkdir -p "${1:?usage: check.sh DIRECTORY [PATTERN]}"
directory="$(readlink -f "$1")"
pattern="${2:-}"
readonly here directory pattern
readonly seconds=300 megabytes=1000 depth=100000

# name | expected: sound, or the property that is broken | the world and the broken rule
readonly rows=(
  "supervisor killed thrice|sound|SUPERVISOR_KILLS=3"
  "more runs, more kills|sound|SUPERVISOR_KILLS=2 REAPER_KILLS=1 EXITS=2"
  "reaper killed twice|sound|SUPERVISOR_KILLS=1 REAPER_KILLS=2"
  "strangers take numbers|sound|SUPERVISOR_KILLS=1 REAPER_KILLS=1 STRANGERS=1 RESTARTS=1"
  "children that cannot exec|sound|REAPER_KILLS=1 EXITS=2 FAILURES=1"
  "two slots, few numbers|sound|SLOTS=2 REAPER_KILLS=1"
  "two slots, a longer channel|sound|SLOTS=2 NUMBERS=3 ROOM=2"
  "pid recorded after exec|one_live_run|PID_AFTER_EXEC"
  "the same, as a lost exit|no_exit_lost|PID_AFTER_EXEC"
  "claimed without a ticket|one_live_run|NO_TICKET"
  "open ticket not revoked|one_live_run|NO_REVOKE"
  "stored after the deed|one_live_run|STORE_AFTER_ACT"
  "taken before applied|comes_up|TAKE_BEFORE_APPLY"
  "never taken|cycle|NEVER_TAKE"
  "dead main process kept|exit_once|DEAD_MAIN_KEPT"
  "supervisor not kept alive|ends|NOT_KEPT_ALIVE"
  "released before sent|status_known|RELEASE_BEFORE_SEND"
  "sequence not stored|no_false_exit|NO_SEQUENCE"
  "sequence stored last|no_false_exit|SEQUENCE_LATE"
  "adopted by bare pid|no_stranger|BARE_ADOPTION REAPER_KILLS=1 STRANGERS=1"
  "claim not cleared|no_false_exit|CLAIM_STAYS"
  "claimed pid not proved|no_stranger|CLAIM_UNPROVED REAPER_KILLS=1 STRANGERS=1"
  "main pid by identity alone|comes_up|MAIN_BY_IDENTITY_ALONE SUPERVISOR_KILLS=2"
  "to be told, by number|comes_up|TOLD_BY_NUMBER REAPER_KILLS=1 STRANGERS=1"
  "expectation outlives exit|comes_up|EXPECTATION_STAYS REAPER_KILLS=1"
  "numbers do not rest|no_false_exit|NUMBERS_DO_NOT_REST"
)

# explore DIRECTORY EXPECTED OPTION…: what was broken, how many states were seen, how long it took. Whatever is to be
# shown sound is searched for cycles too; what is to be broken is broken in as few steps as can be.
explore() {
  local work="$1" expected="$2" found
  local -a options=("${@:3}") how=(-DNP -DNOSTUTTER) search=(-l)
  if [[ "$expected" != sound && "$expected" != cycle ]]; then
    options+=("-DWATCH=$expected")
    how=(-DSAFETY -DBFS)
    search=()
  fi
  mkdir -p "$work"
  cd "$work"
  rm -f ./*.trail trail.txt
  cp "$here"/*.pml .
  printf '%s\n' "${options[*]}" >options
  if ! spin -a "${options[@]}" supervision.pml >spin.txt 2>&1 ||
    ! cc -O1 -w -DCOLLAPSE "-DMEMLIM=$megabytes" "${how[@]}" -o pan pan.c >cc.txt 2>&1; then
    echo unbuilt
    return
  fi
  TIMEFORMAT=%R
  { time timeout "$seconds" ./pan "${search[@]}" -E "-m$depth" >pan.txt 2>&1; } 2>time.txt || true
  found="$(sed -n 's/^pan:.*assertion violated \([a-z_]*\).*/\1/p' pan.txt | head -n 1)"
  if grep -q '^pan:.*non-progress cycle' pan.txt; then found=cycle; fi
  if [[ -z "$found" ]]; then
    found=nothing
    # A search that was cut short has shown nothing at all.
    if ! grep -q 'errors: 0' pan.txt || grep -qE 'Search not completed|search depth too small' pan.txt; then
      found=unfinished
    fi
  fi
  if compgen -G '*.trail' >/dev/null; then spin -t -p -g "${options[@]}" supervision.pml >trail.txt 2>&1 || true; fi
  printf '%s %s %s\n' "$found" "$(awk '/states, stored/ { print $1; exit }' pan.txt)" "$(cat time.txt)"
}

check() {
  local name expected options found states time verdict=ok
  IFS='|' read -r name expected options <<<"$1"
  # shellcheck disable=SC2046,SC2086  # options are words
  read -r found states time < <(explore "$directory/${name//[^a-z]/-}" "$expected" $(printf -- '-D%s ' $options))
  if [[ "$expected" == sound ]]; then
    [[ "$found" == nothing ]] || verdict=FAILED
  else
    [[ "$found" == "$expected" ]] || verdict=FAILED
  fi
  printf '%-28s %-14s %-14s %9s %7s  %s\n' "$name" "$expected" "$found" "${states:-}" "${time:-}" "$verdict"
}

export -f explore check
export directory here seconds megabytes depth

printf '%-28s %-14s %-14s %9s %7s\n' "what" "expected" "found" "states" "seconds"
chosen=()
for row in "${rows[@]}"; do
  if [[ "${row%%|*}" == *"$pattern"* ]]; then chosen+=("$row"); fi
done
((${#chosen[@]})) || {
  printf 'no row is named like "%s"\n' "$pattern" >&2
  exit 1
}
# The table goes to whoever reads, and its last column is counted.
table="$directory/table.txt"
# shellcheck disable=SC2016  # the inner bash expands it
printf '%s\0' "${chosen[@]}" | xargs -0 -P "$(nproc)" -n 1 bash -euo pipefail -c 'check "$1"' check | tee "$table"
good="$(grep -c ' ok$' "$table" || true)"
if ((good != ${#chosen[@]})); then
  printf '%s of %s rows are as expected; what the others did is in %s, trail.txt leads there\n' "$good" \
    "${#chosen[@]}" "$directory" >&2
  exit 1
fi
