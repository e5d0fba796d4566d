"""`doctor`: whether a call would get through, what to do where not, and what the answers look like."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import uuid4

import typer
from rich.text import Text

from autocall_otp import ApiError, AutocallError, Client, Outcome, mask_number, normalize_number
from autocall_otp._cli import settings
from autocall_otp._cli.checks import Check, examine, look_up
from autocall_otp._cli.codes import make_code
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, ending, plain
from autocall_otp._cli.recorder import Recorder
from autocall_otp._cli.recording import UnusableFileError, as_text, shapes_of, take_place
from autocall_otp._cli.records import DEFAULT_WAIT
from autocall_otp._cli.run import follow, place
from autocall_otp._operations.arguments import read_reference

_INDENT = 21
_MARKS = {"ok": "green", "failed": "bold red", "unknown": "yellow"}
_REFUSALS = {400, 409, 422}  # the others are turned away before anybody looks at the ref_id

_Record = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the shapes of all answers, no value.")]
_PlaceCallTo = Annotated[str | None, typer.Option(metavar="NUMBER", help="Then ring your own phone; asks first.")]


def doctor(  # noqa: PLR0913 - one parameter for each option
    *,
    place_call_to: _PlaceCallTo = None,
    twice: Annotated[bool, typer.Option("--twice", help="And ask for the same call again; asks first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ring without asking.")] = False,
    record: _Record = None,
    ref_id: Annotated[str | None, typer.Option(metavar="TEXT", help="Look this call's record up, too.")] = None,
    campaign: settings.CampaignOption = None,
    template: settings.TemplateOption = None,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Find out whether a call would get through.

    It checks settings, name, TLS, clock and token, and rings no phone.
    """
    out = Output(as_json=as_json, ref_id="--ref-id")
    with ending(out), ExitStack() as stack:
        found = settings.load(host=host, config=config, campaign_uuid=campaign, template=template)
        # Settings, trust or a proxy that cannot be used: the client knows how to say so.
        found.client().close()
        number = None if place_call_to is None else normalize_number(place_call_to, allow_international=True)
        if ref_id is not None:
            read_reference(ref_id)
        if twice and number is None:
            out.fail("--twice needs --place-call-to NUMBER", Exit.USAGE)
        recorder = Recorder(found.url)
        stack.callback(recorder.end)
        if record is not None:
            try:
                file = stack.enter_context(take_place(record))
            except UnusableFileError as error:
                out.fail(str(error), Exit.USAGE)
            # Written whatever happens: a failure is what the recording is for.
            stack.callback(_save, out, record, file, recorder)
        checks = _show(out, examine(found, recorder))
        if ref_id is not None:
            checks += _show(out, [look_up(found, recorder, ref_id, recorded=record is not None)])
        failed = any(check.status == "failed" for check in checks)
        if number is not None and not failed:
            _ring(out, stack.enter_context(found.client(transport=recorder)), number, twice=twice, yes=yes)
        elif number is not None:
            out.note("no call is placed: fix what failed first", "yellow")
        elif unknown := [check.name for check in checks if check.status == "unknown"]:
            out.note(f"not proved: {', '.join(unknown)}", "yellow")
        if failed:
            raise typer.Exit(Exit.FAILED)


def _show(out: Output, checks: Iterable[Check]) -> list[Check]:
    """Print each check as it is done."""
    done: list[Check] = []
    for check in checks:
        done.append(check)
        if out.as_json:
            out.line("check", name=check.name, status=check.status, detail=check.detail, advice=check.advice)
            continue
        # On a terminal, a line that goes on does so under its beginning.
        width = max(30, out.out.width - _INDENT) if out.out.is_terminal else sys.maxsize
        begin = Text.assemble((f"{check.status:7}", _MARKS[check.status]), f"  {check.name:10}  ")
        for text, style in ((check.detail, ""), (check.advice or "", "bold")):
            for line in textwrap.wrap(plain(text), width):
                out.out.print(begin + Text(line, style))
                begin = Text(" " * _INDENT)
    return done


def _ring(out: Output, client: Client, number: str, *, twice: bool, yes: bool) -> None:
    """Place a call and follow it; and ask for the same call again, to see what the service makes of it."""
    masked, code, reference = mask_number(number), make_code(), str(uuid4())
    if not out.confirm(f"Ring {masked} now?", yes=yes):
        out.note("no call is placed", "yellow")
        return
    call = place(out, client, number, code, reference, placed=Exit.NO_RECORD)
    follow(out, client, call.ref_id if call else reference, DEFAULT_WAIT)
    question = f"Ask for the same call again, with the same ref_id? {masked} may ring a second time."
    if not twice or not call or not out.confirm(question, yes=yes):
        return
    out.phone = Exit.MAY_HAVE_RUNG
    try:
        again = client.run_otp(number, code, ref_id=reference, allow_international=True)
    except AutocallError as error:
        refused = isinstance(error, ApiError) and error.status_code in _REFUSALS
        in_doubt = error.outcome is Outcome.UNKNOWN
        out.phone = Exit.MAY_HAVE_RUNG if in_doubt else Exit.DONE
        made_of_it = "refused" if refused else "in doubt" if in_doubt else "nothing is known of the repeat"
        check = Check("repeat", "ok" if refused else "unknown", f"{made_of_it}: {error}")
    else:
        out.phone = Exit.DONE
        same = again.call_id == call.call_id
        rang = not same if yes else out.confirm("Did it ring a second time?", yes=False, end=not same)
        made_of_it = "dialled again" if rang else "answered as before, without a second ring"
        check = Check("repeat", "ok", f"{made_of_it}; the call_id is {'the same' if same else 'another'}")
    _show(out, [check])


def _save(out: Output, path: Path, file: BinaryIO, recorder: Recorder) -> None:
    exchanges = shapes_of(recorder.exchanges)
    text = as_text(exchanges)
    try:
        file.write(text.encode() if exchanges else b"")
        file.flush()
    except OSError as error:
        out.fail(f"{path}: cannot be written: {error.strerror}", Exit.FAILED)
    if not exchanges:
        path.unlink()
        out.note(f"{path} is not written: no request was sent", "yellow")
        return
    if out.as_json:
        out.line("recording", path=str(path), exchanges=exchanges)
        return
    # The file's own text: words of closed lists, and names that JSON has escaped.
    out.out.print(Text(text.rstrip()))
    out.note(f"{path} holds the lines above: no value, but names of fields. Read them before you send it.")
