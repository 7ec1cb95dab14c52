"""The nouns: a proof, what it saw, and the figures that decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


class UsageError(ValueError):
    """The words on the command line make no sense."""


@dataclass(frozen=True)
class Outcome:
    """What a proof saw."""

    text: str
    """Markdown: its table, and what has to be said beside it."""
    failures: tuple[str, ...] = ()
    """Each claim that does not hold, in a line."""

    @property
    def holds(self) -> bool:
        """Tell whether the claim was shown."""
        return not self.failures


@dataclass(frozen=True)
class Proof:
    """A claim, and the way to show it."""

    word: str
    claim: str
    """What is shown when it holds, in a sentence."""
    minutes: float
    """How long it takes on two quiet cores, about."""
    run: Callable[[Sequence[str]], Outcome]
    """Shows it; the arguments are those after its word."""
    parts: tuple[str, ...] = ()
    """What tests/provision must have got for it."""
    arguments: str = ""
    """What may stand after its word, for people."""


@dataclass
class Figures:
    """A table of what was seen, each figure beside what is claimed of it."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def tell(self, what: str, seen: object) -> None:
        """Add a figure that decides nothing."""
        self.rows.append((what, str(seen), "", True))

    def claim(self, what: str, seen: object, claimed: str, holds: bool) -> None:
        """Add a figure of which something is claimed, in words, and whether that holds."""
        self.rows.append((what, str(seen), claimed, holds))
        if not holds:
            self.failures.append(f"{what}: {seen}, claimed: {claimed}")

    def at_most(self, what: str, seen: float, bound: float, unit: str = "") -> None:
        """Add a figure that must not be larger than a bound."""
        self.claim(what, f"{seen:g}{unit}", f"at most {bound:g}{unit}", seen <= bound)

    def at_least(self, what: str, seen: float, bound: float, unit: str = "") -> None:
        """Add a figure that must not be smaller than a bound."""
        self.claim(what, f"{seen:g}{unit}", f"at least {bound:g}{unit}", seen >= bound)

    def equal(self, what: str, seen: object, wanted: object) -> None:
        """Add a figure that must be just that."""
        self.claim(what, seen, str(wanted), seen == wanted)

    def none(self, what: str, found: Sequence[str]) -> None:
        """Add a list of complaints that must be empty; some of them are shown."""
        shown = "; ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        self.claim(what, shown or "none", "none", not found)

    def outcome(self, *remarks: str) -> Outcome:
        """Return the table, and remarks below it."""
        lines = ["| | seen | claimed | |", "|---|--:|--:|---|"]
        lines += [
            f"| {what} | {seen} | {claimed} | {'' if holds else '**no**'} |"
            for what, seen, claimed, holds in self.rows
        ]
        return Outcome("\n\n".join(["\n".join(lines), *remarks]), tuple(self.failures))
