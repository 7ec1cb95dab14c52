"""With this folder on PYTHONPATH the control process fills its log as fast as it can, from its first second on.

Every other Python that is started with it is left alone.
"""

import os
import sys
import threading

LINES = b"info a line that nobody asked for, and many more like it\n" * 50
STDERR = 2


def flood() -> None:
    """Write to the log without a pause."""
    while True:
        os.write(STDERR, LINES)


if "sidecar.runtime" in sys.orig_argv:
    threading.Thread(target=flood, daemon=True).start()
