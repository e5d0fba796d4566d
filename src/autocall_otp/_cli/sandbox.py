"""`sandbox` and `demo`: the stand-in for the service, where no phone rings."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from autocall_otp import Client
from autocall_otp._cli.codes import make_code
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, ending, install
from autocall_otp._cli.records import show_record
from autocall_otp._cli.settings import JsonOption

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox

_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}
_CAMPAIGN, _TEMPLATE = "f77dfcf4-0759-4179-93cb-741f481a776e", "otp_script_01"

Repeated = Enum("Repeated", {"DIAL": "dial", "REPLAY": "replay", "REFUSE": "refuse"})
"""What a call with a `ref_id` that was used before gets; see `Sandbox`."""


def sandbox(  # noqa: PLR0913 - one parameter for each option
    *,
    host: Annotated[str, typer.Option(metavar="NAME", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Port; 0 takes a free one.")] = 8025,
    token: Annotated[str, typer.Option(metavar="TEXT", help="Bearer token to ask for.")] = "sandbox",  # noqa: S107 - the sandbox shows it to everybody
    speed: Annotated[float, typer.Option(min=0, metavar="N", help="Speed of its clock; 0 stops it.")] = 1.0,
    no_auto_answer: Annotated[bool, typer.Option("--no-auto-answer", help="Calls ring until you answer.")] = False,
    repeated_ref_id: Annotated[
        Repeated, typer.Option(metavar="WHAT", help="A ref_id used before: dial, replay or refuse.")
    ] = Repeated.DIAL,
    db: Annotated[Path | None, typer.Option(metavar="FILE", help="SQLite file that keeps the calls.")] = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="List the special test numbers and exit.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a stand-in for the service; no phone rings.

    It takes calls, shows their codes on a page, and keeps their records.
    """
    out = Output(as_json=as_json)
    sandbox_class = _import_sandbox(out)
    if numbers:
        with ending(out):  # which leaves the command
            _print_numbers(out)
    # A request to terminate is a proper end, as Ctrl-C is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with sandbox_class(
            host=host,
            port=port,
            token=token,
            speed=speed,
            auto_answer=not no_auto_answer,
            db=db,
            repeated_ref_id=repeated_ref_id.value,
        ) as running:
            if host not in _THIS_MACHINE:
                danger = "everybody who reaches this machine sees every code and number, and steers the calls"
                out.note(f"Warning: listening on {host}: {danger}.", "bold yellow")
            if not quiet:
                _greet(out, running)
            while True:
                time.sleep(3600)
    except ValueError as error:
        out.fail(str(error), Exit.USAGE)
    except OSError as error:
        advice = "Choose another --host or --port. With --port 0 it takes a free one."
        out.fail(f"cannot listen on {host}:{port}: {error.strerror}. {advice}", Exit.USAGE)
    except KeyboardInterrupt:
        pass


def demo(*, as_json: JsonOption = False) -> None:
    """Place a call on a sandbox, and show how it goes.

    It takes 15 to 25 seconds. No phone rings, and nothing leaves this machine.
    """
    out = Output(as_json=as_json)
    with ending(out):
        sandbox_class = _import_sandbox(out)
        _log_calls()
        with (
            sandbox_class() as sandbox,
            Client(sandbox.url, sandbox.token, campaign_uuid=_CAMPAIGN, template=_TEMPLATE) as client,
        ):
            if as_json:
                out.line("sandbox", url=sandbox.url)
            out.note(f"No phone rings: a sandbox on this machine takes the call. {sandbox.url}/ shows its code.")
            call = client.run_otp("0332665711", make_code())
            show_record(out, client.wait_for_cdr(call), call.ref_id)


def _import_sandbox(out: Output) -> type[Sandbox]:
    """The sandbox, which is an extra of its own; where it is not installed, the command ends with how to do so."""
    try:
        from autocall_otp.sandbox import Sandbox  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        out.fail(f"the sandbox needs {error.name}: {install('sandbox')}", Exit.USAGE)
    return Sandbox


def _log_calls() -> None:
    """Show each call to its end, and each failed request, on stderr."""
    log = logging.getLogger("autocall_otp.sandbox")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def _greet(out: Output, running: Sandbox) -> None:
    _log_calls()
    if out.as_json:
        out.line("sandbox", url=running.url)
        return
    settings = {
        "AUTOCALL_API_HOST": running.url,
        "AUTOCALL_TOKEN": running.token if running.token == "sandbox" else "the --token that you gave",  # noqa: S105 # nosec B105 - see above
        "AUTOCALL_CAMPAIGN_UUID": _CAMPAIGN,
        "AUTOCALL_TEMPLATE": _TEMPLATE,
    }
    set_one = "$env:{}={}" if os.name == "nt" else "export {}={}"
    to_paste = [set_one.format(name, shlex.quote(value)) for name, value in settings.items()]
    to_paste.append(f"{_this_command()} run 0900000001 --generate --wait")
    title = f": open {running.url}/ to see the calls. Ctrl-C stops it."
    out.out.print(Text.assemble(("Autocall OTP sandbox", "bold"), title))
    for line in ("", "Paste this into a second terminal:", "", *(f"  {line}" for line in to_paste), ""):
        out.say(line)


def _this_command() -> str:
    """How this very command is started, also where its environment is not activated."""
    if sys.prefix == sys.base_prefix:
        return "autocall-otp"
    script = Path(sys.prefix, "Scripts" if os.name == "nt" else "bin", "autocall-otp")
    words = [str(script)] if script.exists() else [sys.executable, "-m", "autocall_otp"]
    return shlex.join(words)


def _print_numbers(out: Output) -> None:
    from autocall_otp.sandbox.numbers import NUMBERS  # noqa: PLC0415 - an extra of its own

    table = Table("Number", "What happens", "What the SDK makes of it", box=None, pad_edge=False)
    for number in NUMBERS:
        happens, outcome = number.happens.replace("`", ""), number.outcome.replace("`", "")
        table.add_row(number.phone_number, happens, outcome)
        if out.as_json:
            out.line("number", phone_number=number.phone_number, name=number.name, happens=happens, outcome=outcome)
    if not out.as_json:
        out.out.print(table)
        out.say("")
        out.say("Every other number rings after 2 s, is answered at 7 s and ends at 15 s.")
