"""Waiting for a record, with a view of the call where somebody watches."""

from __future__ import annotations

import time

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from autocall_otp._cli.output import Output, plain
from autocall_otp._client import Client
from autocall_otp._secrets import hide_in_words
from autocall_otp.models import Cdr, WaitProgress


class _View:
    """How the call stands, drawn anew several times a second."""

    def __init__(self, ref_id: str, timeout: float) -> None:
        self._ref_id, self._timeout = ref_id, timeout
        self._start = time.monotonic()
        self._last: WaitProgress | None = None

    def update(self, progress: WaitProgress) -> None:
        """Keep what the last look-up found."""
        self._last = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        elapsed = min(time.monotonic() - self._start, self._timeout)
        grid = Table.grid(padding=1)
        grid.add_row(
            Text(stage(self._last.record if self._last else None), "bold"),
            ProgressBar(total=self._timeout, completed=elapsed, width=24),
            Text(f"{elapsed:.0f} s of {self._timeout:g} s"),
            Text(f"{self._last.look_ups if self._last else 0} look-ups", "dim"),
        )
        yield grid
        yield Text(plain(f"{self._ref_id}: {self._last.reason if self._last else 'looking it up'}"), "dim")


def stage(record: Cdr | None) -> str:
    """Where a call stands, as far as its record tells."""
    if record is None:
        return "no record yet"
    if record.finished:
        return str(record.status or "ended")
    if record.time_answered is not None:
        return "talking"
    return "ringing" if record.time_ringing is not None else "under way"


def wait_for(out: Output, client: Client, ref_id: str, timeout: float) -> Cdr:
    """Wait for the record of a call, and show how it goes."""

    def tell(progress: WaitProgress) -> None:
        out.line(
            "progress",
            ref_id=ref_id,
            stage=stage(progress.record),
            look_ups=progress.look_ups,
            elapsed=round(progress.elapsed, 3),
            remaining=round(progress.remaining, 3),
            reason=progress.reason,
        )

    if out.as_json:
        return client.wait_for_cdr(ref_id, timeout=timeout, progress=tell)
    if not out.is_live:
        return client.wait_for_cdr(ref_id, timeout=timeout)
    view = _View(ref_id, timeout)
    with Live(view, console=out.err, transient=True, refresh_per_second=8):
        return client.wait_for_cdr(ref_id, timeout=timeout, progress=view.update)


def show_record(out: Output, record: Cdr, ref_id: str) -> None:
    """Print a record: a few facts for people, every field for programs."""
    shown = record.to_dict(masked=True)
    if out.as_json:
        out.line("record", ref_id=ref_id, **shown)
        return
    if not record.finished:
        out.note("the call is not over yet", "yellow")
    out.facts(
        {
            "status": hide_in_words(stage(record), record.raw.secrets()),
            "answered": "yes" if record.answered else "no",
            "duration": None if record.duration is None else f"{record.duration} s",
            "talk": None if record.billsec is None else f"{record.billsec} s",
            "cause": shown["cause"],
            "to": shown["to_number"],
            "from": shown["from_number"],
            "started": shown["time_started"],
            "picked up": shown["time_answered"],
            "ended": shown["time_ended"],
            "ref_id": ref_id,
            "call_id": shown["id"],
        }
    )
