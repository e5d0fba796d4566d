"""What users of the package may rely on, read from its source without running it, and what of it changed.

Griffe judges signatures and names. Types, values and bases it leaves open, and additions are not its business: they are
compared here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import griffe

PACKAGE = "autocall_otp"
DOCUMENTED = (PACKAGE, f"{PACKAGE}.models", f"{PACKAGE}.sandbox", f"{PACKAGE}.pytest_plugin")
"""The modules that users import from. What another one holds is public where one of these names it."""


class Impact(IntEnum):
    """What a change means to users; the highest of all changes decides the version."""

    NONE = 0
    OTHER = 1
    NEW = 2
    BREAKING = 3


class Change(NamedTuple):
    """One change that a user may notice."""

    impact: Impact
    part: str
    what: str


class Fact(NamedTuple):
    """One thing that users may rely on."""

    role: str
    says: str
    needed: bool = False
    """Whether a caller has to give it."""


Api = dict[str, Fact]


def load(root: Path) -> griffe.Module | None:
    """The package in a tree, with what is not documented marked as not public; None where there is no package."""
    source = root / "src"
    if not (source / PACKAGE).is_dir():
        return None
    package = griffe.load(PACKAGE, search_paths=[source], allow_inspection=False, resolve_aliases=True)
    assert isinstance(package, griffe.Module)  # noqa: S101 - a package is one
    for module in _modules(package):
        module.public = module.path in DOCUMENTED
    return package


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for below in module.modules.values():
        if isinstance(below, griffe.Module):
            yield from _modules(below)


def read(package: griffe.Module | None) -> tuple[Api, dict[str, str]]:
    """All that users may rely on under the names that they write, and those names by where the thing is defined."""
    facts: Api = {}
    names: dict[str, str] = {}
    for module in _modules(package) if package else ():
        if module.path not in DOCUMENTED:
            continue
        for name, member in module.members.items():
            if member.is_public and name != "__version__" and not (member.is_module and not member.is_alias):
                _describe(member, f"{module.path}.{name}", facts, names)
    return facts, names


def _describe(member: griffe.Object | griffe.Alias, name: str, facts: Api, names: dict[str, str]) -> None:
    try:
        found = member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        facts[name] = Fact("kind", "of another package")
        return
    # Some names lead to the same thing: the shortest, which comes first, stands for it.
    if names.setdefault(found.path, name) != name:
        return
    facts[name] = Fact("kind", found.kind.value)
    if isinstance(found, griffe.Function):
        for each in found.parameters:
            if each.name not in {"self", "cls"}:
                facts[f"{name}({each.name})"] = Fact("argument", str(each.annotation), each.required)
        facts[f"{name} result"] = Fact("type", str(found.returns))
    elif isinstance(found, griffe.Class):
        facts[f"{name} bases"] = Fact(
            "bases", " | ".join(str(base) for base in found.bases if not str(base).startswith("_"))
        )
        for own, below in found.all_members.items():
            # What a public class hands down is described there.
            owner = below.final_target.parent if isinstance(below, griffe.Alias) else found
            if below.is_public and (owner is None or owner.path == found.path or owner.path not in names):
                _describe_member(found, below, f"{name}.{own}", facts, names)
    elif isinstance(found, griffe.Attribute):
        _describe_attribute(found, name, facts, in_attrs=False)


def _describe_member(
    owner: griffe.Class, member: griffe.Object | griffe.Alias, name: str, facts: Api, names: dict[str, str]
) -> None:
    if isinstance(member, griffe.Attribute):
        names.setdefault(member.path, name)
        in_attrs = any("attrs." in str(each.value) for each in owner.decorators)
        _describe_attribute(member, name, facts, in_attrs=in_attrs)
    else:
        _describe(member, name, facts, names)


def _describe_attribute(found: griffe.Attribute, name: str, facts: Api, *, in_attrs: bool) -> None:
    is_field = in_attrs and "property" not in found.labels and "ClassVar" not in str(found.annotation)
    facts[name] = Fact("field" if is_field else "kind", "attribute", is_field and found.value is None)
    facts[f"{name} type"] = Fact("type", str(found.annotation))
    facts[f"{name} value"] = Fact("value", _literal(str(found.value)))


def _literal(text: str) -> str:
    """The plain value that the code stands for, the default of an attrs field included; nothing for any other."""
    tree = ast.parse(text, mode="eval").body
    if isinstance(tree, ast.Call):
        given = {each.arg: each.value for each in tree.keywords}
        tree = given.get("default", tree)
    try:
        return repr(ast.literal_eval(tree))
    except ValueError:
        return ""


def compare(old_root: Path, new_root: Path) -> list[Change]:
    """What changed for users from one tree to another."""
    old, new = load(old_root), load(new_root)
    (before, old_names), (after, new_names) = read(old), read(new)
    found: dict[Change, None] = {}
    if old and new:
        for each in griffe.find_breaking_changes(old, new):
            if words := _words(each, new_names | old_names):
                found[Change(Impact.BREAKING, "Python", words)] = None
    elif old:
        found[Change(Impact.BREAKING, "Python", f"{PACKAGE}: the package was removed")] = None
    found |= dict.fromkeys(_added(before, after))
    found |= dict.fromkeys(_changed(before, after))
    return list(found)


def _words(breakage: griffe.Breakage, names: dict[str, str]) -> str:
    thing = breakage.obj
    if thing.inherited and thing.path not in names:
        return ""  # it is said of the class that handed it down
    path = names.get(thing.path) or names.get(thing.canonical_path) or thing.path
    given = breakage.old_value or breakage.new_value
    argument = f"({given.name})" if isinstance(given, griffe.Parameter) else ""
    return f"{path}{argument}: {breakage.kind.value[0].lower()}{breakage.kind.value[1:]}"


def _added(before: Api, after: Api) -> Iterator[Change]:
    fresh = [name for name in after if name not in before]
    for name in fresh:
        whole = any(name.startswith(tuple(f"{other}{mark}" for mark in (".", "(", " "))) for other in fresh)
        fact = after[name]
        # A required argument is one of the changes that Griffe finds.
        if whole or fact.role not in {"kind", "argument", "field"} or (fact.role == "argument" and fact.needed):
            continue
        if fact.role == "field" and fact.needed:
            yield Change(Impact.BREAKING, "Python", f"{name}: a required field was added")
        else:
            yield Change(Impact.NEW, "Python", f"{name}: was added")


def _changed(before: Api, after: Api) -> Iterator[Change]:
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        if old.role == "field" and new.needed and not old.needed:
            yield Change(Impact.BREAKING, "Python", f"{name}: the field is now required")
        # Of another kind of thing Griffe speaks; a value that is not plain cannot be compared.
        if (
            old.says == new.says
            or new.role in {"kind", "field"}
            or (new.role == "value" and "" in {old.says, new.says})
        ):
            continue
        was, now = (set(each.split(" | ")) for each in (old.says, new.says))
        # A caller may pass what he passed before, and gets nothing that he did not get before.
        harmless = {"argument": was <= now, "type": now <= was, "bases": was <= now}.get(new.role, False)
        what = f"{name}: from `{old.says}` to `{new.says}`"
        yield Change(Impact.NEW if harmless else Impact.BREAKING, "Python", what)
