"""Printing: for people on a terminal or in a pipe, or one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from autocall_otp._cli.exits import Exit, code_for
from autocall_otp._errors import ApiError, AutocallError
from autocall_otp._secrets import Json


def plain(text: object) -> str:
    """The text without anything that a terminal would obey: part of it comes from the service."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))


class Output:
    """Where a command prints. Results go to stdout, all else to stderr; with JSON everything goes to stdout."""

    def __init__(self, *, as_json: bool) -> None:
        """Look at the terminals once: rich drops colour where there is none, or where NO_COLOR is set."""
        self.as_json = as_json
        self.out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.err = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)

    @property
    def is_live(self) -> bool:
        """Whether somebody watches, so that a moving display makes sense."""
        return self.err.is_terminal and not self.err.is_dumb_terminal and not self.as_json

    def line(self, kind: str, **fields: Json) -> None:
        """One JSON object, at once: whoever reads the pipe may be waiting for it."""
        sys.stdout.write(json.dumps({"type": kind} | fields) + "\n")
        sys.stdout.flush()

    def say(self, text: str, style: str = "") -> None:
        """A result, for people."""
        self.out.print(Text(plain(text), style))

    def note(self, text: str, style: str = "") -> None:
        """Something beside the result, for people."""
        if not self.as_json:
            self.err.print(Text(plain(text), style))

    def facts(self, facts: dict[str, object]) -> None:
        """Names and values in two columns; what is not known is left out."""
        for name, value in facts.items():
            if value is not None:
                self.out.print(Text.assemble((f"{name:<10}", "dim"), plain(value)))

    def error(self, error: AutocallError, code: Exit, *, outcome: str | None = None) -> None:
        """What went wrong; an SDK's error holds no secret."""
        if not self.as_json:
            self.err.print(Text(plain(f"autocall-otp: {error}"), "red"))
            return
        self.line(
            "error",
            error=type(error).__name__,
            message=str(error),
            outcome=outcome,
            ref_id=error.ref_id,
            retryable=error.retryable,
            status_code=error.status_code if isinstance(error, ApiError) else None,
            exit_code=int(code),
        )

    def fail(self, message: str, code: Exit, *, outcome: str | None = None, ref_id: str | None = None) -> NoReturn:
        """End the command with a message of its own."""
        if self.as_json:
            self.line(
                "error",
                error=code.name,
                message=message,
                outcome=outcome,
                ref_id=ref_id,
                retryable=False,
                status_code=None,
                exit_code=int(code),
            )
        else:
            self.err.print(Text(plain(f"autocall-otp: {message}"), "red"))
        raise typer.Exit(code)


@contextmanager
def ending_well(out: Output) -> Generator[None]:
    """Turn errors of look-ups and settings into a message and an exit code."""
    try:
        yield
    except AutocallError as error:
        code = code_for(error, places_a_call=False)
        out.error(error, code)
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        out.fail("interrupted", Exit.INTERRUPTED)


@contextmanager
def never_as_failed(out: Output, code: Exit) -> Generator[None]:
    """Once a call was asked for, whatever breaks must not end with 1, which says that no phone rings."""
    try:
        yield
    except typer.Exit:
        raise
    except OSError as error:
        # Nobody reads on. What is left in the buffer would fail again when Python ends, and change the exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        out.err.print(Text(plain(f"autocall-otp: cannot print: {error.strerror}"), "red"))
        raise typer.Exit(code) from None
    except Exception as error:  # noqa: BLE001 - see above
        out.err.print(Text(f"autocall-otp: {type(error).__name__}, a bug in this command", "red"))
        raise typer.Exit(code) from None
