#!/usr/bin/env bash
# Every check that needs no running program. All of them run, also after a failure; the exit status is 1 if any failed.
# usage: dev/lint.sh [--fix]

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
find_cargo
bin=$VENV/bin

if [ "${1:-}" = --fix ]; then
    cargo fmt --all --manifest-path dataplane/Cargo.toml
    "$bin/ruff" check --quiet --fix . || true
    "$bin/ruff" format --quiet .
    exit
fi

failed=()
check() { local name=$1; shift; note "$name"; "$@" || failed+=("$name"); }

check rustfmt cargo fmt --all --check --manifest-path dataplane/Cargo.toml
check clippy cargo clippy --quiet ${CI:+--locked} --workspace --all-targets --manifest-path dataplane/Cargo.toml -- -D warnings
check "ruff check" "$bin/ruff" check --quiet .
check "ruff format" "$bin/ruff" format --quiet --check .
check "mypy --strict" "$bin/mypy"
check "import contract" "$bin/python" -m dev.import_contract
check "generated code" dev/gen.sh --check
if [ ${#failed[@]} -gt 0 ]; then die "failed: $(IFS=,; echo "${failed[*]}" | sed 's/,/, /g')"; fi
