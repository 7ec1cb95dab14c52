#!/usr/bin/env bash
# Gets what the tests need, then runs Rust's and Python's. The last line is pytest's own summary.
# usage: dev/test.sh [PYTEST-ARGUMENT...]

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
find_cargo

note "parts that tests run against"
"$VENV/bin/python" -m tests.provision

# No failure hides another's result.
rust=0
note "cargo test"
cargo test --quiet ${CI:+--locked} --workspace --manifest-path dataplane/Cargo.toml || rust=$?
if [ "$rust" -ne 0 ]; then note "cargo test FAILED (exit status $rust); pytest follows"; fi

note "fuzzing (make fuzz runs longer)"
fuzz=0
dev/fuzz.sh 7 || fuzz=$?

note "pytest"
python=0
"$VENV/bin/python" -m pytest --durations=12 --durations-min=20 "$@" || python=$?
for failure in $rust $fuzz $python; do [ "$failure" -eq 0 ] || exit "$failure"; done
