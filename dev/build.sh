#!/usr/bin/env bash
# Leaves .venv/bin/wayside and .venv/bin/wayside-tap. Does next to nothing when nothing has changed.
# usage: dev/build.sh [use|development]

source "$(dirname "$0")/env.sh"
source "$ROOT/dev/venv.sh"
check_tools

# cargo first: its progress is shown here, and pip's own build below then finds everything compiled.
tty=(); [ -t 2 ] || tty=(--quiet)
[ -x target/release/wayside-tap ] || { note "compiling wayside-tap (the first time takes a minute or two)"; tty=(); }
cargo build --release ${CI:+--locked} "${tty[@]}" --manifest-path dataplane/tap/Cargo.toml --bin wayside-tap

case ${1:-use} in
    use) install_for_use ;;
    development) install_for_development ;;
    *) die "unknown purpose $1" ;;
esac

# A link, not the copy that pip made: the next `cargo build` is the next binary.
ln -sfn ../../target/release/wayside-tap "$VENV/bin/wayside-tap"
