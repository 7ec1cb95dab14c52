"""How to be let in: secrets and certificates, read from their files whenever these have changed."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from typing import TYPE_CHECKING

from sidecar.net.http_client import Peer

if TYPE_CHECKING:
    import ssl

    from sidecar.model.delivery import Alertmanager, Tls
    from sidecar.net.http_client import Headers

# A token, or a password; the longest tokens of identity providers are 8 KiB.
MAX_SECRET_BYTES = 16 * 1024


class AccessError(Exception):
    """A file cannot be used: which and why, and nothing of what it holds."""


class Access:
    """Of one Alertmanager."""

    def __init__(self, to: Alertmanager) -> None:
        self._to = to
        self._context: ssl.SSLContext | None = None
        self._made_of: object = None

    async def peer(self) -> Peer:
        """Return whom to speak to. Raises AccessError."""
        host, port = self._to.address
        if not self._to.is_tls:
            return Peer(host, port)
        made_of = tuple(map(_stamp, self._to.tls.files))
        if self._context is None or made_of != self._made_of:
            # Authorities take tens of milliseconds to read, in which no tick may wait.
            self._context = await asyncio.to_thread(_context, self._to.tls)
            self._made_of = made_of
        return Peer(host, port, self._context, self._to.tls.server_name)

    def headers(self) -> Headers:
        """Return what goes with each request. Raises AccessError."""
        return (*self._to.headers, *self._authorization())

    def _authorization(self) -> Headers:
        if self._to.credentials_file:
            return (("authorization", f"Bearer {_secret(self._to.credentials_file)}"),)
        if self._to.username:
            file = self._to.password_file
            pair = f"{self._to.username}:{_secret(file) if file else ''}"
            return (("authorization", f"Basic {b64encode(pair.encode()).decode()}"),)
        return ()


def _secret(path: str) -> str:
    """Read a secret; space around it is nobody's, as in Prometheus."""
    try:
        with open(path, "rb", opener=_at_once) as handle:
            text = handle.read(MAX_SECRET_BYTES + 1).strip().decode("ascii")
    except OSError as error:
        raise AccessError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError:
        # Not the cause: it would show what was read.
        raise AccessError(f"{path} holds something else than a secret in ASCII") from None
    if not text or len(text) > MAX_SECRET_BYTES or not text.isprintable():
        raise AccessError(f"{path} holds no secret: it is empty, too long, or more than one line")
    return text


def _at_once(path: str, flags: int) -> int:
    """Open a file; of a named pipe nobody waits for the writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _stamp(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _context(tls: Tls) -> ssl.SSLContext:
    """Return what TLS is to ask for and to show. Raises AccessError."""
    import ssl  # where there is an https: alone

    try:
        context = ssl.create_default_context(cafile=tls.ca_file or None)
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file or None, password=_no_password)
    except (OSError, ValueError) as error:
        files = ", ".join(tls.files)
        reason = getattr(error, "reason", "") or getattr(error, "strerror", "") or "not PEM"
        raise AccessError(f"of {files} something cannot be used: {reason}") from error
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    """Refuse to ask the terminal for the password of a key."""
    raise ValueError("the key is encrypted")
