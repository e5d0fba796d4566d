"""The subcommands of `autocall-otp`, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from autocall_otp._cli.check_recording import check_recording
from autocall_otp._cli.config import config
from autocall_otp._cli.doctor import doctor
from autocall_otp._cli.exits import EPILOG, LONG_EPILOG
from autocall_otp._cli.records import cdr, wait
from autocall_otp._cli.run import run
from autocall_otp._cli.sandbox import sandbox
from autocall_otp._version import __version__

app = typer.Typer(
    name="autocall-otp",
    no_args_is_help=True,
    # A traceback with local variables would print codes and tokens.
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    # Without frames: each command's help fits a screen of 80 by 24.
    rich_markup_mode=None,
    epilog=LONG_EPILOG,
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - Typer passes the option's value by position
    if value:
        typer.echo(f"autocall-otp {__version__}")
        raise typer.Exit


@app.callback()
def autocall_otp(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Voice one-time codes: place the call once, learn how it went."""


for command in (run, cdr, wait, doctor, config, sandbox, check_recording):
    app.command(epilog=EPILOG)(command)
