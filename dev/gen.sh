#!/usr/bin/env bash
# Writes the committed protobuf code again, so that building needs no protoc.
# usage: dev/gen.sh [--check]    with --check nothing is kept; it fails where the committed code is not what its source gives

source "$(dirname "$0")/env.sh"
find_cargo
# First: without it the tap may not even compile.
cargo run --quiet --manifest-path dataplane/gen/Cargo.toml -- "$@"
"$ROOT/dev/build.sh" development

# python_from PROTO-FOLDER PROTO-FILE OUTPUT-FOLDER [--check]
python_from() {
    local made fresh=$3 name=${2%.proto}_pb2
    if [ "${4:-}" = --check ]; then fresh=$(mktemp -d); fi
    "$VENV/bin/python" -m grpc_tools.protoc -I"$1" --python_out="$fresh" --pyi_out="$fresh" "$2"
    for made in "$name.py" "$name.pyi"; do
        cmp --quiet "$fresh/$made" "$3/$made" || die "$3/$made is not what $1/$2 gives: run make gen and commit the result"
    done
    if [ "$fresh" != "$3" ]; then rm -r "$fresh"; fi
}

python_from dataplane/proto tap.proto sidecar/tapclient "$@"
python_from sidecar/demo/proto wayside_demo_oip.proto sidecar/demo/proto "$@"
python_from exporters/prometheus/proto metrics.proto exporters/prometheus/proto "$@"
"$VENV/bin/python" -m dev.metrics_page "$@"
"$VENV/bin/python" -m dev.servers_page "$@"
"$VENV/bin/python" -m dev.outcomes_page "$@"
# That these are what the command writes is held by tests/contract/test_rules.py and test_deploy.py.
if [ "${1:-}" != --check ]; then
    "$VENV/bin/wayside" rules -c examples/fleet/wayside.yaml -o examples/fleet
    "$VENV/bin/wayside" rules -c deploy/example/watch/wayside.yaml --format prometheusrule -o deploy/example/rules
fi
