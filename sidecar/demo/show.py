"""Drawing what Wayside sees: a table that stays in place on a terminal, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections import deque
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sidecar.demo.reading import ObjectiveSight, Sight, TierSight

PLAIN_INTERVAL_SECONDS = 5.0
PLAIN_LAST_SECONDS = 2.0  # the last sight is not printed when one this young stands above it
NEWS_LINES = 8
TITLE = "wayside demo: simulated models, a steady load, Wayside between them"


def milliseconds(seconds: float | None) -> str:
    """Write a time for people; a dash where there is none, since nothing is not zero."""
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


def per_second(rate: float | None) -> str:
    """Write a rate for people; a dash before there is one."""
    return "-" if rate is None else f"{rate:.1f}"


def outcomes(counts: dict[str, int]) -> str:
    """Write counts by outcome, ok first."""
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] != "ok", pair[0]))
    return "  ".join(f"{name} {count}" for name, count in ordered) or "-"


def objective_line(name: str, seen: ObjectiveSight) -> str:
    """Write an objective's events, and the share of good ones where there are any."""
    total = seen.good + seen.bad
    share = f"  {seen.good / total:.2%} good" if total else ""
    counts = f"good {seen.good}  bad {seen.bad}  excluded {seen.excluded}"
    return f"objective {name}: {seen.state.replace('_', ' ')}  {counts}{share}"


def tier_line(seen: TierSight) -> str:
    """Write how fast the windows of a tier burn, and whether it fires."""
    return f"{seen.name}{' FIRES' if seen.firing else ''}: {seen.words}"


class PlainShow:
    """Lines, now and then: for pipes, logs and CI."""

    def __init__(self, urls: list[str]) -> None:
        """Say once what runs where."""
        self._said_seconds = float("-inf")
        print(TITLE, *urls, sep="\n", flush=True)

    def __enter__(self) -> PlainShow:
        """Nothing to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to restore."""

    def update(self, sight: Sight, *, last: bool = False) -> None:
        """Print the sight, unless one was printed a moment ago."""
        now = time.monotonic()
        if now - self._said_seconds < (PLAIN_LAST_SECONDS if last else PLAIN_INTERVAL_SECONDS):
            return
        self._said_seconds = now
        lines = [f"{time.strftime('%H:%M:%S')}  upstream {'up' if sight.upstream_up else 'DOWN'}"]
        for name, seen in sorted(sight.models.items()):
            lines.append(
                f"  {name:<10} {per_second(seen.calls_per_second):>6} calls/s  p50 {milliseconds(seen.p50_seconds):>9}"
                f"  p99 {milliseconds(seen.p99_seconds):>9}  in flight {seen.in_flight:>3}"
                f"  {outcomes(seen.outcomes)}"
            )
        lines += [
            f"  {objective_line(slo, seen)}" for slo, seen in sorted(sight.objectives.items())
        ]
        lines += [f"  {tier_line(each)}" for each in sight.tiers]
        print(*lines, sep="\n", flush=True)

    def tell(self, news: list[str]) -> None:
        """Print what happened, at once."""
        for line in news:
            print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


class LiveShow:
    """A table that is drawn over itself."""

    def __init__(self, urls: list[str], hint: str) -> None:
        """Prepare the terminal; nothing is drawn before the block is entered."""
        self._news: deque[str] = deque(maxlen=NEWS_LINES)
        self._urls = Text("\n".join(urls), style="dim")
        self._hint = hint
        self._live = Live(console=Console(), auto_refresh=False, transient=False)

    def __enter__(self) -> LiveShow:
        """Begin drawing."""
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last drawing on the screen."""
        self._live.__exit__(kind, error, trace)

    def update(self, sight: Sight, *, last: bool = False) -> None:
        """Draw the sight."""
        table = Table(title=TITLE, title_justify="left", expand=False)
        for column in ("model", "calls/s", "p50", "p99", "in flight"):
            table.add_column(column, justify="left" if column == "model" else "right", no_wrap=True)
        table.add_column("calls by outcome")
        for name, seen in sorted(sight.models.items()):
            table.add_row(
                *(name, per_second(seen.calls_per_second)),
                *(milliseconds(seen.p50_seconds), milliseconds(seen.p99_seconds)),
                *(str(seen.in_flight), outcomes(seen.outcomes)),
            )
        lines = [objective_line(slo, seen) for slo, seen in sorted(sight.objectives.items())]
        lines += [tier_line(each) for each in sight.tiers]
        state = Text("upstream up" if sight.upstream_up else "upstream DOWN", style="bold")
        ending = Text("ended" if last else self._hint, style="dim")
        news = Text("\n".join(self._news), style="bold")
        parts: list[Table | Text] = [table, state, Text("\n".join(lines))]
        parts += [news] if self._news else []
        self._live.update(Group(*parts, self._urls, ending), refresh=True)

    def tell(self, news: list[str]) -> None:
        """Keep what happened for the next drawing; of more than eight lines the newest."""
        self._news.extend(f"{time.strftime('%H:%M:%S')}  {line}" for line in news)


def make_show(urls: list[str], hint: str) -> PlainShow | LiveShow:
    """Choose by where the output goes; `hint` is what can be done now."""
    return LiveShow(urls, hint) if sys.stdout.isatty() else PlainShow(urls)
