"""Whether what was written to a client has arrived, as far as a server can know.

That the kernel took the bytes says little: it takes them for a client that is gone, too. So it is asked whether the
client's machine has acknowledged the last of them while the connection stood. Then they lie in that machine's memory,
and its socket was open to take them; whether its program reads them to the end is for nobody to see from here.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# An acknowledgement takes a round trip and, where it is delayed, 40 ms. The kernel does not announce it.
FIRST_LOOK_SECONDS = 0.005
LONGEST_LOOK_SECONDS = 0.2

# struct tcp_info of linux/tcp.h: tcpi_state, tcpi_unacked (segments), tcpi_notsent_bytes (since Linux 4.6).
_TCP_INFO = struct.Struct("=B23xI116xI")
# TCP_ESTABLISHED, and TCP_CLOSE_WAIT: the client has said all that it has to say, and may still read.
_STANDING = (1, 8)


class Delivery:
    """Tells that all that was written to a connection has arrived, or says nothing."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._told: list[Callable[[], None]] = []
        self._look_again: asyncio.TimerHandle | None = None
        self._pause = FIRST_LOOK_SECONDS

    @property
    def is_awaited(self) -> bool:
        """Say whether something is still on its way."""
        return bool(self._told)

    def tell(self, whom: Callable[[], None]) -> None:
        """Call when all that has been written by now has arrived; of several, those before it first."""
        self._told.append(whom)
        self._pause = FIRST_LOOK_SECONDS
        self.look()

    def look(self) -> None:
        """Look whether it has, and later again if not. It may be called as often as one likes."""
        if self._look_again is not None:
            self._look_again.cancel()
            self._look_again = None
        if not self._told:
            return
        if self._has_arrived():
            told, self._told = self._told, []
            for each in told:
                each()
            return
        loop = asyncio.get_running_loop()
        self._look_again = loop.call_later(self._pause, self.look)
        self._pause = min(2 * self._pause, LONGEST_LOOK_SECONDS)

    def stop(self) -> None:
        """Give up: what has not arrived by now does not."""
        self._told.clear()
        self.look()

    def _has_arrived(self) -> bool:
        if self._transport.get_write_buffer_size():
            return False
        ours = self._transport.get_extra_info("socket")
        try:
            info = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            state, unacknowledged, unsent = _TCP_INFO.unpack(info)
        except (OSError, struct.error):  # closed, or a kernel that tells less
            return False
        return state in _STANDING and not unacknowledged and not unsent
