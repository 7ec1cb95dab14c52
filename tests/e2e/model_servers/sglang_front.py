"""SGLang's native gRPC server, as its package has it compiled, before an engine that is none, until it is told to end.

usage: sglang_front.py HTTP_PORT GRPC_PORT

The package's Python half needs torch; its server is a library that can be loaded alone and asks any object that has
the methods of sglang.srt.entrypoints.grpc_bridge.RuntimeHandle. Here that is a stub: it answers with three tokens,
or with what the HTTP half of SGLang would put into JSON, and fails for the request id `bad`. HTTP_PORT answers
`/ready` and nothing else: this server has no such thing.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import sysconfig
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TOKENS = 3
MODEL = "iris"
LIBRARY = "sglang/srt/rust_extensions/_grpc"


def said(count: int, request: dict[str, Any]) -> dict[str, Any]:
    """Return what has been generated once there are so many tokens."""
    finish = {"type": "length", "length": TOKENS} if count == TOKENS else None
    meta = {"id": request["rid"], "prompt_tokens": 5, "completion_tokens": count}
    ids = list(range(100, 100 + count))
    return {"text": "a" * count, "output_ids": ids, "meta_info": {**meta, "finish_reason": finish}}


def chunk(text: str) -> bytes:
    """Return an event of a chat."""
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return json.dumps({"id": "chatcmpl-1", "model": MODEL, "choices": [delta]}).encode()


class Engine:
    """What the server asks. A method that is called later answers through `chunk_callback(payload, finished=...)`."""

    # The server looks here for a tokenizer and the length of a context, and goes on without.
    tokenizer_manager = SimpleNamespace(model_config=SimpleNamespace(context_len=8))

    def set_engine_state_changed_callback(self, callback: Any) -> None:
        """Nothing ever changes here."""

    def health_check(self) -> bool:
        """Be well."""
        return True

    def is_pause(self) -> bool:
        """Never pause."""
        return False

    def get_model_info(self) -> str:
        """Tell of the model."""
        return json.dumps({"model_path": MODEL, "served_model_name": MODEL})

    def get_server_info(self) -> str:
        """Tell of the server."""
        return json.dumps({"version": "0"})

    def tokenize(self, text: str, add_special_tokens: bool = True) -> str:
        """One token."""
        return json.dumps({"tokens": [1], "count": 1, "max_model_len": 8, "input_text": text})

    def detokenize(self, tokens: list[int]) -> str:
        """One letter for each."""
        return json.dumps({"text": "a" * len(tokens)})

    def list_models(self) -> str:
        """The one there is."""
        return json.dumps([{"id": MODEL, "root": MODEL, "max_model_len": 8}])

    def abort(self, rid: str = "", abort_all: bool = False) -> None:
        """There is nothing to end."""

    def submit_request(
        self, *, req_type: str, req_dict: dict[str, Any], chunk_callback: Any, **_: Any
    ) -> None:
        """Generate or embed."""
        if req_dict["rid"] == "bad":
            chunk_callback({}, finished=True, error="bad")
        elif req_type == "embed":
            meta = {"id": req_dict["rid"], "prompt_tokens": 5}
            chunk_callback({"embedding": [0.5, 0.25], "meta_info": meta}, finished=True)
        else:
            for count in range(1 if req_dict.get("stream") else TOKENS, TOKENS + 1):
                chunk_callback(said(count, req_dict), finished=count == TOKENS)

    def streamed(self, *, chunk_callback: Any, **_: Any) -> None:
        """Answer as a stream of JSON."""
        for count in range(TOKENS):
            chunk_callback(chunk("a"), finished=count == TOKENS - 1)

    def answered(self, *arguments: Any, **named: Any) -> None:
        """Answer once, with JSON; where among the arguments the callback is differs."""
        callback = next(each for each in (*arguments, *named.values()) if callable(each))
        callback(json.dumps({"success": True, "message": "done"}).encode(), finished=True)

    submit_openai_chat = submit_openai_complete = streamed
    submit_openai_embed = submit_openai_classify = submit_openai_score = answered
    submit_openai_rerank = get_load = flush_cache = pause_generation = answered
    continue_generation = start_profile = stop_profile = update_weights_from_disk = answered


class Ready(BaseHTTPRequestHandler):
    """Says that the server is there."""

    def do_GET(self) -> None:
        """Say so."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing more."""


def library() -> Any:
    """Load the server without the package around it."""
    path = Path(sysconfig.get_path("platlib")) / (LIBRARY + sysconfig.get_config_var("EXT_SUFFIX"))
    spec = importlib.util.spec_from_file_location("_grpc", path)
    assert spec is not None, path
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    server = library().start_server("127.0.0.1", int(sys.argv[2]), Engine())
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
