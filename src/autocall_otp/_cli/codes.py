"""Getting the code that the call reads aloud, without its ever standing on a command line."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from contextlib import suppress

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
    code = os.environ.get(VARIABLE, "")
    if from_stdin:
        code = sys.stdin.readline(_TOO_LONG).rstrip("\r\n") if sys.stdin else ""
    elif not code:
        if not sys.stdin or not sys.stdin.isatty():
            out.fail(f"no code: give it with --code-stdin or {VARIABLE}, or use --generate", Exit.USAGE)
        with suppress(EOFError):
            code = getpass.getpass("Code to read aloud: ")
    return code or out.fail("no code was given", Exit.USAGE)


def make_code(length: int = 6) -> str:
    """A code of so many digits, which nobody can guess."""
    return "".join(secrets.choice("0123456789") for _ in range(length))
