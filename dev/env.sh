# Sourced by every script here: finds the tools a build needs and says what to do about those that are missing.
#
# Nothing outside the tree is changed. An empty environment (`env -i`, a bare CI runner) is enough: the usual homes of
# rustup and pyenv are looked at when PATH does not lead there.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv
RUST_TREE=$ROOT/.rust
CARGO_FLOOR=1.85
export LC_ALL=${LC_ALL:-C.UTF-8}
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
cd "$ROOT"

note() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$1" >&2; shift; for hint in "$@"; do printf '       %s\n' "$hint" >&2; done; exit 1; }

# version_at_least HAVE FLOOR: is HAVE at least FLOOR, numbers compared as numbers?
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

python_fits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

# Sets PYTHON to an interpreter that is new enough and can make virtual environments.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} "$VENV/bin/python" python3 python3.{14,13,12,11,10} "$HOME/.pyenv/shims/python3"; do
        if python_fits "$candidate"; then PYTHON=$candidate; return; fi
    done
    die "Python 3.10 or newer with the venv module was not found." \
        "Debian, Ubuntu: apt-get install python3 python3-venv      Fedora: dnf install python3" \
        "or name one: make build PYTHON=/path/to/python3"
}

cargo_fits() {
    local version
    version=$("$1" --version 2>/dev/null | cut -d' ' -f2) && version_at_least "${version%%-*}" "$CARGO_FLOOR"
}

# Puts a cargo that is new enough first on PATH: the user's own, or else one fetched into the tree.
find_cargo() {
    local candidate
    for candidate in "$(command -v cargo || true)" "${CARGO_HOME:-$HOME/.cargo}/bin/cargo"; do
        if [ -n "$candidate" ] && cargo_fits "$candidate"; then
            PATH=$(dirname "$candidate"):$PATH; export PATH; return
        fi
    done
    use_tree_rust
    if cargo_fits "$RUST_TREE/cargo/bin/cargo"; then return; fi
    fetch_rust
    cargo_fits "$RUST_TREE/cargo/bin/cargo" || die "the Rust toolchain that was fetched is not $CARGO_FLOOR or newer."
}

use_tree_rust() {
    export RUSTUP_HOME=$RUST_TREE/rustup CARGO_HOME=$RUST_TREE/cargo PATH=$RUST_TREE/cargo/bin:$PATH
}

# rustup's own installer, started by puccinialin from PyPI, into .rust/ and nowhere else.
fetch_rust() {
    note "cargo $CARGO_FLOOR or newer was not found: fetching Rust with rustup into .rust/ (about 600 MB on disk)"
    find_python
    if ! { [ -x "$RUST_TREE/fetch/bin/python" ] || "$PYTHON" -m venv "$RUST_TREE/fetch"; } >&2 \
        || ! "$RUST_TREE/fetch/bin/python" -m pip install --quiet --retries 1 "puccinialin>=0.1.10" >&2 \
        || ! "$RUST_TREE/fetch/bin/python" -m puccinialin --location "$RUST_TREE" --info-json "$RUST_TREE/env.json" >&2 \
        || ! "$RUST_TREE/cargo/bin/rustup" --quiet component add rustfmt clippy >&2; then
        die "Rust could not be fetched (no network, or the download was refused; the reason is above)." \
            "Get cargo $CARGO_FLOOR or newer in one of these ways, then run make again:" \
            "  rustup, on a machine with a network:  https://rustup.rs" \
            "  Debian 13, Ubuntu 25.10 and later:    apt-get install cargo rustc" \
            "  Fedora: dnf install cargo rustc       macOS: brew install rust" \
            "  offline: unpack a standalone installer from https://forge.rust-lang.org/infra/other-installation-methods.html" \
            "           and put its bin folder on PATH"
    fi
}

# The checks that come before everything else.
check_tools() {
    command -v git >/dev/null || die "git was not found." "Debian, Ubuntu: apt-get install git"
    command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null \
        || die "no C compiler was found; Rust needs one to link." "Debian, Ubuntu: apt-get install gcc libc6-dev"
    find_python
    find_cargo
}
