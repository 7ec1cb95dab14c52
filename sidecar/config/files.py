"""Which content a policy was made of. Imports nothing heavy: control uses it to see whether files have moved on."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FILE_BYTES = 1_000_000


def content_hash(contents: Iterable[bytes], salt: str) -> str:
    """Return a hash of files' contents, in order, and of what beside them decides the policy (flags)."""
    digest = hashlib.sha256(salt.encode())
    for content in contents:
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:16]


def hash_of_files(paths: Iterable[str], salt: str) -> str | None:
    """Return the hash of files as they are now; None when one cannot be read."""
    contents = []
    for path in paths:
        try:
            with open(path, "rb") as handle:
                contents.append(handle.read(MAX_FILE_BYTES + 1))
        except OSError:
            return None
    return content_hash(contents, salt)
