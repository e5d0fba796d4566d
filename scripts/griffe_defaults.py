"""Signatures in the reference show what a default is, in place of the constant that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import griffe


class Defaults(griffe.Extension):
    """Replaces the name of a constant by the constant's value."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:  # noqa: ANN401 - griffe's own arguments
        """Look at every function, once all modules are there."""
        for function in _functions(pkg):
            for parameter in function.parameters:
                if isinstance(parameter.default, griffe.ExprName):
                    parameter.default = _value(function, parameter.default)


def _functions(owner: griffe.Module | griffe.Class) -> Iterator[griffe.Function]:
    for member in owner.members.values():
        if isinstance(member, griffe.Function):
            yield member
        elif isinstance(member, griffe.Module | griffe.Class):
            yield from _functions(member)


def _value(function: griffe.Function, name: griffe.ExprName) -> griffe.Expr | str:
    try:
        target: object = function.package[name.canonical_path.partition(".")[2]]
    except KeyError:
        return name
    return target.value if isinstance(target, griffe.Attribute) and target.value is not None else name
