"""The subcommands of `autocall-otp`."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from types import FrameType

    from autocall_otp.sandbox.server import Server

app = typer.Typer(
    name="autocall-otp",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would print codes and tokens.
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_out = Console()
_err = Console(stderr=True)

DEFAULT_PORT = 8025
USAGE_ERROR = 2


@app.callback()
def autocall_otp() -> None:
    """Voice one-time codes: place the call once, learn how it went."""


@app.command()
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
) -> None:
    """Run a stand-in for the service: it takes calls, shows their codes, and rings no phone."""
    try:
        from autocall_otp.sandbox.server import Server, is_loopback  # noqa: PLC0415 - an extra of its own
        from autocall_otp.sandbox.switchboard import Switchboard  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        _fail(str(error))
    if numbers:
        _print_numbers()
        return
    try:
        board = Switchboard(speed=speed, auto_answer=auto_answer, path=db)
        server = Server(board, host=host, port=port, token=token or "sandbox")
    except ValueError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"cannot listen on {host}:{port}: {error.strerror}. Choose another --host or --port.")
    if not is_loopback(host):
        _err.print(
            f"[bold yellow]Warning:[/] listening on {host}: whoever reaches this machine sees every code and number"
            " and steers the calls, without a password.",
            soft_wrap=True,
        )
    # uvicorn hands SIGTERM on once it has shut down; that is then a proper end.
    signal.signal(signal.SIGTERM, _end)
    try:
        if not quiet:
            _greet(server, token)
        server.serve_here()
    except KeyboardInterrupt:
        pass
    finally:
        board.close()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _greet(server: Server, token: str | None) -> None:
    log = logging.getLogger("autocall_otp.sandbox")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    shown = "sandbox" if token is None else "…the --token that you gave"
    _out.print(f"[bold]Autocall OTP sandbox[/]: open {server.url}/ to see the calls. Ctrl-C stops it.\n")
    _out.print("Point your program at it:", highlight=False)
    _out.print(f"  export AUTOCALL_API_HOST={server.url}", highlight=False, soft_wrap=True)
    _out.print(f"  export AUTOCALL_TOKEN={shown}\n", highlight=False, soft_wrap=True)


def _print_numbers() -> None:
    from autocall_otp.sandbox.numbers import NUMBERS  # noqa: PLC0415 - an extra of its own

    table = Table("Number", "What happens", "What the SDK makes of it", box=None, pad_edge=False)
    for number in NUMBERS:
        table.add_row(number.phone_number, number.happens.replace("`", ""), number.outcome.replace("`", ""))
    _out.print(table)
    _out.print("\nEvery other number rings after 2 s, is answered at 7 s and ends at 15 s.", highlight=False)


def _fail(message: str) -> NoReturn:
    _err.print(f"autocall-otp: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(USAGE_ERROR)
