"""With this folder on PYTHONPATH the control process leaks 40 MB a second from its second second on.

It stops when it has leaked WAYSIDE_TEST_LEAK_BYTES, where that is set: then it stays too large for as long as it takes
until somebody sees it, and how soon the tap gets to look decides nothing.

Every other Python that is started with it is left alone.
"""

import os
import sys
import threading
import time

LEAK_BYTES = 4 << 20
EVERY_SECONDS = 0.1
MOST_BYTES = float(os.environ.get("WAYSIDE_TEST_LEAK_BYTES", "inf"))


def leak() -> None:
    """Keep more and more, touched, so that it is resident."""
    time.sleep(1)
    kept: list[bytearray] = []
    while True:
        if (len(kept) + 1) * LEAK_BYTES <= MOST_BYTES:
            kept.append(bytearray(b"x" * LEAK_BYTES))
        time.sleep(EVERY_SECONDS)


if "sidecar.runtime" in sys.orig_argv:
    threading.Thread(target=leak, daemon=True).start()
