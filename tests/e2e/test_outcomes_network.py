"""A connection that breaks, and neither end had closed it: the network ended the call, and that is bad.

No packet is lost on this machine, so the kernel is told to have less patience: a client that takes nothing more for a
while counts as one that cannot be reached, as it does after a quarter of an hour otherwise (tcp(7), TCP_USER_TIMEOUT).
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

from tests.e2e.counted_outcomes import expected
from tests.e2e.outcome_calls import HELLO, HTTP1, HTTP2, asked
from tests.e2e.outcome_place import place
from tests.e2e.outcome_row import Told
from tests.e2e.tap_sockets import borrow
from tests.harness.conversation import Does, Says, SeesReset, Step, client, server
from tests.hazards import frames as h2
from tests.hazards.passage import Passage
from tests.provision.parts import missing

PATIENCE_MILLISECONDS = 1
PIECES, PIECE_BYTES = 100, 16_000
"""More than a client's window that is never read from, less than the kernel takes off the server's hands."""
FILLER = b": " + b"x" * (PIECE_BYTES - 4) + b"\n\n"
TALKS: dict[str, Sequence[Step]] = {
    "grpc": [
        *HELLO,
        client(asked(1)),
        server(h2.headers(1, h2.ANSWER_HEAD)),
        Says("server", h2.data(1, b"\0\0\xff\xff\xff" + FILLER[5:]) * PIECES, heard=False),
    ],
    **{
        speech.name: [
            *speech.hello,
            client(speech.asks()),
            server(speech.begins()),
            Says("server", speech.goes_on(FILLER) * PIECES, heard=False),
        ]
        for speech in (HTTP1, HTTP2)
    },
}


def test_the_network_ended_it() -> None:
    told = Told("LOST", "network", "server_error")
    with place() as it:

        def lose_patience(passage: Passage) -> None:
            try:
                taps = borrow(it.wayside.running.pid, passage.client)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOSYS):
                    raise
                missing("the kernel lends no socket of another process (pidfd_getfd)")
            with taps:
                taps.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PATIENCE_MILLISECONDS)

        scripts = [[*talk, Does(lose_patience), SeesReset("server")] for talk in TALKS.values()]
        assert it.play_scripts(scripts, len(scripts)) == expected([told] * len(scripts))
