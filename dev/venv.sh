# Sourced after env.sh: the virtual environment .venv, kept in step with pyproject.toml.

# What decides whether .venv must be touched: the metadata, the packages at the top of the tree, and the extras asked for.
venv_key() { cat pyproject.toml setup.py <(ls -d */__init__.py) <(printf '%s\n' "$@") | sha256sum | cut -c1-16; }

# install_wayside STAMP PIP-ARGUMENT...: editable, so Python sources take effect as they are saved.
install_wayside() {
    local stamp=$1 key; shift
    key=$(venv_key "$@")
    if [ -x "$VENV/bin/wayside" ] && [ "$(cat "$VENV/.$stamp" 2>/dev/null)" = "$key" ]; then return; fi
    if ! [ -x "$VENV/bin/python" ] || ! python_fits "$VENV/bin/python"; then
        note "making .venv with $("$PYTHON" --version)"
        "$PYTHON" -m venv --clear "$VENV"
    fi
    note "installing into .venv: $*"
    # Older pips know no dependency groups (PEP 735).
    "$VENV/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
    "$VENV/bin/python" -m pip install --quiet "$@"
    printf '%s' "$key" >"$VENV/.$stamp"
}

install_for_use() { install_wayside for-use -e ".[demo]"; }
install_for_development() { install_for_use; install_wayside for-development -e ".[demo]" --group dev; }
