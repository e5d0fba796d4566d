"""Getting the code that the call reads aloud, without its ever standing on a command line."""

from __future__ import annotations

import secrets
import sys

import typer

from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output
from autocall_otp._config import from_environment

VARIABLE = "AUTOCALL_CODE"
_TOO_LONG = 1024


def read_code(out: Output, *, from_stdin: bool, generate: bool, length: int) -> str:
    """The code: from stdin, made here, from the environment, or asked for without echo."""
    if from_stdin and generate:
        out.fail("--code-stdin and --generate: give one of them", Exit.USAGE)
    if generate:
        return make_code(length)
    if from_stdin:
        return sys.stdin.readline(_TOO_LONG).rstrip("\r\n")
    if (code := from_environment(VARIABLE)) is not None:
        return code
    if not sys.stdin.isatty():
        out.fail(f"no code: give it with --code-stdin or {VARIABLE}, or use --generate", Exit.USAGE)
    answer: str = typer.prompt("Code to read aloud", hide_input=True, err=True)
    return answer


def make_code(length: int) -> str:
    """A code of so many digits, which nobody can guess."""
    return "".join(secrets.choice("0123456789") for _ in range(length))
