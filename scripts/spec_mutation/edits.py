"""The single changes of a document that mutations are made of."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from support.agree.elements import At, Json, at_path
from support.agree.tree import references

Edit = Callable[[Json], None]


def put(at: At, value: Json) -> Edit:
    """Set what stands at a place, or add it there."""

    def edit(document: Json) -> None:
        at_path(document, at[:-1])[at[-1]] = copy.deepcopy(value)

    return edit


def append(at: At, value: Json) -> Edit:
    """Add an entry to the list at a place, which may not be there yet."""

    def edit(document: Json) -> None:
        at_path(document, at[:-1]).setdefault(at[-1], []).append(copy.deepcopy(value))

    return edit


def entry(at: At, value: Json) -> Edit:
    """Add a named entry; what holds it may not be there yet."""

    def edit(document: Json) -> None:
        at_path(document, at[:-2]).setdefault(at[-2], {})[at[-1]] = copy.deepcopy(value)

    return edit


def remove(*places: At) -> Edit:
    """Take away what stands at these places."""

    def edit(document: Json) -> None:
        for at in places:
            del at_path(document, at[:-1])[at[-1]]

    return edit


def rename(at: At, new: str) -> Edit:
    """Give an entry another name, in its old place."""

    def edit(document: Json) -> None:
        holder = at_path(document, at[:-1])
        entries = list(holder.items())
        holder.clear()
        holder.update((new if name == at[-1] else name, value) for name, value in entries)

    return edit


def rename_property(at: At, new: str) -> Edit:
    """Give a property another name, and in the list of required ones too."""

    def edit(document: Json) -> None:
        rename(at, new)(document)
        schema = at_path(document, at[:-2])
        if at[-1] in schema.get("required", []):
            schema["required"] = [new if name == at[-1] else name for name in schema["required"]]

    return edit


def rename_component(at: At, new: str) -> Edit:
    """Give a component another name, and follow in everything that uses it."""

    def edit(document: Json) -> None:
        rename(at, new)(document)
        old, now = ("#/" + "/".join(map(str, place)) for place in (at, (*at[:-1], new)))
        for place, reference in list(references(document)):
            if reference == old:
                at_path(document, place)["$ref"] = now
        if at[1] == "securitySchemes":
            for requirement in document.get("security", []):
                if at[-1] in requirement:
                    requirement[new] = requirement.pop(at[-1])

    return edit


def flip_required(at: At) -> Edit:
    """Make a property required, or no longer so."""

    def edit(document: Json) -> None:
        schema: dict[str, Any] = at_path(document, at[:-2])
        names = schema.get("required", [])
        kept = [name for name in names if name != at[-1]]
        names = kept if len(kept) < len(names) else [*names, at[-1]]
        if names:
            schema["required"] = names
        else:
            del schema["required"]

    return edit
