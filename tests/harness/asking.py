"""Someone who asks a page again and again: what was answered, what was refused, what broke off."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

SCRAPE_SECONDS = 120.0  # a scrape waits while control is being replaced; it must not be refused


@dataclass
class Asked:
    """What someone who asks again and again was told."""

    answers: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0


@contextlib.contextmanager
def asking(url: str, every_seconds: float) -> Iterator[Asked]:
    """Fetch a URL again and again on a thread until the block ends."""
    asked, stop = Asked(), threading.Event()

    def ask() -> None:
        while not stop.wait(every_seconds):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(url, timeout=SCRAPE_SECONDS) as answer:
                    asked.answers.append(answer.read().decode())
            except urllib.error.HTTPError as error:
                asked.refused.append(f"status {error.code}")
                error.close()
            except urllib.error.URLError as error:
                kind = (
                    asked.refused
                    if isinstance(error.reason, ConnectionRefusedError)
                    else asked.broken
                )
                kind.append(str(error.reason))
            except (OSError, http.client.HTTPException) as error:  # the latter: half an answer
                asked.broken.append(repr(error))
            asked.slowest_seconds = max(asked.slowest_seconds, time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()
