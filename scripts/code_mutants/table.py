"""What is known beforehand (tests/mutants.toml), and what is told afterwards (docs/contract.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "autocall_otp"
KNOWN = ROOT / "tests" / "mutants.toml"
PAGE = ROOT / "docs" / "contract.md"
CORE = ("_flow.py", "_operations.py", "models.py", "_errors.py")
HELPERS = (
    "_answers.py", "_arguments.py", "_config.py", "_secrets.py", "_payload.py", "_token.py", "_lanes.py", "_watch.py",
    "_lifetime.py", "_drive.py", "_transport.py", "_direct.py", "_engine.py", "_curl.py", "_curl_transports.py",
    "_client.py", "_log.py", "_log_filter.py", "__init__.py", "__main__.py", "_version.py", "pytest_plugin.py",
)  # fmt: skip
_BEGIN, _END = "<!-- code mutants: begin -->", "<!-- code mutants: end -->"
_HEADER = (
    "| module | mutants | killed | of these by a time limit | survived | of these with a reason | rate |\n"
    "|---|--:|--:|--:|--:|--:|--:|"
)


@attrs.frozen
class Survivor:
    """A mutant that no test can tell from the original, or that need not be told from it, and why."""

    module: str
    place: str
    diff: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by, wherever its lines move to."""
        return self.module, self.place, self.diff


@attrs.frozen
class Row:
    """What became of a module's mutants."""

    module: str
    mutants: int
    killed: int
    timed_out: int
    with_reason: int

    @property
    def survived(self) -> int:
        """How many no test noticed."""
        return self.mutants - self.killed

    @property
    def cells(self) -> list[str]:
        """The line of the table; the rate is rounded down, so that 100 % means all."""
        rate = f"{self.killed * 1000 // max(self.mutants, 1) / 10:.1f} %"
        numbers = [self.mutants, self.killed, self.timed_out, self.survived, self.with_reason]
        return [self.module, *map(str, numbers), rate]


def known() -> tuple[list[str], list[Survivor]]:
    """The test files to leave out, and the survivors that have a reason."""
    table = tomllib.loads(KNOWN.read_text(encoding="utf-8"))
    survivors = [
        Survivor(group["module"], group["place"], diff.strip(), group["reason"])
        for group in table["survivors"]
        for diff in group["diffs"]
    ]
    return [entry["path"] for entry in table["left_out"]], survivors


def modules(names: Iterable[str]) -> list[str]:
    """The modules that are meant: by name, by folder, `core`, `helpers`; all where none is named."""
    every = sorted(str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py"))
    first = [*CORE, *HELPERS]
    every.sort(key=lambda module: first.index(module) if module in first else len(first))
    wanted = set[str]()
    for name in names:
        found = _GROUPS.get(name) or [each for each in every if each.removesuffix(".py") == name.removesuffix(".py")]
        found = found or [each for each in every if each.startswith(f"{name.rstrip('/')}/")]
        if not found:
            raise SystemExit(
                f"{name}: no such module below {SOURCE.relative_to(ROOT)}; also core and helpers are known"
            )
        wanted.update(found)
    return [module for module in every if module in wanted or not wanted]


_GROUPS: Mapping[str, tuple[str, ...]] = {"core": CORE, "helpers": HELPERS}


def replaced(page: str, rows: Iterable[Row], survivors: Iterable[Survivor]) -> str:
    """The page with the rows of these modules put in place of those that it had; the others stay."""
    before, begin, _, end, after = _parted(page)
    found = told(page) | {row.module: row for row in rows}
    ordered = [found[module] for module in modules([]) if module in found]
    groups = {
        "core": [row for row in ordered if row.module in CORE],
        "helpers": [row for row in ordered if row.module in HELPERS],
        "sandbox": [row for row in ordered if row.module.startswith("sandbox/")],
        "command line": [row for row in ordered if row.module.startswith(("_cli/", "cli."))],
        "all": ordered,
    }
    sums = [_sum(name, of_group) for name, of_group in groups.items() if of_group]
    lines = [f"| {' | '.join(cells)} |" for cells in [row.cells for row in ordered] + sums]
    text = "\n".join([_HEADER, *lines, "", *_reasons(survivors)]).rstrip()
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def told(page: str) -> dict[str, Row]:
    """The rows that the page has, by module."""
    lines = [line.strip("|") for line in _parted(page)[2].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {name: Row(name, *map(int, (mutants, killed, timed_out, reasons)))
            for name, mutants, killed, timed_out, _, reasons, _ in cells if name.endswith(".py")}  # fmt: skip


def _parted(page: str) -> tuple[str, str, str, str, str]:
    before, begin, rest = page.partition(_BEGIN)
    table, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost the marks around its table of mutants")
    return before, begin, table, end, after


def _sum(name: str, rows: list[Row]) -> list[str]:
    columns = (sum(row.mutants for row in rows), sum(row.killed for row in rows), sum(row.timed_out for row in rows))
    return [f"**{cell}**" for cell in Row(name, *columns, sum(row.with_reason for row in rows)).cells]


def _reasons(survivors: Iterable[Survivor]) -> Iterable[str]:
    order = {module: index for index, module in enumerate(modules([]))}
    ordered = sorted(survivors, key=lambda survivor: order.get(survivor.module, -1))
    for module, of_module in groupby(ordered, key=lambda survivor: survivor.module):
        yield f"Survivors of `{module}`:\n"
        for (place, reason), group in groupby(of_module, key=lambda survivor: (survivor.place, survivor.reason)):
            changes = list(group)
            yield f"- `{place}`, {len(changes)}: {reason}"
        yield ""
