"""A server that accepts connections, reads everything, and never answers: what a wedged model server looks like."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator

READ_BYTES = 65536


@contextlib.contextmanager
def silent_server(address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[str]:
    """Run it on a thread until the block ends; yields host:port. Its connections are reset when it ends."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(address))
        wake_reader, wake_writer = (stack.enter_context(end) for end in socket.socketpair())
        thread = threading.Thread(target=swallow, args=(listener, wake_reader), daemon=True)
        thread.start()
        host, port = listener.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            wake_writer.send(b"x")
            thread.join()


def swallow(listener: socket.socket, wake: socket.socket) -> None:
    """Accept and read until woken."""
    with contextlib.ExitStack() as open_sockets, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is wake:
                    return
                if key.fileobj is listener:
                    accepted = open_sockets.enter_context(listener.accept()[0])
                    selector.register(accepted, selectors.EVENT_READ)
                    continue
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                with contextlib.suppress(OSError):
                    if connection.recv(READ_BYTES):
                        continue
                selector.unregister(connection)
