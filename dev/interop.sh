#!/usr/bin/env bash
# Runs other people's suites direct and through Wayside, and prints where Wayside makes a difference.
# usage: dev/interop.sh

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development

note "the suites"
"$VENV/bin/python" -m tests.provision nghttpd \
    grpc-interop-client grpc-interop-server h2spec connectconformance conformance-grpcserver conformance-referenceserver ghz
exec "$VENV/bin/python" -m tests.interop
