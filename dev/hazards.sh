#!/usr/bin/env bash
# Plays every attack in the table of docs/how-it-works.md and says what it costs, reading beside relaying only.
# usage: dev/hazards.sh [ROW...]

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
exec "$VENV/bin/python" -m tests.hazards "$@"
