"""The tables of rows: a short one for people who run the tests, and the one in docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from faults.kinds import Expected
from faults.observe import Row

MARGIN = 3.0
"""Seconds by which a slow machine may pass a deadline before a test calls it late."""
_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"
_HEADER = (
    "| what happens | `run_otp` raises | outcome | retryable | requests "
    "| `get_cdr` raises | retryable | requests | took |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def in_time(row: Row) -> bool:
    """Whether the caller was told no later than the deadline."""
    return row.elapsed <= row.deadline + MARGIN


def printed(rows: Iterable[Row]) -> str:
    """One line for each call, with the time that it took."""
    return "\n".join(
        f"{row.fault:44} {row.shell:5} {row.operation:7} {_name(row.told):24} {_outcome(row.told):10} "
        f"{'retryable' if row.told.retryable else '':9} {row.told.requests} requests {row.elapsed * 1000:6.0f} ms"
        for row in rows
    )


def markdown(rows: Iterable[Row]) -> str:
    """One line for each fault, without anything that differs from run to run."""
    groups = groupby(rows, key=lambda row: row.fault)
    return "\n".join([_HEADER, *(_line(name, list(group)) for name, group in groups)])


def _line(name: str, rows: list[Row]) -> str:
    placing = [row.told for row in rows if row.operation == "run_otp"]
    looking = [row.told for row in rows if row.operation == "get_cdr"]
    cells = [
        name,
        _both(_name(told) for told in placing),
        _both(_outcome(told) for told in placing),
        _both(_again(told) for told in placing),
        _both(str(told.requests) for told in placing),
        _both(_name(told) for told in looking),
        _both(_again(told) for told in looking),
        _both(str(told.requests) for told in looking),
        "≤ deadline" if all(map(in_time, rows)) else "LATE",
    ]
    return f"| {' | '.join(cells)} |"


def _both(texts: Iterable[str]) -> str:
    """What the sync and the async client say: the same, it is to be hoped."""
    return " / ".join(dict.fromkeys(texts))


def _name(told: Expected) -> str:
    return told.error.__name__ if told.error else "-"


def _outcome(told: Expected) -> str:
    return told.outcome.name if told.outcome else "-"


def _again(told: Expected) -> str:
    return "yes" if told.retryable else "no"


def replaced(page: str, table: str) -> str:
    """The page with its table replaced; everything around the marks stays."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the page has lost the marks around its table")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"
