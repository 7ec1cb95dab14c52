#!/usr/bin/env bash
# Shows a fleet to a person: ten replicas, a real Prometheus and a real Alertmanager, which are fetched where they are missing.
# usage: dev/demo_fleet.sh

source "$(dirname "$0")/env.sh"
"$ROOT/dev/build.sh" development
exec "$VENV/bin/python" -m tests.fleet "$@"
