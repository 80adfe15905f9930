#!/bin/sh
# Installs the library alone from a build, moves it, and builds and runs two programs with nothing else of foster's:
# check_installed.sh BUILD LIBDIR CMAKE COMPILER
set -eu
build=$1 libdir=$2 cmake=$3 compiler=$4
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

[ -e "$build/libfoster.a" ] || { echo "skipped: this build has no libfoster.a"; exit 77; }
"$cmake" --install "$build" --component library --prefix "$work/first" >"$work/log" || { cat "$work/log"; exit 1; }
[ ! -e "$work/first/bin" ] || { echo "the component holds programs"; exit 1; }
# What was installed may be packed up and unpacked elsewhere.
mv "$work/first" "$work/prefix"

built=0
{
  "$cmake" -S "$here/project" -B "$work/project" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" &&
    "$cmake" --build "$work/project"
} >"$work/log" 2>&1 || built=$?
[ "$built" = 0 ] || { cat "$work/log"; exit 1; }
"$work/project/launches" "$work/launches.pid"

if ! command -v pkg-config >/dev/null; then
  echo "pkg-config is not installed: its half was not tried"
  exit 0
fi
PKG_CONFIG_PATH=$work/prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
# Unquoted: the answer is a list of words.
# shellcheck disable=SC2046
"$compiler" -std=c++23 -Wall -Wextra -Werror "$here/project/tells.cpp" $(pkg-config --cflags --libs foster) -o "$work/tells"
"$work/tells" "$(pkg-config --modversion foster)"
