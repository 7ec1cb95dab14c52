"""Asking a running Wayside: where its API is, and one answer of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import Any

TIMEOUT_SECONDS = 5.0
DEFAULT_ADMIN = "127.0.0.1:9464"
_NO_ADDRESS = "this is no address: write host:port, e.g. 127.0.0.1:9464"
HINT = "Is `wayside run` up, and is its --admin this address?"


def add_admin_flag(parser: argparse.ArgumentParser, default: Any = DEFAULT_ADMIN) -> None:
    """Add `--admin`. An action gives argparse.SUPPRESS, so that it keeps what was said before it."""
    parser.add_argument(
        "--admin",
        metavar="H:P",
        default=default,
        help=f"where its API is; `:9464` means this machine (default {DEFAULT_ADMIN})",
    )


def fetch(admin: str, path: str) -> bytes:
    """Return the API's answer. Raises OSError, or ValueError for an address that is none."""
    import contextlib
    import http.client

    host, _, port = admin.removeprefix("http://").rstrip("/").rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(_NO_ADDRESS)
    try:
        connection = http.client.HTTPConnection(
            host.strip("[]") or "127.0.0.1", int(port), timeout=TIMEOUT_SECONDS
        )
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
    except http.client.InvalidURL as error:
        raise ValueError(_NO_ADDRESS) from error
    except http.client.HTTPException as error:
        raise OSError(f"it does not speak HTTP ({error!r})") from error
    if response.status != 200:
        raise OSError(f"it answered {response.status}")
    return body
