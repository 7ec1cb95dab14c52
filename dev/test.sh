#!/usr/bin/env bash
# Gets what the tests need, then runs Rust's and Python's, all of them also after a failure, and says how many minutes each
# part took. Tests that start no whole process run two at a time, those that do in sequence.
# usage: dev/test.sh [--slowest] [PYTEST-ARGUMENT...]
#   --slowest   also say which tests took longest
#   with a path (tests/unit/..., with a slash) or a test among the arguments, only these run, in sequence, without Rust's

source "$(dirname "$0")/env.sh"
source "$ROOT/dev/parts.sh"

durations=(--durations=12 --durations-min=20)
arguments=(); chosen=
for word in "$@"; do
    if [ "$word" = --slowest ]; then durations=(--durations=40 --durations-min=1); continue; fi
    arguments+=("$word")
    # With a slash or colons, so that the word after -k or -m is none.
    if [[ $word == */* || $word == *::* ]] && [ -e "${word%%::*}" ]; then chosen=yes; fi
done

part build "$ROOT/dev/build.sh" development
find_cargo
part "parts that tests run against" "$VENV/bin/python" -m tests.provision

failed=(); ran=
run_pytest() { "$VENV/bin/python" -m pytest "${durations[@]}" "$@" ${arguments[@]+"${arguments[@]}"}; }

# pytest_part NAME PYTEST-ARGUMENT...: a part without a test (status 5) is no failure where arguments choose among tests.
pytest_part() {
    local name=$1 status=0; shift
    part "$name" run_pytest "$@" || status=$?
    if [ "$status" -eq 5 ] && [ ${#arguments[@]} -gt 0 ]; then return; fi
    if [ "$status" -eq 0 ]; then ran=yes; else failed+=("$name"); fi
}

if [ -n "$chosen" ]; then
    pytest_part "tests that were named"
else
    part "cargo test" cargo test --quiet ${CI:+--locked} --workspace --manifest-path dataplane/Cargo.toml || failed+=("cargo test")
    part "fuzzing (make fuzz runs longer)" dev/fuzz.sh 7 || failed+=("fuzzing")
    in_process=(tests/unit tests/contract tests/property)
    pytest_part "unit, contract and property tests" -n 2 --dist loadfile "${in_process[@]}"
    # Whatever else there is, so that a new folder is never forgotten.
    pytest_part "tests of whole processes" "${in_process[@]/#/--ignore=}" tests
fi
[ -n "$ran" ] || die "no test ran."
if [ ${#failed[@]} -gt 0 ]; then die "failed: $(printf '%s; ' "${failed[@]}")"; fi
