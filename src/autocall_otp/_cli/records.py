"""`cdr` and `wait`: the record of a call, and waiting for it, with a view of the call where somebody watches."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from autocall_otp import Cdr, Client, WaitProgress
from autocall_otp._cli import settings
from autocall_otp._cli.output import Output, ending, plain

DEFAULT_WAIT, _SHORTEST_WAIT, _LONGEST_WAIT = 120.0, 0.1, 2_147_483
RefId = Annotated[str, typer.Argument(metavar="REF_ID", help="The reference that the call was placed with.")]


def _in_bounds(seconds: float) -> float:
    if not _SHORTEST_WAIT <= seconds <= _LONGEST_WAIT:  # as NaN is, which would pass Click's own bounds
        raise typer.BadParameter(f"must be from {_SHORTEST_WAIT} to {_LONGEST_WAIT} (24 days)")
    return seconds


Seconds = Annotated[float, typer.Option(callback=_in_bounds, metavar="SECONDS", help="How long to wait, 0.1 or more.")]


def cdr(
    ref_id: RefId,
    *,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Show the record of a call."""
    out = Output(as_json=as_json)
    with ending(out), settings.load(host=host, config=config).client() as client:
        show_record(out, client.get_cdr(ref_id), ref_id)


def wait(
    ref_id: RefId,
    *,
    timeout: Seconds = DEFAULT_WAIT,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Wait until a call is over, and show its record."""
    out = Output(as_json=as_json)
    with ending(out), settings.load(host=host, config=config).client() as client:
        show_record(out, wait_for(out, client, ref_id, timeout), ref_id)


def stage(record: Cdr | None) -> str:
    """Where a call stands, as far as its record says."""
    if record is None:
        return "no record yet"
    if record.finished:
        return str(record.to_dict(masked=True)["status"] or "ended")
    if record.time_answered is not None:
        return "talking"
    return "ringing" if record.time_ringing is not None else "under way"


def wait_for(out: Output, client: Client, ref_id: str, timeout: float) -> Cdr:
    """Wait for the record of a call, and show how it goes."""

    def report(progress: WaitProgress) -> None:
        out.line(
            "progress",
            ref_id=ref_id,
            stage=stage(progress.record),
            look_ups=progress.look_ups,
            elapsed=round(progress.elapsed, 3),
            remaining=round(progress.remaining, 3),
            reason=progress.reason,
        )

    if not out.is_live:
        return client.wait_for_cdr(ref_id, timeout=timeout, progress=report if out.as_json else None)
    # The spinner is one that every terminal has the letters for.
    columns = (SpinnerColumn("line"), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=out.err, transient=True) as view:
        task = view.add_task("looking the call up")

        def draw(progress: WaitProgress) -> None:
            words = f"{stage(progress.record)}, up to {timeout:g} s, {progress.look_ups} look-ups"
            view.update(task, description=plain(words))

        return client.wait_for_cdr(ref_id, timeout=timeout, progress=draw)


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
            "status": stage(record),
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
