"""The contract that the facts give: the page's, and under a mark what tests/page/inferred.yaml adds.

Types, names and which fields there are follow from the payloads; nothing here repeats them.
"""

from __future__ import annotations

import copy
import re
import tomllib
from typing import Any

import attrs

from support.agree.elements import Json
from support.agree.tree import kind_of
from support.page import FACTS, INFERRED, ROOT, has_payload, operations, payload

MARK = {"x-source": "inferred"}
FROM = "$from"
"""The key that says: what is below is the page's again, though what holds it is not."""
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


@attrs.frozen
class Form:
    """Stands for any value of this form: an identifier, a time or a number of seconds that is made up."""

    pattern: str
    kind: type = str

    def fits(self, value: Json) -> bool:
        return type(value) is self.kind and re.fullmatch(self.pattern, str(value)) is not None

    @classmethod
    def number(cls) -> Form:
        return cls(r"\d+", int)

    @classmethod
    def of(cls, text: str) -> Form:
        """The form of a text: hexadecimal groups for a UUID, else digits for digits."""
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
            return cls(re.sub(r"[0-9a-f]", "[0-9a-f]", text))
        return cls(re.sub(r"\d", r"\\d", re.escape(text)))


def shape(*values: Json, required: bool = False) -> dict[str, Any]:
    """The schema of these values. Objects that share no field are maps; the fields that all share may be required."""
    kinds = {type(value) for value in values}
    if len(kinds) > 1:
        ways = [shape(*(value for value in values if type(value) is kind), required=required) for kind in kinds]
        return {"oneOf": sorted(ways, key=kind_of)}
    (kind,) = kinds
    if kind is list:
        return {"type": "array", "items": shape(*(entry for value in values for entry in value)) | MARK}
    if kind is not dict:
        return {"type": _TYPES[kind]}
    names = dict.fromkeys(name for value in values for name in value)
    common = [name for name in names if all(name in value for value in values)]
    if not common:
        return {"type": "object", "additionalProperties": shape(*(each for value in values for each in value.values()))}
    fields = {name: shape(*(value[name] for value in values if name in value)) for name in names}
    found: dict[str, Any] = {"type": "object", "properties": fields}
    return found | {"required": dict.fromkeys(common, True)} if required else found


def wanted() -> dict[str, Any]:
    """The whole tree, as `plain` makes it of openapi.yaml."""
    scheme = {"type": "http", "scheme": FACTS["authorization"].lower()}
    host = re.sub(r"{{(\w+)}}", lambda found: f"{{{found[1].lower()}}}", FACTS["host"])
    variables = re.findall(r"{(\w+)}", host)
    paths: dict[str, Any] = {}
    for name, fact in operations().items():
        paths.setdefault(fact["path"], {})[fact["method"]] = _operation(name, fact)
    return {
        "openapi": INFERRED["openapi"],
        "info": _info(),
        "servers": [
            {
                "url": f"{FACTS['scheme']}://{host}",
                "variables": {name: {"default": INFERRED["hosts"][name]} for name in variables},
            }
        ],
        "security": [[{"scheme": scheme, "scopes": []}]],
        "paths": paths,
    }


def _info() -> dict[str, Any]:
    """The page's title; who keeps the description, and under which licence, as the package says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    author = project["authors"][0]["name"]
    return {
        "title": FACTS["title"],
        "version": INFERRED["version"],
        "contact": MARK
        | {
            "name": author[:1].upper() + author[1:],
            # A placeholder must not become the address of somebody: .example is reserved (RFC 2606).
            "url": Form(r"https://[a-z-]+\.example"),
            "email": Form(r"[a-z]+@[a-z-]+\.example"),
        },
        "license": MARK
        | {"name": project["license"], "url": f"https://opensource.org/license/{project['license'].lower()}"},
    }


def _operation(name: str, fact: dict[str, Any]) -> dict[str, Any]:
    """One operation of the page, with the errors and links that are inferred."""
    found: dict[str, Any] = {"responses": {INFERRED["success"]: _success(name)} | _errors()}
    places = fact.get("in_path", [])
    if places:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(fact["path"]))
        samples = re.fullmatch(pattern, fact["url_of_the_sample"])
        found["parameters"] = {
            place: {
                "name": place,
                "in": "path",
                "required": True,
                "schema": shape(samples[place]),
                "examples": {"sample": {"value": samples[place]}},
            }
            for place in places
            if samples
        }
    if has_payload(f"{name}.request"):
        found["requestBody"] = {"required": True, "content": {FACTS["content_type"]: _request(name, fact)}}
    return found


def _request(name: str, fact: dict[str, Any]) -> dict[str, Any]:
    sample = payload(f"{name}.request")
    schema = shape(sample)
    spelt = {fact["samples_win"].get(said, said): is_required for said, is_required in fact["table"].items()}
    schema["properties"] = {each: schema["properties"].get(each, {}) for each in {**spelt, **schema["properties"]}}
    for each, text in fact["formats"].items():
        schema["properties"][each]["format"] = text
    return {
        "schema": schema | {"required": {each: True for each, is_required in spelt.items() if is_required}},
        "examples": {"sample": {"value": sample}} | _more(f"{name}.request"),
    }


def _success(name: str) -> dict[str, Any]:
    """The page shows the body without its status; it marks no field of an answer as always present."""
    sample = payload(f"{name}.answer")
    schema = shape(sample)
    for field in INFERRED["open"]:
        if field in schema["properties"]:
            schema["properties"][field]["additionalProperties"] = dict(MARK)
    examples = {"sample": {"value": sample}} | _more(f"{name}.answer")
    answer: dict[str, Any] = {
        "content": {FACTS["content_type"]: {FROM: "page", "schema": schema, "examples": examples}}
    }
    links = {
        link: MARK | {"operation": "{method} {path}".format(**FACTS[to["to"]]), "parameters": to["parameters"]}
        for link, to in INFERRED["links"].get(name, {}).items()
    }
    return MARK | answer | ({"links": links} if links else {})


def _more(name: str) -> dict[str, Any]:
    """The inferred examples of a payload: the page's sample, with what is different."""
    found: dict[str, Any] = {}
    for example, differs in INFERRED["examples"].get(name, {}).items():
        value = _made_up(copy.deepcopy(payload(name)), INFERRED["made_up"] if "with" in differs else [])
        value |= differs.get("with", {})
        found[example] = MARK | {
            "value": {key: kept for key, kept in value.items() if key not in differs.get("lacks", [])}
        }
    return found


def _made_up(value: dict[str, Any], names: list[str]) -> dict[str, Any]:
    for name in names:
        *outer, last = name.split(".")
        holder = value
        for step in outer:
            holder = holder[step]
        holder[last] = Form.of(holder[last]) if isinstance(holder[last], str) else Form.number()
    return value


def _errors() -> dict[str, Any]:
    """The error answers, the same for every operation; their schema follows from all the bodies seen."""
    bodies = [body for error in INFERRED["errors"].values() for body in error["bodies"].values()]
    schema = MARK | shape(*bodies, required=True)
    found: dict[str, Any] = {}
    for status, error in INFERRED["errors"].items():
        content = {FACTS["content_type"]: {"schema": schema, "examples": _examples(error["bodies"])}}
        for kind, pages in error.get("pages", {}).items():
            content[kind] = {"schema": shape(*pages.values()), "examples": _examples(pages)}
        headers = {
            header: MARK | {"schema": shape(value), "example": value}
            for header, value in error.get("headers", {}).items()
        }
        found[status] = MARK | {"content": content} | ({"headers": headers} if headers else {})
    return found


def _examples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: MARK | {"value": value} for name, value in values.items()}
