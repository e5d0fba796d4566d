"""`run`: place a call."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from autocall_otp import _arguments
from autocall_otp._cli import settings
from autocall_otp._cli.codes import read_code
from autocall_otp._cli.exits import Exit, code_for
from autocall_otp._cli.output import Output, ending_well, never_as_failed
from autocall_otp._cli.records import Seconds
from autocall_otp._cli.waiting import show_record, wait_for
from autocall_otp._client import Client
from autocall_otp._config import DEFAULT_WAIT
from autocall_otp._errors import AutocallError
from autocall_otp._secrets import mask_number
from autocall_otp.models import OtpCall

_RefIdOption = Annotated[str | None, typer.Option("--ref-id", metavar="TEXT", help="Your reference; else one is made.")]


def run(  # noqa: PLR0913 - one parameter for each option
    number: Annotated[str, typer.Argument(help="The phone number: 0…, 84… or +84….", show_default=False)],
    *,
    code_stdin: Annotated[bool, typer.Option("--code-stdin", help="Read the code from stdin.")] = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make up a code; it is heard, never printed.")] = False,
    length: Annotated[int, typer.Option(min=4, max=12, metavar="N", help="Its number of digits.")] = 6,
    ref_id: _RefIdOption = None,
    campaign: settings.CampaignOption = None,
    template: settings.TemplateOption = None,
    international: Annotated[bool, typer.Option("--international", help="Other countries' numbers, too.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the call is over.")] = False,
    timeout: Seconds = DEFAULT_WAIT,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Place a call that reads a code aloud: from stdin, AUTOCALL_CODE or a prompt."""
    out = Output(as_json=as_json)
    with ending_well(out):
        found = settings.load(host=host, config=config, campaign_uuid=campaign, template=template)
        found.require("host", "token", "campaign_uuid", "template")
        reference = _arguments.new_ref_id() if ref_id is None else _arguments.ref_id(ref_id)
        _arguments.normalize_number(number, allow_international=international)
        with found.client() as client:
            code = read_code(out, from_stdin=code_stdin, generate=generate, length=length)
            _arguments.code_otp(code)
            ring(out, client, number, code, reference, international=international, wait=timeout if wait else None)


def ring(  # noqa: PLR0913 - what a call is placed with
    out: Output, client: Client, number: str, code: str, reference: str, *, international: bool, wait: float | None
) -> None:
    """Place a call, and wait for its record if told for how long; leave with an exit code unless all is well."""
    _announce(out, number, reference)
    with never_as_failed(out, Exit.MAY_HAVE_RUNG):
        reference, doubt = _place(out, client, number, code, reference, international=international)
    if wait is None:
        raise typer.Exit(doubt or Exit.DONE)
    with never_as_failed(out, doubt or Exit.NO_RECORD):
        _follow(out, client, reference, wait, doubt)


def _announce(out: Output, number: str, reference: str) -> None:
    """First of all, so that the call can be looked up even if this process is killed in the next moment."""
    if out.as_json:
        out.line("placing", ref_id=reference, phone_number=mask_number(number))
    else:
        out.note(f"calling {mask_number(number)}, ref_id {reference}")


def _place(  # noqa: PLR0913 - what a call is placed with
    out: Output, client: Client, number: str, code: str, reference: str, *, international: bool
) -> tuple[str, Exit | None]:
    """Ask for the call; return the reference to look it up by, and an exit code where the phone may not ring."""
    try:
        call = client.run_otp(number, code, ref_id=reference, allow_international=international)
    except AutocallError as error:
        exit_code = code_for(error, places_a_call=True)
        out.error(error, exit_code, outcome=error.outcome.name)
        if exit_code is not Exit.MAY_HAVE_RUNG:
            raise typer.Exit(exit_code) from None
        return reference, exit_code
    except KeyboardInterrupt:
        advice = f"interrupted: the phone may ring; look it up: {_command_to_wait(reference)}"
        out.fail(advice, Exit.MAY_HAVE_RUNG, outcome="UNKNOWN", ref_id=reference)
    _show_call(out, call, number)
    return call.ref_id, None


def _show_call(out: Output, call: OtpCall, number: str) -> None:
    shown = call.to_dict(masked=True)
    if out.as_json:
        out.line("call", phone_number=mask_number(number), **shown)
    else:
        out.say("the call is placed", "green")
        out.facts({"to": mask_number(number), "ref_id": call.ref_id, "call_id": shown["call_id"]})


def _follow(out: Output, client: Client, reference: str, timeout: float, doubt: Exit | None) -> None:
    """Wait for the record. It ends a doubt; without it the doubt stays, and a call that was placed stays placed."""
    exit_code, outcome = doubt or Exit.NO_RECORD, "UNKNOWN" if doubt else "PLACED"
    try:
        record = wait_for(out, client, reference, timeout)
    except AutocallError as error:
        out.error(error, exit_code, outcome=outcome)
        raise typer.Exit(exit_code) from None
    except KeyboardInterrupt:
        advice = f"no longer waiting; go on with: {_command_to_wait(reference)}"
        out.fail(advice, exit_code, outcome=outcome, ref_id=reference)
    show_record(out, record, reference)


def _command_to_wait(reference: str) -> str:
    """To be pasted into a shell as it stands."""
    return shlex.join(["autocall-otp", "wait", *(["--"] if reference.startswith("-") else []), reference])
