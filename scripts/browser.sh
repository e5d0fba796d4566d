#!/bin/sh
# Makes sure that Chromium is there for the browser tests and prints its path.
# AUTOCALL_CHROMIUM names another one.
set -eu

browser=${AUTOCALL_CHROMIUM:-/usr/bin/chromium}
if [ -x "$browser" ]; then
    echo "$browser"
    exit 0
fi
if [ -n "${AUTOCALL_CHROMIUM:-}" ]; then
    echo "AUTOCALL_CHROMIUM=$browser is not there" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "Chromium is missing at $browser: install it (Debian: apt-get install chromium)," >&2
    echo "or name another one in AUTOCALL_CHROMIUM" >&2
    exit 1
fi
echo "Chromium is missing: installing Debian's package ..." >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
apt-get install -y -qq --no-install-recommends chromium fonts-noto-core fonts-dejavu-core >&2
echo "$browser"
