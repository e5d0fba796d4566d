"""What users of the package may rely on, read from its source without running it."""

import ast
from pathlib import Path

import griffe

PACKAGE = "autocall_otp"
DOCUMENTED = ("", "models", "pytest_plugin", "sandbox", "verify")
"""The modules that users import from. What another one holds is public where one of these names it."""

Facts = dict[str, dict[str, object]]
"""What may be relied on, under the name that a user writes: aspects and what they are."""


def python(root: Path) -> Facts:
    """Classes, functions, arguments, fields and values of the package in a tree."""
    if not (root / "src" / PACKAGE).is_dir():
        return {}
    package = griffe.load(PACKAGE, search_paths=[root / "src"], allow_inspection=False, resolve_aliases=True)
    facts: Facts = {}
    seen: dict[str, str] = {}
    for place in DOCUMENTED:
        module = package.members.get(place) if place else package
        for name, member in module.members.items() if module else ():
            # Modules are listed above.
            if member.is_public and name != "__version__" and not (member.is_module and not member.is_alias):
                _describe(member, f"{module.path}.{name}" if module else "", facts, seen)
    return facts


def _describe(member: griffe.Object | griffe.Alias, name: str, facts: Facts, seen: dict[str, str]) -> None:
    try:
        found = member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        facts[name] = {"kind": "of another package"}
        return
    # Some names lead to the same thing: the first one stands for it.
    if seen.setdefault(found.path, name) != name:
        return
    facts[name] = {"kind": found.kind.value}
    if isinstance(found, griffe.Function):
        given = [each for each in found.parameters if each.name not in {"self", "cls"}]
        in_order = ", ".join(each.name for each in given if "positional" in str(each.kind))
        facts[name] |= {"gives": str(found.returns), "in order": in_order}
        for each in given:
            default = None if each.default is None else str(each.default)
            about = {"required": each.required, "takes": str(each.annotation), "default": default}
            facts[f"{name}({each.name})"] = about
    elif isinstance(found, griffe.Class):
        facts[name]["is a"] = " | ".join(str(base) for base in found.bases if not str(base).startswith("_"))
        in_attrs = any("attrs." in str(each.value) for each in found.decorators)
        for own, below in found.all_members.items():
            # What a public class hands down is described there.
            owner = below.final_target.parent if isinstance(below, griffe.Alias) else found
            if not below.is_public or (owner and owner.path != found.path and owner.path in seen):
                continue
            _describe(below, f"{name}.{own}", facts, seen)
            if in_attrs and isinstance(below, griffe.Attribute) and f"{name}.{own}" in facts:
                is_field = "property" not in below.labels and "ClassVar" not in str(below.annotation)
                facts[f"{name}.{own}"]["required"] = is_field and below.value is None
    elif isinstance(found, griffe.Attribute):
        facts[name] |= {"gives": str(found.annotation), "value": _plain(str(found.value))}


def _plain(text: str) -> str | None:
    """The plain value that the code stands for, the default of an attrs field included; None for any other."""
    tree = ast.parse(text, mode="eval").body
    if isinstance(tree, ast.Call):
        tree = {each.arg: each.value for each in tree.keywords}.get("default", tree)
    try:
        return repr(ast.literal_eval(tree))
    except ValueError:
        return None
