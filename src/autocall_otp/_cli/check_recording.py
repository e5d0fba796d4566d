"""`check-recording`: where the service, as recorded, and the contract differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output
from autocall_otp._cli.recording.files import UnusableFileError, read
from autocall_otp._cli.settings import JsonOption

if TYPE_CHECKING:
    from autocall_otp._cli.recording.differences import Difference


def check_recording(
    file: Annotated[Path, typer.Argument(help="What `doctor --record` wrote.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Compare a recording with the contract; sends nothing."""
    out = Output(as_json=as_json)
    try:
        from autocall_otp._cli.recording.differences import differences  # noqa: PLC0415 - an extra of its own
        from autocall_otp.sandbox.contract import provider_contract  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        out.fail(f"check-recording needs {error.name}: pip install 'autocall-otp[sandbox]'", Exit.USAGE)
    try:
        recording = read(file)
    except UnusableFileError as error:
        out.fail(str(error), Exit.USAGE)
    found = differences(recording, provider_contract().document)
    for each in found:
        _show(out, each)
    answers = sum("status" in exchange for exchange in recording.exchanges)
    failures = len(recording.exchanges) - answers
    out.note(f"different answers: {answers}, failures to get one: {failures}, differences: {len(found)}")
    if found:
        raise typer.Exit(Exit.FAILED)


def _show(out: Output, each: Difference) -> None:
    if out.as_json:
        told = {"field": each.field, "differs": each.kind, "contract": each.says, "seen": each.seen}
        basis = "inferred" if each.inferred else "page"
        out.line("difference", operation=each.operation, status=each.status, **told, basis=basis)
        return
    out.say(f"{each.operation} {each.status}, {each.field or 'the answer as a whole'}: {each.kind}", "bold")
    out.say(f"  contract  {each.says} ({'inferred' if each.inferred else 'from the page'})")
    out.say(f"  seen      {each.seen}")
