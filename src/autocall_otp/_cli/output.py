"""Printing, for people or one JSON object a line; and every way in which a command ends."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, NoReturn, TextIO

import typer
from rich.console import Console
from rich.text import Text

from autocall_otp import ApiError, AutocallError
from autocall_otp._cli.exits import Exit, code_for


def plain(text: object) -> str:
    """The text without anything that a terminal would obey: part of it comes from the service."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))


def install(extra: str) -> str:
    """How to install an extra, from an index and in a checkout."""
    return f"pip install 'autocall-otp[{extra}]' (in a checkout: pip install '.[{extra}]')"


def command_to_wait(ref_id: str) -> str:
    """To be pasted into a shell as it stands."""
    return shlex.join(["autocall-otp", "wait", *(["--"] if ref_id.startswith("-") else []), ref_id])


class Stream:
    """stdout or stderr. What cannot be written is kept in mind and never raised: it says nothing of the phone."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever rich asks of a file
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write at once: a program at the other end of a pipe may be waiting."""
        if self._stream is None:
            self.error = OSError(errno.EBADF, os.strerror(errno.EBADF))
        elif not self.error:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError as error:
                self.error = error
                # What is left in the buffer would fail again when Python ends, and change the exit code.
                with suppress(OSError, ValueError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        return len(text)

    def flush(self) -> None:
        """It is done."""

    def isatty(self) -> bool:
        """Whether people read it on a terminal."""
        return bool(self._stream and self._stream.isatty())


class Output:
    """Where a command prints. Results go to stdout, all else to stderr; with JSON everything goes to stdout.

    `ref_id` is the word that the command has for a reference.
    """

    phone: Exit | None = None
    """The exit code that is true of the phone from now on; None as long as no call was asked for."""
    calling: str | None = None
    """The reference of that call."""
    has_failed: bool = False
    """Whether an error was printed."""
    latest: ClassVar[Output | None] = None
    """The newest one, for what ends the process."""

    def __init__(self, *, as_json: bool, ref_id: str = "REF_ID") -> None:
        Output.latest = self
        self.as_json = as_json
        self._arguments = {"phone_number": "NUMBER", "code_otp": "the code", "ref_id": ref_id, "timeout": "--timeout"}
        self._streams = [Stream(sys.stdout), Stream(sys.stderr)]
        self.out, self.err = (
            Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)  # type: ignore[arg-type] # all that rich asks for
            for stream in self._streams
        )

    @property
    def lost(self) -> str | None:
        """Why something could not be printed; None where all was."""
        return next((str(stream.error.strerror) for stream in self._streams if stream.error), None)

    @property
    def is_live(self) -> bool:
        """Whether somebody watches, so that a moving display makes sense."""
        return self.err.is_terminal and not self.err.is_dumb_terminal and not self.as_json

    def line(self, kind: str, **fields: object) -> None:
        """One JSON object."""
        self._streams[0].write(json.dumps({"type": kind} | fields) + "\n")

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

    def confirm(self, question: str, *, yes: bool, end: bool = False) -> bool:
        """Ask on stderr, and read the answer from stdin, whose end counts as no unless told otherwise."""
        self.err.print(Text(plain(f"{question} [y/N] {'y' if yes else ''}")), end="\n" if yes else "")
        answer = "" if yes or not sys.stdin else sys.stdin.readline(100)
        return yes or (answer.strip().lower() in {"y", "yes"} if answer else end)

    def error(self, error: AutocallError, code: Exit) -> None:
        """What went wrong, in the command's words; an SDK's error holds no secret."""
        argument, colon, why = str(error).partition(": ")
        why = re.sub(r"allow_international\S*", "--international", why)
        self._print_error(
            self._arguments.get(argument, argument) + colon + why,
            code,
            error=type(error).__name__,
            ref_id=error.ref_id or self.calling,
            retryable=error.retryable,
            status_code=error.status_code if isinstance(error, ApiError) else None,
        )

    def fail(self, message: str, code: Exit) -> NoReturn:
        """End the command with a message of its own; with the exit code that is true of the phone, if there is one."""
        code = self.phone if self.phone is not None else code
        self._print_error(message, code, error=code.name, ref_id=self.calling, retryable=False, status_code=None)
        raise typer.Exit(code)

    def _print_error(self, message: str, code: Exit, **fields: object) -> None:
        self.has_failed = True
        if self.as_json:
            outcome = None if self.phone is None else self.phone.outcome.name
            self.line("error", message=message, outcome=outcome, exit_code=int(code), **fields)
        else:
            self.err.print(Text(plain(f"autocall-otp: {message}"), "red"))


@contextmanager
def ending(out: Output) -> Generator[None]:
    """End the command with an exit code that is true of the phone, whatever happened, and with a line that says why."""
    # A second Ctrl-C would end the process while the first is dealt with. Outside the main thread none arrives.
    with suppress(ValueError):
        signal.signal(signal.SIGINT, _interrupt_once)
    code = Exit.DONE
    try:
        try:
            yield
            code = out.phone or Exit.DONE
        except typer.Exit as ended:
            code = Exit(ended.exit_code)
        except AutocallError as error:
            code = code_for(error, places_a_call=False) if out.phone is None else out.phone
            out.error(error, code)
        except Exception as error:
            if out.phone is None:
                raise
            code = out.phone
            with suppress(typer.Exit):
                out.fail(f"{type(error).__name__}, a bug in this command", code)
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED if out.phone is None else out.phone
        advice = f"; what became of the call: {command_to_wait(out.calling)}" if out.calling else ""
        with suppress(typer.Exit):
            out.fail(f"interrupted{advice}", code)
    if out.lost:
        out.err.print(Text(f"autocall-otp: cannot print: {out.lost}", "red"))
        code = out.phone if out.phone is not None else code or Exit.FAILED
    raise typer.Exit(code)


def _interrupt_once(*_: object) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
