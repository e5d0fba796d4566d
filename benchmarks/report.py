"""The report: tables in a terminal, and in docs/performance.md between its markers, with plots beside it."""

import re
from collections.abc import Iterator
from typing import Any

from benchmarks import tables
from benchmarks.machine import ROOT

PAGE = ROOT / "docs" / "performance.md"


def _sections(results: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and table of each part that was measured."""
    if "calls" in results:
        yield "goals", tables.goals_table(results)
    for row, figures in results.get("calls", {}).items():
        yield row.replace(" ", "-"), tables.calls_table(figures)
    if "cold" in results:
        cold = {name: each for name, each in results["cold"].items() if isinstance(each, dict)}
        yield "cold", tables.cold_table(cold) if cold else f"failed: {results['cold'].get('error')}"
    if "memory" in results:
        yield "memory", tables.memory_table(results["memory"])
    if "waits" in results:
        yield "waits", tables.waits_table(results["waits"])
    yield "machine", tables.machine_table(results["meta"])


def text(results: dict[str, Any]) -> str:
    """For a terminal."""
    return "\n\n".join(f"## {name}\n{table}" for name, table in _sections(results))


def write(results: dict[str, Any]) -> None:
    """Replace the tables of the page and draw the plots; the words around the tables are people's."""
    from benchmarks import plots

    page = PAGE.read_text(encoding="utf-8")
    for name, table in _sections(results):
        begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
        pattern = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(page):
            raise LookupError(f"{PAGE.name} has no place for the table {name!r}")
        page = pattern.sub(lambda _: f"{begin}\n\n{table}\n\n{end}", page)  # noqa: B023 - called at once
    PAGE.write_text(page, encoding="utf-8")
    plots.draw(results, PAGE.parent / "images")
