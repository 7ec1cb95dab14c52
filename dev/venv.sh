# Sourced after env.sh: the virtual environment .venv, kept in step with pyproject.toml.

# What decides whether .venv must be touched: the metadata, and the packages at the top of the tree.
venv_key() { cat pyproject.toml setup.py <(ls -d */__init__.py) | sha256sum | cut -c1-16; }

stamped() { [ -x "$VENV/bin/wayside" ] && [ "$(cat "$VENV/.$1" 2>/dev/null)" = "$2" ]; }

# install_wayside PIP-ARGUMENT...: editable, so Python sources take effect as they are saved.
install_wayside() {
    if ! python_fits "$VENV/bin/python"; then
        note "making .venv with $("$PYTHON" --version)"
        "$PYTHON" -m venv --clear "$VENV"
    fi
    note "installing into .venv: $*"
    # Older pips know no dependency groups (PEP 735).
    "$VENV/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
    # The one warning that setuptools has for every editable install says nothing to act on.
    PYTHONWARNINGS=ignore "$VENV/bin/python" -m pip install --quiet "$@"
}

install_for_use() {
    local key; key=$(venv_key)
    if stamped for-use "$key"; then return; fi
    install_wayside -e ".[demo,rules]"
    printf '%s' "$key" >"$VENV/.for-use"
}

install_for_development() {
    local key; key=$(venv_key)
    if stamped for-development "$key"; then return; fi
    install_wayside -e ".[demo,rules]" --group dev
    printf '%s' "$key" | tee "$VENV/.for-use" >"$VENV/.for-development"
}
