"""What a configuration is made of: a file, flags that override it, and what the program itself adds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

# A flag's value stands where the file's would: (path in the file) -> value.
Overrides = dict[tuple[str, ...], object]

COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything a policy depends on."""

    file: str = ""  # empty: flags alone
    overrides: Overrides = field(default_factory=dict)
    flags: tuple[str, ...] = ()  # as given, to say which flag is meant and to compile again later
    control_argv: tuple[str, ...] = ()
    reload_argv: tuple[str, ...] = ()

    @property
    def salt(self) -> str:
        """What beside the files' contents decides the policy."""
        return json.dumps(self.flags)
