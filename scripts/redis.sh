#!/bin/sh
# Makes sure that Redis is there and prints the path of its server.
exec sh "$(dirname "$0")/debian.sh" AUTOCALL_REDIS redis-server
