"""`run`: place a call."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from autocall_otp import AutocallError, Client, OtpCall, mask_number, normalize_number
from autocall_otp._cli import settings
from autocall_otp._cli.codes import read_code
from autocall_otp._cli.exits import Exit, code_for
from autocall_otp._cli.output import Output, command_to_wait, ending
from autocall_otp._cli.records import DEFAULT_WAIT, Seconds, show_record, wait_for


def run(  # noqa: PLR0913 - one parameter for each option
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The phone number, in any spelling.")],
    *,
    code_stdin: Annotated[bool, typer.Option("--code-stdin", help="Read the code from stdin.")] = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make up a code; it is heard, never printed.")] = False,
    length: Annotated[int, typer.Option(min=4, max=12, metavar="N", help="Its number of digits.")] = 6,
    ref_id: Annotated[str | None, typer.Option(metavar="TEXT", help="Your reference; else one is made.")] = None,
    campaign: settings.CampaignOption = None,
    template: settings.TemplateOption = None,
    international: Annotated[bool, typer.Option("--international", help="Other countries' numbers, too.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the call is over.")] = False,
    timeout: Seconds = DEFAULT_WAIT,
    host: settings.HostOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Place a call that reads a code aloud.

    The code comes from stdin, from AUTOCALL_CODE, or from a prompt.
    """
    out = Output(as_json=as_json, ref_id="--ref-id")
    with ending(out):
        found = settings.load(host=host, config=config, campaign_uuid=campaign, template=template)
        found.require("host", "token", "campaign_uuid", "template")
        if ref_id and not ref_id.isprintable():
            out.fail("--ref-id: must consist of letters that can be printed, to look the call up by", Exit.USAGE)
        dialled = normalize_number(number, allow_international=international)
        with found.client() as client:
            code = read_code(out, from_stdin=code_stdin, generate=generate, length=length)
            reference = str(uuid4()) if ref_id is None else ref_id
            call = place(out, client, dialled, code, reference, placed=Exit.NO_RECORD if wait else Exit.DONE)
            if wait:
                follow(out, client, call.ref_id if call else reference, timeout)
            elif not call:
                out.note(f"what became of the call: {command_to_wait(reference)}")


def follow(out: Output, client: Client, reference: str, timeout: float) -> None:
    """Wait for a call's record. Without one, what is known of the phone stays as it is."""
    record = wait_for(out, client, reference, timeout)
    out.phone = Exit.DONE
    show_record(out, record, reference)


def place(  # noqa: PLR0913 - what a call is placed with
    out: Output, client: Client, number: str, code: str, reference: str, *, placed: Exit
) -> OtpCall | None:
    """Ask for a call, after which `placed` is true of the phone; None where it is in doubt. Else leave the command."""
    # First of all, so that the call can be looked up even if this process is killed in the next moment.
    if out.as_json:
        out.line("placing", ref_id=reference, phone_number=mask_number(number))
    out.note(f"placing a call to {mask_number(number)}, ref_id {reference}")
    if out.lost:
        out.fail("no call is placed, since nobody could read its ref_id", Exit.FAILED)
    out.phone, out.calling = Exit.MAY_HAVE_RUNG, reference
    try:
        call = client.run_otp(number, code, ref_id=reference, allow_international=True)
    except AutocallError as error:
        out.phone = code_for(error, places_a_call=True)
        out.error(error, out.phone)
        if out.phone is Exit.MAY_HAVE_RUNG:
            return None
        out.calling = None
        raise typer.Exit(out.phone) from None
    out.phone = placed
    shown = call.to_dict(masked=True)
    if out.as_json:
        out.line("call", **shown | {"phone_number": mask_number(number)})
    else:
        out.say("the call is placed", "green")
        out.facts({"to": mask_number(number), "ref_id": call.ref_id, "call_id": shown["call_id"]})
    return call
