"""One life of the control process: what it is put together from, and what it serves.

The composition root: what the loop needs is made here, and here the outlets get their pages.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import TYPE_CHECKING

from exporters.prometheus.render import MetricsPage
from sidecar.net.http_server import Server
from sidecar.runtime.delivery import Delivery
from sidecar.runtime.loop import Beside, Loop
from sidecar.runtime.reload import Reload
from sidecar.sources.server_page import ServerPagePoller
from sidecar.store.kept import KeptStore
from sidecar.tapclient.frames import SeamError
from sidecar.tapclient.seam import connect
from sidecar.tapclient.tap_client import TapClient
from sidecar.web.pages import Pages

if TYPE_CHECKING:
    from sidecar.runtime.log import StderrLog
    from sidecar.store.face import Store
    from sidecar.tapclient.messages import HelloMessage
    from sidecar.tapclient.seam import Seam

# The tap says hello at once. Without it there is nothing to do.
HELLO_TIMEOUT_SECONDS = 10.0


class Control:
    """The loop, what runs beside it, and the server that shows what it publishes."""

    def __init__(self, seam: Seam, hello: HelloMessage, log: StderrLog) -> None:
        self._seam = seam
        self._reload = Reload(hello.policy, seam.offer, log)
        self._beside = Beside(ServerPagePoller(log), Delivery(log))
        self._server: Server | None = None
        log.format = self._reload.settings.log_format
        self._store = _store(self._reload.settings.state_dir, seam, hello, log)
        hello.ClearField("kept")  # the store has its own copy, and hello lives as long as control
        self._tap = TapClient(seam, hello.tap_version)
        self.loop = Loop(self._tap, self._reload, self._beside, self._store, log)

    async def serve(self, admin_fd: int) -> None:
        """Show what the loop publishes, on a socket that the tap has bound."""
        pages = Pages(self.loop.snapshot, MetricsPage().render, self._tap.scraped)
        self._server = Server(pages.handle)
        await self._server.start(socket.socket(fileno=admin_fd))

    def stop(self) -> None:
        """Let go of what runs beside the loop."""
        if self._server is not None:
            self._server.close()
        self._reload.stop()
        self._beside.server.stop()
        self._beside.delivery.stop()
        self._store.close()
        self._seam.close()


def _store(folder: str, seam: Seam, hello: HelloMessage, log: StderrLog) -> Store:
    """Open the state: in the folder where one is given, else in the tap's memory."""
    if folder:
        # Only where it is asked for: sqlite3 costs memory.
        from sidecar.store.sqlite import SqliteStore

        return SqliteStore(folder, log)
    return KeptStore({each.key: each.value for each in hello.kept}, seam.keep, log)


async def live(seam_fd: int, admin_fd: int | None, log: StderrLog) -> int:
    """Live one life of control on inherited descriptors; return the exit status."""
    seam = await connect(seam_fd)
    control: Control | None = None
    try:
        hello = await asyncio.wait_for(seam.hello, HELLO_TIMEOUT_SECONDS)
        control = Control(seam, hello, log)
        await control.loop.tick()
        if admin_fd is not None:
            # Only now, with something to show: until then scrapes wait in the socket's queue.
            await control.serve(admin_fd)
        _settle()
        log.info("control is up", generation=hello.policy.generation)
        await control.loop.run()
    except SeamError as error:
        log.warning("control ends", reason=error)
    except asyncio.TimeoutError:
        log.error("control ends", reason="the tap did not say hello")
        return 1
    finally:
        if control is not None:
            control.stop()
    return 0


def _settle() -> None:
    """Take all that start-up made out of the garbage collector's rounds: it lives as long as the process."""
    gc.collect()
    gc.freeze()
