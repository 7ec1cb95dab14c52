#!/usr/bin/env bash
# Leaves dist/wayside-VERSION.tar.gz, made of the tree, and dist/wayside-VERSION-py3-none-PLATFORM.whl, made of nothing
# but that archive and cargo's crates, without a network.
# With --suite, runs the Python tests in a new environment that holds the wheel and what the tests need, from a folder
# that has no source of the packages.
# usage: dev/wheel.sh [--suite [PYTEST-ARGUMENT...]]

source "$(dirname "$0")/env.sh"
check_tools

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# copy_tree FOLDER PATHSPEC...: what git knows or would add. Neither what was built nor an old list of files comes along.
copy_tree() {
    local folder=$1; shift
    mkdir -p "$folder"
    git ls-files -z --cached --others --exclude-standard -- "$@" | tar --null --files-from=- --ignore-failed-read -c 2>/dev/null \
        | tar -x -C "$folder"
}

# Sets BUILDER to a Python that has the pinned build backend.
find_builder() {
    local lock=tests/provision/locks/wheel.txt
    local venv; venv=$ROOT/.venvs/wheel-$(sha256sum "$lock" | cut -c1-8)
    BUILDER=$venv/bin/python
    if [ -e "$venv/.complete" ]; then return; fi
    note "installing the build backend into ${venv#"$ROOT"/}"
    "$PYTHON" -m venv --clear "$venv"
    "$BUILDER" -m pip install --quiet --no-deps --requirement "$lock"
    touch "$venv/.complete"
}

# without_network COMMAND...: in a network of its own where this user may have one; else by telling the tools.
without_network() {
    local alone=(unshare --map-root-user --net)
    "${alone[@]}" true 2>/dev/null || { note "no network of its own could be had: tools are only told to be offline"; alone=(); }
    CARGO_NET_OFFLINE=true PIP_NO_INDEX=1 "${alone[@]}" "$@"
}

build() {
    note "sdist"
    copy_tree "$work/tree" .
    (cd "$work/tree" && "$BUILDER" -c 'import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])' "$work") >"$work/log" 2>&1 \
        || { cat "$work/log" >&2; die "the sdist could not be made"; }
    mkdir "$work/source"
    tar -x --strip-components=1 -C "$work/source" -f "$work"/wayside-*.tar.gz

    note "wheel, from the sdist alone and without a network"
    # cargo tells sources by their place in the workspace and their age, so what the tree has compiled already is the
    # program of the wheel; a source that the sdist lacks is missed all the same.
    export CARGO_TARGET_DIR=$ROOT/target
    cargo fetch --quiet --locked --manifest-path dataplane/Cargo.toml --target "$(rustc -vV | sed -n 's/^host: //p')"
    (cd "$work/source" && without_network nice "$BUILDER" -m pip wheel --no-build-isolation --no-deps --wheel-dir "$work" .) >"$work/log" 2>&1 \
        || { cat "$work/log" >&2; die "the wheel could not be built"; }
    mkdir -p dist
    rm -f dist/wayside-*
    mv "$work"/wayside-*.tar.gz "$work"/wayside-*.whl dist/
    ls -l dist/wayside-* >&2
}

# Each part that the tests know is linked, not copied: .venvs holds gigabytes.
suite() {
    note "an environment with the wheel and what the tests need"
    "$PYTHON" -m venv "$work/env"
    "$work/env/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
    local wheel; wheel=$(echo dist/wayside-*.whl)
    "$work/env/bin/python" -m pip install --quiet "$wheel[demo,rules]" --group dev
    copy_tree "$work/suite" . ':!sidecar' ':!exporters' ':!alerts'
    mkdir -p .venvs
    ln -sfn "$ROOT/.venvs" "$work/suite/.venvs"
    note "pytest, from the wheel"
    # test_wheel.py builds from the sources, which are not there.
    (cd "$work/suite" && unset PYTHONPATH && "$work/env/bin/python" -m pytest --ignore=tests/e2e/test_wheel.py "$@")
}

find_builder
build
if [ "${1:-}" = --suite ]; then shift; suite "$@"; fi
