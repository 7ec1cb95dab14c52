#!/usr/bin/env bash
# Gets what the tests need, then runs Rust's and Python's. The last line is pytest's own summary.
# usage: dev/test.sh [PYTEST-ARGUMENT...]

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
find_cargo

note "parts that tests run against"
"$VENV/bin/python" -m tests.provision

# Rust's failure must not hide Python's result, and the other way round.
rust=0
note "cargo test"
cargo test --quiet ${CI:+--locked} --workspace --manifest-path dataplane/Cargo.toml || rust=$?
if [ "$rust" -ne 0 ]; then note "cargo test FAILED (exit status $rust); pytest follows"; fi

note "pytest"
python=0
"$VENV/bin/python" -m pytest "$@" || python=$?
exit $((rust > python ? rust : python))
