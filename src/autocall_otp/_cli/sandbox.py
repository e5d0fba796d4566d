"""`sandbox`: run the stand-in for the service."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output
from autocall_otp._cli.settings import JsonOption

if TYPE_CHECKING:
    from types import FrameType

    from autocall_otp.sandbox.server import Server

DEFAULT_PORT = 8025


def sandbox(  # noqa: PLR0913 - one parameter for each option
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = DEFAULT_PORT,
    token: Annotated[str | None, typer.Option(help="Bearer token to ask for.", show_default="sandbox")] = None,
    speed: Annotated[float, typer.Option(min=0, help="Sandbox seconds per second; 0 stops the clock.")] = 1.0,
    auto_answer: Annotated[bool, typer.Option(help="Ordinary numbers answer by themselves.")] = True,
    db: Annotated[Path | None, typer.Option(help="SQLite file that keeps the calls.")] = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="List the special numbers and exit.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a stand-in for the service: it takes calls, shows their codes, and rings no phone."""
    out = Output(as_json=as_json)
    try:
        from autocall_otp.sandbox.server import Server, is_loopback  # noqa: PLC0415 - an extra of its own
        from autocall_otp.sandbox.switchboard import Switchboard  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        out.fail(str(error), Exit.USAGE)
    if numbers:
        _print_numbers(out)
        return
    try:
        board = Switchboard(speed=speed, auto_answer=auto_answer, path=db)
        server = Server(board, host=host, port=port, token=token or "sandbox")
    except ValueError as error:
        out.fail(str(error), Exit.USAGE)
    except OSError as error:
        out.fail(f"cannot listen on {host}:{port}: {error.strerror}. Choose another --host or --port.", Exit.USAGE)
    if not is_loopback(host):
        out.note(
            f"Warning: listening on {host}: whoever reaches this machine sees every code and number"
            " and steers the calls, without a password.",
            "bold yellow",
        )
    # uvicorn hands SIGTERM on once it has shut down; that is then a proper end.
    signal.signal(signal.SIGTERM, _end)
    try:
        if not quiet:
            _greet(out, server, token)
        server.serve_here()
    except KeyboardInterrupt:
        pass
    finally:
        board.close()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit()


def _greet(out: Output, server: Server, token: str | None) -> None:
    log = logging.getLogger("autocall_otp.sandbox")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    if out.as_json:
        out.line("sandbox", url=server.url)
        return
    shown = "…the --token that you gave" if token else "sandbox"
    out.out.print(Text.assemble(("Autocall OTP sandbox", "bold"), f": open {server.url}/ to see the calls."))
    out.say("Ctrl-C stops it.")
    out.say("")
    out.say("Point your program at it:")
    out.say(f"  export AUTOCALL_API_HOST={server.url}")
    out.say(f"  export AUTOCALL_TOKEN={shown}")
    out.say("")


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
