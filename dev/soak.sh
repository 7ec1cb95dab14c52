#!/usr/bin/env bash
# A mixed load through one Wayside for so many seconds (an hour unless told otherwise), then what grew.
# usage: dev/soak.sh [SECONDS]

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
exec "$VENV/bin/python" -m tests.soak "$@"
