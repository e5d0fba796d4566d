"""The plots of docs/performance.md, as SVG that is the same for the same figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from benchmarks.contenders import BASELINE, CONTENDERS, OURS

_OURS, _OTHERS, _BASE = "#0b6e4f", "#9aa5b1", "#444444"
_LINES = ("#0b6e4f", "#e07a1f", "#3b6fb6", "#8e44ad", "#b03a2e", "#7f8c8d")


def _settle() -> None:
    mpl.use("svg")
    # Text stays text: smaller files, and a reader's own font.
    mpl.rcParams.update(
        {"svg.hashsalt": "autocall-otp", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False}
        | {"axes.spines.right": False, "figure.constrained_layout.use": True}
    )


def _save(folder: Path, name: str) -> None:
    path = folder / f"performance-{name}.svg"
    plt.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close()
    # Matplotlib leaves blanks at line ends.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def _label(name: str) -> str:
    return CONTENDERS[name].label if name in CONTENDERS else name


def _color(name: str) -> str:
    if name.startswith(OURS):
        return _OURS
    return _BASE if name == BASELINE else _OTHERS


def _bars(axes: Axes, figures: dict[str, dict[str, float]], title: str) -> None:
    names = sorted(figures, key=lambda name: figures[name]["median"])
    medians = [figures[name]["median"] for name in names]
    errors = [
        [figures[name]["median"] - figures[name]["low"] for name in names],
        [figures[name]["high"] - figures[name]["median"] for name in names],
    ]
    axes.barh(
        [_label(name) for name in names], medians, xerr=errors, color=[_color(name) for name in names], height=0.7
    )
    axes.axvline(1.0, color=_BASE, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([])
    axes.set_xticks([], minor=True)
    for place, (median, high) in enumerate(zip(medians, (figures[name]["high"] for name in names), strict=True)):
        axes.text(max(high, 0.05) * 1.08, place, f"{median:.2f}", va="center", fontsize=8)
    axes.set_xlim(min(*medians, 0.5) * 0.7, max(medians) * 2.2)
    axes.set_title(title, loc="left", fontsize=10)


def _calls(calls: dict[str, Any], folder: Path) -> None:
    figure, grid = plt.subplots(2, 2, figsize=(10, 7.5))
    figure.suptitle("calls a second, as multiples of naïve httpx", fontsize=11)
    titles = {"sync": "sync, one at a time", "async 1": "async, one at a time"}
    for axes, (row, figures) in zip(grid.flat, calls.items(), strict=False):
        able = {name: each["ratio"] for name, each in figures.items() if "ratio" in each}
        _bars(axes, able, titles.get(row, f"{row.replace(' ', ', ')} in flight"))
    _save(folder, "calls")


def _cold(cold: dict[str, Any], folder: Path) -> None:
    able = {name: each["ratio"] for name, each in cold.items() if isinstance(each, dict) and "ratio" in each}
    _, axes = plt.subplots(figsize=(7, 4))
    _bars(axes, able, "cold import beyond bare Python, × `import httpx`")
    _save(folder, "cold")


def _curves(curves: dict[str, list[tuple[int, Any]]], words: tuple[str, str, str], folder: Path, name: str) -> None:
    title, across, up = words
    _, axes = plt.subplots(figsize=(6.5, 4))
    for (who, points), color in zip(curves.items(), _LINES, strict=False):
        axes.plot(*zip(*points, strict=True), marker="o", markersize=4, label=_label(who), color=color)
    axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    axes.set_title(title, loc="left", fontsize=10)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,.15g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(frameon=False, fontsize=8)
    _save(folder, name)


def _growth(growth: dict[str, Any], folder: Path) -> None:
    words = {
        "in flight": ("how cost grows with calls in flight", "calls in flight", "CPU µs a call"),
        "size": ("how cost grows with the size of a record (sync)", "bytes of the record", "CPU µs a call"),
    }
    for what, grown in growth.items():
        curves = {
            name: [(int(step), at["cpu"]["median"]) for step, at in each["steps"].items() if "cpu" in at]
            for name, each in grown.items()
        }
        filled = {name: points for name, points in curves.items() if points}
        _curves(filled, words[what], folder, what.replace(" ", "-"))


def _waits(waits: dict[str, Any], folder: Path) -> None:
    runs = {name: {int(n): run for n, run in each["runs"].items() if "cpu" in run} for name, each in waits.items()}
    curves = {name: [(n, run["cpu"]) for n, run in each.items()] for name, each in runs.items() if each}
    _curves(curves, ("waits in flight at once on one client", "waits", "CPU seconds in all"), folder, "waits")


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draw what was measured."""
    _settle()
    folder.mkdir(parents=True, exist_ok=True)
    for name, plot in (("calls", _calls), ("cold", _cold), ("growth", _growth), ("waits", _waits)):
        if name in results:
            plot(results[name], folder)
