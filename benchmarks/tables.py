"""The tables of the report, as Markdown that also reads well in a terminal."""

from collections.abc import Iterable
from typing import Any

from benchmarks.contenders import CONTENDERS, OURS
from benchmarks.goals import goals

# From here on a figure may be the server's, not the contender's.
_SERVER_BUSY = 0.85


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table, its columns lined up; the first one to the left, the others to the right."""
    cells = [[str(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    ruler = [f"{'-' * (width - 1)}{':' if column else '-'}" for column, width in enumerate(widths)]
    lined = (
        [
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in cells
    )
    head_line, *rest = (f"| {' | '.join(line)} |" for line in lined)
    return "\n".join([head_line, f"| {' | '.join(ruler)} |", *rest])


def label(name: str) -> str:
    """How a contender is called; ours stand out."""
    who, comma, more = name.partition(",")
    words = (CONTENDERS[who].label if who in CONTENDERS else who) + comma + more
    return f"**{words}**" if name.startswith(OURS) else words


def times(spread: dict[str, float]) -> str:
    """A multiple with its quartiles."""
    return f"{spread['median']:.2f} ({spread['low']:.2f} – {spread['high']:.2f})"


def goals_table(results: dict[str, Any]) -> str:
    """Each goal with its figure."""
    verdicts = {True: "met", False: "**not met**", None: "not measured"}
    return table(
        ("goal", "bound", "figure", "verdict"),
        (
            (
                goal.words,
                f"{'≥' if goal.at_least else '≤'} {goal.bound:g}{goal.unit}",
                "–" if goal.figure is None else f"{goal.figure:.2f}{goal.unit}",
                verdicts[goal.met],
            )
            for goal in goals(results)
        ),
    )


_CALLS = (
    *("× naïve httpx (quartiles)", "place", "fetch"),
    *("calls/s", "CPU µs/call", "× less CPU", "server busy", "read into"),
)


def _calls_line(name: str, each: dict[str, Any]) -> tuple[str, ...]:
    if "ratio" not in each:
        return (label(name), *("–",) * (len(_CALLS) - 1), f"failed: {each['error'][:90]}")
    busy = each["server"]["median"]
    return (
        label(name),
        f"{'≥ ' if busy > _SERVER_BUSY else ''}{times(each['ratio'])}",
        *(f"{each[what]['median']:.2f}" for what in ("post", "get")),
        f"{each['rate']['median']:,.0f}",
        f"{each['cpu']['median']:.0f}",
        f"{each['cpu ratio']['median']:.2f}",
        f"{busy:.0%}",
        ", ".join(each["objects"]),
    )


def calls_table(row: dict[str, Any]) -> str:
    """One kind of use, the fastest first; those without figures at the end, with the reason."""
    able = sorted((name for name in row if "ratio" in row[name]), key=lambda name: -row[name]["ratio"]["median"])
    names = [*able, *(name for name in row if name not in able)]
    return table(("", *_CALLS), (_calls_line(name, row[name]) for name in names))


def cold_table(cold: dict[str, Any]) -> str:
    """Imports, the quickest first."""
    able = sorted((name for name in cold if "ms" in cold[name]), key=lambda name: cold[name]["ms"]["median"])
    lines = [
        (
            label(name),
            f"{cold[name]['ms']['median']:.1f}",
            times(cold[name]["ratio"]) if "ratio" in cold[name] else "–",
        )
        for name in able
        if name != "python"
    ]
    lines += [(label(name), "failed: " + cold[name]["error"], "–") for name in cold if "error" in cold[name]]
    return table(("", "ms", "× `import httpx` (quartiles)"), lines)


def memory_table(memory: dict[str, Any]) -> str:
    """What one more client takes."""
    rows = (
        (label(name), *(f"{each[which] / 1024:.0f} KiB" for which in ("fresh", "used")))
        for name, each in memory.items()
    )
    return table(("", "a fresh client", "one that has made a call"), rows)


def waits_table(waits: dict[str, Any]) -> str:
    """Waits in flight."""
    lines: list[tuple[str, ...]] = []
    for name, each in waits.items():
        for number, run in each["runs"].items():
            if "error" in run:
                lines.append((label(name), f"{int(number):,}", f"failed: {run['error']}", *("–",) * 5))
                continue
            counts = (f"{run[what]:,.0f}" for what in ("look-ups", "opened"))
            took = (f"{run['cpu']:.2f}", f"{run['seconds']:.1f}", f"{run['peak'] / 1e6:.0f} MB", str(run["failed"]))
            lines.append((label(name), f"{int(number):,}", *counts, *took))
        if each["exponent"] is not None:
            lines.append((label(name), "growth", "–", "–", f"n^{each['exponent']:.2f}", "–", "–", "–"))
    head = ("", "waits", "look-ups", "connections", "CPU s", "s", "peak memory", "failed")
    return table(head, lines)


def machine_table(meta: dict[str, Any]) -> str:
    """Where and with what."""
    versions = {name: version for name, version in meta["versions"].items() if name != "python"}
    lines = [*meta["machine"].items(), ("rounds", f"{meta['rounds']} of {meta['seconds']} s"), ("date", meta["date"])]
    return table(("", "this run"), [*lines, *sorted(versions.items())])
