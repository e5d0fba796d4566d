"""The command `autocall-otp`; it needs the extra `cli` or `sandbox`, and says so when neither is there."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from typer import Typer

INTERRUPTED = 130
"""The exit code that Typer gives for Ctrl-C."""
app: Typer | None
try:
    from autocall_otp._cli.app import app as _app
except ModuleNotFoundError as _error:
    if (_error.name or "").partition(".")[0] not in {"click", "platformdirs", "rich", "typer"}:
        raise
    app, _missing = None, _error.name
else:
    app, _missing = _app, None


def main() -> None:
    """Run the command; exits with 2 when a package that it needs is missing."""
    for stream in (sys.stdout, sys.stderr):
        # What the encoding of a terminal or a pipe has no letter for is written as an escape.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if app is None:
        sys.stderr.write(
            f"autocall-otp: {_missing} is missing. Install the command with\n"
            "  pip install 'autocall-otp[cli]'\n"
            "or, with the sandbox in it,\n"
            "  pip install 'autocall-otp[sandbox]'\n"
            "In a checkout: pip install '.[cli]' or pip install '.[sandbox]'\n"
        )
        sys.exit(2)
    from autocall_otp._cli.output import Output, Stream  # noqa: PLC0415 - what it needs may be missing

    try:
        code = app(standalone_mode=False)
    except Exception as error:
        # A wrong option; newer releases of Typer have a copy of Click, so its classes cannot be named here.
        usage = cast("Any", error)
        if not hasattr(error, "format_message"):
            raise
        if not _printed_as_json("USAGE", usage.format_message(), code := 2):
            usage.show(Stream(sys.stderr))
    if code == INTERRUPTED:
        # A Ctrl-C outside the command, just before or after it, must not hide what is known of the phone.
        out = Output.latest
        code = out.phone if out and out.phone is not None else code
        if not out or not out.has_failed:
            _printed_as_json("INTERRUPTED", "interrupted", code)
    sys.exit(code)


def _printed_as_json(name: str, message: str, code: int) -> bool:
    """Print an error as JSON, if JSON was asked for; return whether it was."""
    if "--json" not in sys.argv:
        return False
    from autocall_otp._cli.output import Stream  # noqa: PLC0415 - as above

    line: dict[str, object] = {"type": "error", "error": name, "message": message, "exit_code": code}
    line |= {"outcome": None, "ref_id": None, "retryable": False, "status_code": None}
    Stream(sys.stdout).write(json.dumps(line) + "\n")
    return True


__all__ = ["app", "main"]
