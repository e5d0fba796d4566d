"""`doctor`: whether a call would get through, and what to do where it would not."""

from __future__ import annotations

import typer
from rich.text import Text

from autocall_otp._cli import settings
from autocall_otp._cli.checks import Check, examine
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, ending_well, plain

_MARKS = {"ok": ("ok     ", "green"), "failed": ("failed ", "bold red"), "skipped": ("skipped", "yellow")}


def doctor(
    *,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Check name, TLS, clock and token; places no call."""
    out = Output(as_json=as_json)
    failed = False
    with ending_well(out):
        found = settings.load(host=host, config=config)
        found.require("host", "token")
        for check in examine(found):
            failed = failed or check.status == "failed"
            _show(out, check)
    if failed:
        raise typer.Exit(Exit.FAILED)


def _show(out: Output, check: Check) -> None:
    if out.as_json:
        out.line("check", name=check.name, status=check.status, detail=check.detail, advice=check.advice)
        return
    word, style = _MARKS[check.status]
    out.out.print(Text.assemble((word, style), f"  {check.name:10}  {plain(check.detail)}"))
    if check.advice:
        out.out.print(Text(f"{'':21}{plain(check.advice)}", "bold"))
