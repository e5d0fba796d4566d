#!/bin/sh
# Makes sure that Redis is there for the tests that need one, and prints the path of its server.
# AUTOCALL_REDIS names another one. Nothing is started here.
set -eu

server=${AUTOCALL_REDIS:-$(command -v redis-server || echo /usr/bin/redis-server)}
if [ -x "$server" ]; then
    echo "$server"
    exit 0
fi
if [ -n "${AUTOCALL_REDIS:-}" ]; then
    echo "AUTOCALL_REDIS=$server is not there" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "redis-server is missing: install it (Debian: apt-get install redis-server)," >&2
    echo "or name another one in AUTOCALL_REDIS" >&2
    exit 1
fi
echo "redis-server is missing: installing Debian's package ..." >&2
# The package would start a server on its usual port; RUNLEVEL=1 tells it not to.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -qq >&2
apt-get install -y -qq --no-install-recommends redis-server >&2
echo "$server"
