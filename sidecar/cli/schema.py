"""`wayside schema`: the JSON schema of the configuration, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import OK

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
example:
  wayside schema > wayside.schema.json
and as the first line of wayside.yaml, for editors with the YAML language server:
  # yaml-language-server: $schema=wayside.schema.json

It knows keys and how values are written; what only the whole file shows is found by `wayside check`.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `schema`."""
    import argparse

    parser = subparsers.add_parser(
        "schema",
        help="print the JSON schema of the configuration, for editors",
        description="Print the JSON schema (draft 2020-12) of wayside.yaml.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(main=_schema)


def _schema(_: argparse.Namespace) -> int:
    import json

    from sidecar.config.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return OK
