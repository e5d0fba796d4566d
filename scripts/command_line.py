"""Print what a user of the command may rely on, as JSON: commands, options, arguments, exit codes.

It reads the package that PYTHONPATH leads to, so that `breaking.py` can ask it about any tree.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any

import typer


def parts(command: Any, name: str) -> dict[str, dict[str, object]]:  # noqa: ANN401 - Typer's own copy of Click
    """Each command, option and argument below, under the words that a user types."""
    found: dict[str, dict[str, object]] = {name: {}}
    place = 0
    for each in command.params:
        said = str(each.type)
        about = {
            "required": each.required,
            "takes": type(each.type).__name__ if " at 0x" in said else said,
            "default": repr(each.default),
            "many": each.nargs != 1 or each.multiple,
        }
        if each.param_type_name == "argument":
            place += 1
            found[f"{name} <argument {place}>"] = about
        else:
            found |= {f"{name} {word}": about for word in (*each.opts, *each.secondary_opts)}
    for word, below in getattr(command, "commands", {}).items():
        found |= parts(below, f"{name} {word}")
    return found


def exit_codes() -> dict[str, dict[str, object]]:
    """What the exit codes are called, and their numbers."""
    if importlib.util.find_spec("autocall_otp._cli") is None:
        return {}
    # Imported here: PYTHONPATH chooses the tree to look at.
    from autocall_otp._cli.exits import Exit  # noqa: PLC0415 - see above

    return {f"exit code {each.name}": {"number": each.value} for each in Exit}


def main() -> None:
    """Print them."""
    from autocall_otp import cli  # noqa: PLC0415 - as above

    if cli.app is None:
        sys.exit("the command cannot be read: the extra `cli` is not installed")
    print(json.dumps(parts(typer.main.get_command(cli.app), "autocall-otp") | exit_codes()))


if __name__ == "__main__":
    main()
