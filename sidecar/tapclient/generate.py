"""Write tap_pb2.py and tap_pb2.pyi from dataplane/proto/tap.proto: `python -m sidecar.tapclient.generate`.

The output is committed, so building and installing need no protoc; a contract test compares the two. Needs
grpcio-tools, which only developers install.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "dataplane" / "proto"


def generate(into: Path) -> int:
    """Generate both files into a directory; return protoc's exit status."""
    from grpc_tools import protoc

    arguments = [
        "protoc",
        f"-I{PROTO}",
        f"--python_out={into}",
        f"--pyi_out={into}",
        str(PROTO / "tap.proto"),
    ]
    return int(protoc.main(arguments))


if __name__ == "__main__":
    sys.exit(generate(HERE))
