#!/bin/sh
# debian.sh VARIABLE PROGRAM [PACKAGE ...]: prints the path of a program of Debian's, and installs it where it is missing.
# The environment variable, such as AUTOCALL_CHROMIUM, names another program. Nothing is started here.
set -eu

variable=$1 program=$2
shift 2
eval "named=\${$variable:-}"
found=${named:-$(command -v "$program" || echo "/usr/bin/$program")}
if [ ! -x "$found" ]; then
    if [ -n "$named" ]; then
        echo "$variable=$named is not there" >&2
        exit 1
    fi
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "$program is missing: install it (Debian: apt-get install $program), or name another one in $variable" >&2
        exit 1
    fi
    echo "$program is missing: installing Debian's package ..." >&2
    # A package may start a server on its usual port; RUNLEVEL=1 tells it not to.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -qq >&2
    apt-get install -y -qq --no-install-recommends "$program" "$@" >&2
fi
echo "$found"
