"""What Wayside is meant to cost beside its peers, and where to look first when it costs more."""

from __future__ import annotations

from dataclasses import dataclass

from bench.figures import Results, Spread, cpu, own_cpu, p50, spread
from bench.instructions import AIMS, baselines

# Counted with `perf stat` at one in flight, for both.
AS_MANY = "two waits, two reads and two writes in the kernel a call, as many as HAProxy makes"


@dataclass(frozen=True)
class Aim:
    """One promise: a ratio, the most it may be, what was measured."""

    text: str
    at_most: float
    measured: Spread | None
    likely_why: str

    def verdict(self) -> str:
        """Say whether it is met, or by how much it is missed and the likely reason."""
        if self.measured is None:
            return "not measured, or smaller than the noise"
        if self.measured.smallest <= 0:
            return "cannot be told: the noise is larger than what is added"
        inside = self.measured.smallest <= self.at_most < self.measured.largest
        doubt = " (the limit lies inside the spread)" if inside else ""
        if self.measured.median <= self.at_most:
            return f"met{doubt}"
        excess = 100 * (self.measured.median / self.at_most - 1)
        return f"**missed by {excess:.0f} %**{doubt}; likely {self.likely_why}"


def reading(results: Results, load: str) -> str:
    """Say what reading, which a relay does not do, takes of a call: in time as measured, and in instructions."""
    known = {one.what: one.instructions for one in results.instructions} or baselines()
    counted = known.get("unary", 0.0)
    text = f"reading: {counted:,.0f} instructions a call against an aim of {AIMS['unary']:,}"
    whole = results.median(load, "wayside", own_cpu)
    relay = results.median(load, "wayside-relay", own_cpu)
    if whole is None or relay is None:
        return text
    return f"{text}; {whole - relay:.2f} of {whole:.2f} µs go with the observer off"


def aims(results: Results) -> list[Aim]:
    """Return every aim with its measured ratio; Wayside is both halves."""
    floor = "haproxy-tcp"
    wakes = "the relay's own wake-ups, or what it does between reading and writing"
    return [
        Aim(
            "CPU per call at 64 in flight, to HAProxy TCP",
            1.3,
            results.ratio("busy", "wayside", floor, cpu),
            reading(results, "busy"),
        ),
        Aim(
            "CPU per call at one in flight, to HAProxy TCP",
            0.85,
            results.ratio("single", "wayside", floor, cpu),
            reading(results, "single") + f"; the rest is {AS_MANY}",
        ),
        Aim(
            "CPU per call at 600 KB, to HAProxy TCP with tune.bufsize 262144",
            0.8,
            results.ratio("big", "wayside", "haproxy-tcp-buffer", cpu),
            "copying in the kernel: some 70 reads and 70 writes a call of the 16 KB that the ends send at a time, "
            "and HAProxy makes hardly fewer",
        ),
        Aim(
            "CPU per call at 64 in flight, to Envoy",
            1 / 12,
            results.ratio("busy", "wayside", "envoy", cpu),
            reading(results, "busy"),
        ),
        Aim(
            "CPU per call at one in flight, to Wayside with the observer off",
            1.25,
            results.ratio("single", "wayside", "wayside-relay", cpu),
            reading(results, "single"),
        ),
        Aim(
            "p50 added at one in flight, to what HAProxy TCP adds",
            1.1,
            results.added_ratio("single", "wayside", floor, p50),
            wakes,
        ),
        Aim(
            "p50 added at 1,000 calls/s, to what HAProxy TCP adds",
            1.1,
            results.added_ratio("open", "wayside", floor, p50),
            wakes,
        ),
        Aim(
            "p50 added at 64 in flight, to what HAProxy TCP adds",
            1.1,
            results.added_ratio("busy", "wayside", floor, p50),
            "little: client and server fill their core here, so this is the small difference of two large latencies",
        ),
        Aim(
            "Resident memory, both halves, to Envoy",
            1.0,
            resident_ratio(results),
            "control's Python modules",
        ),
    ]


def resident_ratio(results: Results) -> Spread | None:
    """Compare what both keep in memory after the run."""
    one, other = (results.resident_bytes.get(name) for name in ("wayside", "envoy"))
    return spread([sum(one) / sum(other)]) if one and other else None
