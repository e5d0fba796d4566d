"""`doctor`: whether a call would get through, what to do where not, and what the answers look like."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.text import Text

from autocall_otp import _arguments
from autocall_otp._cli import settings
from autocall_otp._cli.checks import Check, examine, look_up
from autocall_otp._cli.codes import make_code
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, ending_well, never_as_failed, plain
from autocall_otp._cli.recording.files import Target, UnusableFileError
from autocall_otp._cli.recording.recorder import Recording
from autocall_otp._cli.run import ring
from autocall_otp._config import DEFAULT_WAIT

_MARKS = {"ok": ("ok     ", "green"), "failed": ("failed ", "bold red"), "skipped": ("skipped", "yellow")}
_CODE_LENGTH = 6

_RecordOption = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Write the shape of all answers, no value."),
]
_RefIdOption = Annotated[
    str | None,
    typer.Option("--ref-id", metavar="TEXT", help="Record an earlier call's record, too."),
]
_NumberOption = Annotated[
    str | None,
    typer.Option("--place-call-to", metavar="NUMBER", help="Ring this phone, record that, too."),
]


def doctor(  # noqa: PLR0913 - one parameter for each option
    *,
    record: _RecordOption = None,
    ref_id: _RefIdOption = None,
    place_call_to: _NumberOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
    campaign: settings.CampaignOption = None,
    template: settings.TemplateOption = None,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Check name, TLS, clock and token; places no call unless told to."""
    out = Output(as_json=as_json)
    if record is None and (ref_id is not None or place_call_to is not None or force):
        out.fail("--ref-id, --place-call-to and --force need --record FILE", Exit.USAGE)
    with ending_well(out):
        found = settings.load(host=host, config=config, campaign_uuid=campaign, template=template)
        found.require("host", "token")
        if record is None:
            failed = _show(out, examine(found))
        else:
            if ref_id is not None:
                _arguments.ref_id(ref_id)
            if place_call_to is not None:
                found.require("campaign_uuid", "template")
                _arguments.normalize_number(place_call_to, allow_international=False)
            failed = _record(out, found, record, force=force, ref_id=ref_id, number=place_call_to)
    if failed:
        raise typer.Exit(Exit.FAILED)


def _show(out: Output, checks: Iterable[Check]) -> bool:
    """Print each check as it is done; return whether one failed."""
    failed = False
    for check in checks:
        failed = failed or check.status == "failed"
        if out.as_json:
            out.line("check", name=check.name, status=check.status, detail=check.detail, advice=check.advice)
            continue
        word, style = _MARKS[check.status]
        out.out.print(Text.assemble((word, style), f"  {check.name:10}  {plain(check.detail)}"))
        if check.advice:
            out.out.print(Text(f"{'':21}{plain(check.advice)}", "bold"))
    return failed


def _record(  # noqa: PLR0913 - one for each option
    out: Output, found: settings.Settings, path: Path, *, force: bool, ref_id: str | None, number: str | None
) -> bool:
    """Do the checks and what else was asked for, and write the shape of all of it; return whether a check failed."""
    # Trust or a proxy that cannot be used: the client knows how to say so.
    found.client().close()
    recording, rang = Recording(), False
    found = attrs.evolve(found, transport=recording.transport)
    try:
        target = Target(path, force=force)
    except UnusableFileError as error:
        out.fail(str(error), Exit.USAGE)
    with target:
        try:
            failed = _show(out, examine(found))
            if ref_id is not None:
                failed = _show(out, [look_up(found, ref_id)]) or failed
            if number is not None and failed:
                out.note("no call is placed: mend what failed first", "yellow")
            elif number is not None:
                rang = True
                _ring(out, found, number)
        finally:
            # What went wrong is what the recording is for.
            with never_as_failed(out, Exit.MAY_HAVE_RUNG if rang else Exit.FAILED):
                _save(out, target, recording, Exit.MAY_HAVE_RUNG if rang else Exit.FAILED)
    return failed


def _ring(out: Output, found: settings.Settings, number: str) -> None:
    code = make_code(_CODE_LENGTH)
    with found.client() as client:
        ring(out, client, number, code, _arguments.new_ref_id(), international=False, wait=DEFAULT_WAIT)


def _save(out: Output, target: Target, recording: Recording, broken: Exit) -> None:
    if not recording.exchanges:
        out.note(f"{target.path} is not written: no request was sent", "yellow")
        return
    try:
        text = target.save(recording)
    except UnusableFileError as error:
        out.fail(str(error), broken)
    if out.as_json:
        out.line("recording", path=str(target.path), exchanges=[*recording.exchanges])
        return
    # The file's own text: words of closed lists, and names that JSON has escaped.
    out.out.print(Text(text.rstrip()))
    out.note(f"{target.path} holds the lines above: no value, but names of fields. Read them before you send it.")
