"""The command `autocall-otp`; it needs the extra `cli` or `sandbox`, and says so when neither is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer import Typer

app: Typer | None
try:
    from autocall_otp._cli.app import app as _app
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"click", "platformdirs", "rich", "typer"}:
        raise
    app, _missing = None, error.name
else:
    app, _missing = _app, None


def main() -> None:
    """Run the command; exits with 2 when a package that it needs is missing."""
    if app is None:
        sys.stderr.write(
            f"autocall-otp: {_missing} is missing. Install the command with\n"
            "  pip install 'autocall-otp[cli]'\n"
            "or, with the sandbox in it,\n"
            "  pip install 'autocall-otp[sandbox]'\n"
        )
        sys.exit(2)
    app()


__all__ = ["app", "main"]
