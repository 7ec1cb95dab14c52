"""Calls a Triton with its own client, and prints as JSON all that it got: run by tests with Triton's interpreter.

usage: triton_client.py ADDRESS CONNECTIONS UNARY_PER_CONNECTION STREAMED_PER_CONNECTION_AND_MODEL

Each connection is a channel that shares nothing with the others, driven by a thread of its own. One unary call in a
hundred is to a model that fails. Prints {"unary": [...], "decoupled": [...], "simple": [...]}, in each one entry per
connection; waits for a line on stdin before it starts, so that its connections can be counted while they are open.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

OPTIONS = [("grpc.use_local_subchannel_pool", 1)]
FAIL_EVERY = 100
ANSWER_SECONDS = 60.0


def tensor(name: str, values: Any) -> Any:
    """Make an INT32 input."""
    made = InferInput(name, list(values.shape), "INT32")
    made.set_data_from_numpy(values)
    return made


def call_unary(client: Any, connection: int, count: int) -> dict[str, Any]:
    """Call `simple`, and at times `failing`; return a digest of the sums and the errors by text."""
    digest = hashlib.sha256()
    errors: dict[str, int] = {}
    for number in range(count):
        if number % FAIL_EVERY == FAIL_EVERY - 1:
            try:
                client.infer("failing", [tensor("IN", np.array([1], dtype=np.int32))])
            except InferenceServerException as error:
                text = f"{error.status()}: {error.message()}"
                errors[text] = errors.get(text, 0) + 1
            continue
        left = np.arange(16, dtype=np.int32).reshape(1, 16) + connection
        right = np.full((1, 16), number, dtype=np.int32)
        inputs = [tensor("INPUT0", left), tensor("INPUT1", right)]
        answer = client.infer("simple", inputs, request_id=f"{connection}-{number}")
        response = answer.get_response()
        digest.update(f"{response.id} {response.model_version}".encode())
        digest.update(answer.as_numpy("OUTPUT0").tobytes())
    return {"digest": digest.hexdigest(), "errors": errors}


def call_streamed(client: Any, model: str, count: int) -> list[Any]:
    """Send requests on one stream, each after the answers to the one before; return every answer in order."""
    answers: queue.Queue[Any] = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    seen: list[Any] = []
    for number in range(count):
        if model == "decoupled":
            inputs = [tensor("COUNT", np.array([number % 5], dtype=np.int32))]
        else:
            vector = np.full((1, 16), number, dtype=np.int32)
            inputs = [tensor("INPUT0", vector), tensor("INPUT1", vector)]
        client.async_stream_infer(
            model, inputs, request_id=str(number), enable_empty_final_response=True
        )
        final = False
        while not final:
            result, error = answers.get(timeout=ANSWER_SECONDS)
            assert error is None, error
            response = result.get_response()
            final = response.parameters["triton_final_response"].bool_param
            values = result.as_numpy("OUT" if model == "decoupled" else "OUTPUT0")
            seen.append([response.id, final, None if values is None else int(values.sum())])
    client.stop_stream()
    return seen


def main(address: str, connections: int, unary: int, streamed: int) -> None:
    """Open the connections, wait to be told, call, print.

    The phases do not overlap: this Triton's Python backend crashes at times when a decoupled model and another one
    answer streams at the same moment.
    """
    clients = [InferenceServerClient(address, channel_args=OPTIONS) for _ in range(connections)]
    for client in clients:
        assert client.is_server_ready()
    print("ready", flush=True)
    sys.stdin.readline()
    seen: dict[str, Any] = {}
    with ThreadPoolExecutor(connections) as pool:
        jobs = [pool.submit(call_unary, each, at, unary) for at, each in enumerate(clients)]
        seen["unary"] = [job.result() for job in jobs]
        for model in ("decoupled", "simple"):
            streams = [pool.submit(call_streamed, each, model, streamed) for each in clients]
            seen[model] = [job.result() for job in streams]
    for client in clients:
        client.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    try:
        main(sys.argv[1], *(int(word) for word in sys.argv[2:5]))
    except BaseException:
        # A stream that is still open keeps a thread alive, which would keep the process from ending.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
