"""With this folder on PYTHONPATH the control process leaks 40 MB a second from its second second on.

Every other Python that is started with it is left alone.
"""

import sys
import threading
import time

LEAK_BYTES = 4 << 20
EVERY_SECONDS = 0.1


def leak() -> None:
    """Keep more and more, touched, so that it is resident."""
    time.sleep(1)
    kept = []
    while True:
        kept.append(bytearray(b"x" * LEAK_BYTES))
        time.sleep(EVERY_SECONDS)


if "sidecar.runtime" in sys.orig_argv:
    threading.Thread(target=leak, daemon=True).start()
