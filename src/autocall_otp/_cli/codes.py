"""Getting the code that the call reads aloud, without its ever standing on a command line."""

from __future__ import annotations

import getpass
import os
import secrets
import sys

from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output

VARIABLE = "AUTOCALL_CODE"
_TOO_LONG = 1024


def read_code(out: Output, *, from_stdin: bool, generate: bool, length: int) -> str:
    """The code: from stdin, made here, from the environment, or asked for without echo."""
    if from_stdin and generate:
        out.fail("--code-stdin and --generate: give one of them", Exit.USAGE)
    if generate:
        return make_code(length)
    if from_stdin:
        return _no_empty(out, sys.stdin.readline(_TOO_LONG).rstrip("\r\n"))
    if code := os.environ.get(VARIABLE):
        return code
    if not sys.stdin or not sys.stdin.isatty():
        out.fail(f"no code: give it with --code-stdin or {VARIABLE}, or use --generate", Exit.USAGE)
    try:
        return _no_empty(out, getpass.getpass("Code to read aloud: "))
    except EOFError:
        return _no_empty(out, "")


def _no_empty(out: Output, code: str) -> str:
    return code or out.fail("no code was given", Exit.USAGE)


def make_code(length: int = 6) -> str:
    """A code of so many digits, which nobody can guess."""
    return "".join(secrets.choice("0123456789") for _ in range(length))
