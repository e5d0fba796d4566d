"""Signatures in the reference show what a default is, in place of the constant that holds it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import griffe


class Defaults(griffe.Extension):
    """Replaces the name of a constant by the constant's value."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:  # noqa: ANN401 - griffe's own arguments
        """Look at every function, once all modules are there."""
        for function in _functions(pkg):
            for parameter in function.parameters:
                if isinstance(name := parameter.default, griffe.ExprName):
                    with suppress(KeyError):
                        parameter.default = pkg[name.canonical_path.partition(".")[2]].value or name


def _functions(owner: griffe.Module | griffe.Class) -> Iterator[griffe.Function]:
    for member in owner.members.values():
        if isinstance(member, griffe.Function):
            yield member
        elif isinstance(member, griffe.Module | griffe.Class):
            yield from _functions(member)
