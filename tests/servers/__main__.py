"""Write tests/data/servers again from PyPI and GitHub: python -m tests.servers [FOLDER [PUBLISHER..]]

What lies in the folder already, a wheel or a .proto, is not fetched again. Without publishers' names, every file is
written.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool, json_format, message_factory

from sidecar.servers.proto import Schema, schema_of
from tests.servers import published
from tests.servers.cases import Case, Message
from tests.servers.goldens import FOLDER, schema_json
from tests.servers.publishers import PUBLISHERS, Publisher


def main(arguments: list[str]) -> int:
    """Fetch every source and write every file."""
    with tempfile.TemporaryDirectory(prefix="wayside-wheels-") as temporary:
        wheels = Path(arguments[0]) if arguments else Path(temporary)
        for publisher in (
            each for each in PUBLISHERS if each.name in (arguments[1:] or [each.name])
        ):
            text = json.dumps(golden(publisher, wheels), indent=1, ensure_ascii=False)
            (FOLDER / f"{publisher.name}.json").write_text(f"{text}\n")
            print(f"{publisher.name}: {len(publisher.cases)} calls")
    return 0


def golden(publisher: Publisher, wheels: Path) -> dict[str, Any]:
    """Return what one file holds."""
    files = [file for source in publisher.sources for file in source.descriptors(wheels)]
    pool = published.pool_of(files, services(publisher.catalogue))
    schema = schema_of([*files, *published.well_known()])
    return {
        "about": "Written by python -m tests.servers from the sources named; see tests/data/README.md.",
        "catalogue": publisher.catalogue,
        "servers": publisher.servers,
        "published": [source.provenance(wheels) for source in publisher.sources],
        "schema": schema_json(reachable(schema, publisher)),
        "calls": [encoded(case, schema, pool) for case in publisher.cases],
    }


def reachable(schema: Schema, publisher: Publisher) -> Schema:
    """Leave the methods of the services that the catalogue describes, and the messages that its calls use."""
    wanted = services(publisher.catalogue)
    methods = {
        path: method for path, method in schema.methods.items() if path.rpartition("/")[0] in wanted
    }
    called = {case.method for case in publisher.cases}
    waiting = [
        name
        for path, method in methods.items()
        if path in called
        for name in (method.request, method.response)
    ]
    messages = {}
    while waiting:
        name = waiting.pop()
        if name not in messages and name in schema.messages:
            messages[name] = schema.messages[name]
            waiting += [field.message for field in messages[name].values() if field.message]
    return Schema(methods, messages)


def services(catalogue: str) -> set[str]:
    """Name the services of a shipped catalogue."""
    from sidecar.servers.catalogue import SHIPPED, load_server

    methods = load_server(str(SHIPPED / f"{catalogue}.yaml")).methods
    return {method.path.rpartition("/")[0] for method in methods}


def encoded(case: Case, schema: Schema, pool: descriptor_pool.DescriptorPool) -> dict[str, Any]:
    """Return a call with its messages encoded."""
    method = schema.methods[case.method]

    def messages(name: str, side: tuple[Message, ...]) -> list[dict[str, Any]]:
        kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        made = []
        for each in side:
            message = json_format.ParseDict(each.content, kind())
            data = message.SerializeToString(deterministic=True)
            made.append({"content": each.content, "hex": data.hex(), "says": each.says})
        return made

    return {
        "name": case.name,
        "method": case.method,
        "requests": messages(method.request, case.requests),
        "responses": messages(method.response, case.responses),
        "told": case.told,
        "ended": case.ended,
        **({"metadata": case.metadata} if case.metadata else {}),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
