"""`python -m sidecar.runtime`: the control process, started by wayside-tap with its descriptors in the environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback

from sidecar.runtime.control import live
from sidecar.runtime.log import StderrLog


def main() -> int:
    """Run control; its life is the tap's to end, so signals meant for the group are not taken as orders."""
    log = StderrLog(os.environ.get("WAYSIDE_LOG_FORMAT", "human"))
    seam_fd = _descriptor("WAYSIDE_SEAM_FD")
    if seam_fd is None:
        log.error("control is started by wayside-tap: run `wayside run` instead")
        return 2
    # Some supervisors signal every process: /metrics must stay until the drain is over. The seam's end is our end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return asyncio.run(live(seam_fd, _descriptor("WAYSIDE_ADMIN_FD"), log))
    except Exception:
        log.error("control failed", traceback=traceback.format_exc())
        return 1


def _descriptor(variable: str) -> int | None:
    """Return an inherited descriptor, None when it was not given."""
    value = os.environ.get(variable, "")
    return int(value) if value.isdigit() else None


if __name__ == "__main__":
    sys.exit(main())
