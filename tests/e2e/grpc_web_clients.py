"""Calls of gRPC-Web, by Sonora's client and in base64; run by their environment's Python with the server's address.

Prints as JSON what was understood of each answer, by the encoding, the method and the model.
"""

from __future__ import annotations

import base64
import http.client
import importlib
import json
import sys
from typing import Any

INFER = "/inference.GRPCInferenceService/ModelInfer"
GENERATE = "/vllm.grpc.engine.VllmEngine/Generate"
TEXT = "application/grpc-web-text"
CALLS = [
    *((INFER, model) for model in ("iris", "unloaded", "missing", "broken")),
    *((GENERATE, request_id) for request_id in ("iris", "unloaded")),
]


def asked(model: str) -> bytes:
    """Return a request whose first field, a model or a request id, is this."""
    return bytes([10, len(model)]) + model.encode()


def binary(address: str, method: str, model: str) -> list[str]:
    """Call as Sonora's client does: the messages, then the status where it is not OK."""
    client: Any = importlib.import_module("sonora.client")
    protocol: Any = importlib.import_module("sonora.protocol")
    with client.insecure_web_channel(f"http://{address}") as channel:
        kind = channel.unary_stream if method == GENERATE else channel.unary_unary
        call = kind(method, bytes, bytes)
        messages: list[str] = []
        try:
            said = call(asked(model))
            for message in [said] if isinstance(said, bytes) else said:
                messages.append(message.hex())
        except protocol.WebRpcError as error:
            messages += [error.code().name, error.details()]
        except Exception as error:  # what it makes of an answer that is none is its own affair
            messages += [type(error).__name__]
    return messages


def text(address: str, method: str, model: str) -> list[str]:
    """Call in base64, which Sonora's client does not: the status of HTTP, and the body as it came."""
    body = asked(model)
    frame = bytes([0]) + len(body).to_bytes(4, "big") + body
    connection = http.client.HTTPConnection(address)
    headers = {"Content-Type": TEXT, "Accept": TEXT}
    connection.request("POST", method, base64.b64encode(frame), headers)
    answer = connection.getresponse()
    said = [str(answer.status), str(answer.getheader("content-type")), answer.read().decode()]
    connection.close()
    return said


def main(address: str) -> None:
    """Make all calls, one after the other."""
    encodings = {"binary": binary, "text": text}
    said = {
        f"{encoding} {method.rpartition('/')[2]} {model}": call(address, method, model)
        for encoding, call in encodings.items()
        for method, model in CALLS
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
