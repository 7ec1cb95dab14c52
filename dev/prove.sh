#!/usr/bin/env bash
# The long proofs: each claim that takes minutes or hours to show, under a word of its own.
# usage: dev/prove.sh [--list | WORD... | WORD ARGUMENT...]

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
exec "$VENV/bin/python" -m tests.prove "$@"
