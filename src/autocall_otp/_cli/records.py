"""`cdr` and `wait`: the record of a call."""

from __future__ import annotations

from typing import Annotated

import typer

from autocall_otp._cli import settings
from autocall_otp._cli.output import Output, ending
from autocall_otp._cli.waiting import show_record, wait_for

DEFAULT_WAIT = 120.0
RefId = Annotated[str, typer.Argument(metavar="REF_ID", help="The reference that the call was placed with.")]
Seconds = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait in all.")]


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
