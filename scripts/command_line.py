"""Print what a user of the command may rely on, as JSON: commands, options, arguments, exit codes.

It reads the package that PYTHONPATH leads to, so that `breaking.py` can ask it about any tree.
"""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import typer

from autocall_otp import cli


def parts(command: Any, name: str) -> Iterator[tuple[str, dict[str, object]]]:  # noqa: ANN401 - Typer's copy of Click
    """Each command, option and argument below, under the words that a user types."""
    yield name, {}
    arguments = 0
    for each in command.params:
        said = str(each.type)
        takes = type(each.type).__name__ if " at 0x" in said else said
        many = each.nargs != 1 or each.multiple
        about = {"required": each.required, "takes": takes, "default": repr(each.default), "many": many}
        if each.param_type_name == "argument":
            arguments += 1
            yield f"{name} <argument {arguments}>", about
        else:
            yield from ((f"{name} {word}", about) for word in (*each.opts, *each.secondary_opts))
    for word, below in getattr(command, "commands", {}).items():
        yield from parts(below, f"{name} {word}")


if __name__ == "__main__":
    found = dict(parts(typer.main.get_command(cli.app), "autocall-otp")) if cli.app else {}
    if find_spec("autocall_otp._cli"):
        from autocall_otp._cli.exits import Exit

        found |= {f"exit code {each.name}": {"number": each.value} for each in Exit}
    print(json.dumps(found))
