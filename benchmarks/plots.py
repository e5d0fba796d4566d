"""The plots of docs/performance.md, as SVG that is the same for the same figures."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.contenders import BASELINE, CONTENDERS, OURS

_OURS, _OTHERS, _BASE = "#0b6e4f", "#9aa5b1", "#444444"


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


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draw what was measured."""
    _settle()
    folder.mkdir(parents=True, exist_ok=True)
    for name, plot in (("calls", _calls), ("cold", _cold)):
        if name in results:
            plot(results[name], folder)
