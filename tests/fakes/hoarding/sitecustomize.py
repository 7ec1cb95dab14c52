"""With this folder on PYTHONPATH the control process wants 1 MiB kept for its next life, beside what it always does.

Every other Python that is started with it is left alone.
"""

import sys

HOARD_BYTES = (1 << 20) - 5  # alone it would fit, beside the count of lives it does not


def hoard() -> None:
    """Write the hoard where control begins its life, so that it travels at the end of the first tick."""
    from sidecar.store import lives
    from sidecar.store.face import Store

    begin_life = lives.begin_life

    def begin_with_hoard(store: Store) -> int:
        life = begin_life(store)
        store.write("hoard", bytes(HOARD_BYTES))
        return life

    lives.begin_life = begin_with_hoard


if "sidecar.runtime" in sys.orig_argv:
    hoard()
