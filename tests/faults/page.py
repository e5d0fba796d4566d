"""The tables of the faults: one for people who run them, and those of docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterable

from faults.kinds import Expected, Fault
from faults.observe import Row

MARGIN = 3.0
"""Seconds by which a slow machine may pass a deadline before a test calls it late."""
_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"
_HEADER = (
    "| what happens | `run_otp` raises | outcome | retryable | requests | `get_cdr` raises | retryable | requests |\n"
    "|---|---|---|---|---|---|---|---|"
)


def in_time(row: Row) -> bool:
    """Whether the caller was told no later than the deadline."""
    return row.elapsed <= row.deadline + MARGIN


def printed(row: Row) -> str:
    """A line for a call, with the time that it took."""
    return (
        f"{row.fault:44} {row.way:7} {row.shell:5} {row.operation:7} {_name(row.told):24} {_outcome(row.told):10} "
        f"{'retryable' if row.told.retryable else '':9} {row.told.requests} requests {row.elapsed * 1000:6.0f} ms"
    )


def complete(page: str, catalogue: Iterable[Fault]) -> str:
    """The page with its table as the catalogue has it; everything around the marks stays."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the page has lost the marks around its table")
    table = "\n".join([_HEADER, *map(_line, catalogue)])
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def _line(fault: Fault) -> str:
    placing, looking = fault.run_otp, fault.get_cdr
    cells = [fault.name, _name(placing), _outcome(placing), _again(placing), str(placing.requests)]
    cells += [_name(looking), _again(looking), str(looking.requests)]
    return f"| {' | '.join(cells)} |"


def _name(told: Expected) -> str:
    return told.error.__name__ if told.error else "-"


def _outcome(told: Expected) -> str:
    return told.outcome.name if told.outcome else "-"


def _again(told: Expected) -> str:
    return "yes" if told.retryable else "no"
