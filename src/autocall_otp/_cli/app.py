"""The subcommands of `autocall-otp`, put together, with examples under the help of each."""

from __future__ import annotations

from typing import Annotated

import typer

from autocall_otp import __version__
from autocall_otp._cli.check_recording import check_recording
from autocall_otp._cli.doctor import doctor
from autocall_otp._cli.exits import EPILOG, LONG_EPILOG
from autocall_otp._cli.records import cdr, wait
from autocall_otp._cli.run import run
from autocall_otp._cli.sandbox import demo, sandbox
from autocall_otp._cli.settings import config


def _epilog(words: str, *examples: str) -> str:
    lines = "\n".join(f"  autocall-otp {example}" for example in examples)
    # The backspace is Click's mark for a paragraph whose lines stay as they are.
    return f"{words}\n\n\b\nExamples:\n{lines}"


app = typer.Typer(
    name="autocall-otp",
    no_args_is_help=True,
    # A traceback with local variables would print codes and tokens.
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    # Without frames, which are drawn with letters that not every terminal has.
    rich_markup_mode=None,
    epilog=_epilog(LONG_EPILOG, "demo", "sandbox", "run 0900000001 --generate --wait", "doctor"),
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


for command, *examples in (
    (run, "run 0900000001 --generate --wait", "run '+84 900 000 001' --code-stdin --json < code.txt"),
    (cdr, "cdr ABC123", "cdr ABC123 --json"),
    (wait, "wait ABC123 --timeout 60"),
    (doctor, "doctor", "doctor --place-call-to 0900000001 --twice", "doctor --record shapes.json"),
    (config, "config", "config --template otp_script_02"),
    (sandbox, "sandbox", "sandbox --port 0 --speed 10", "sandbox --numbers"),
    (demo, "demo"),
    (check_recording, "check-recording shapes.json"),
):
    app.command(epilog=_epilog(EPILOG, *examples))(command)
