"""Write docs/http.md, the HTTP reference, from openapi.yaml; or check (--check) that it is current."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "openapi.yaml"
PAGE = ROOT / "docs" / "http.md"
MARK = '<span class="inferred">inferred</span>'
HEAD = """\
# HTTP reference

<!-- Made by scripts/http_reference.py from openapi.yaml: change that file, then run the script. -->

What goes over the wire, for those who look at it or write a client of their own. The SDK's names are in the
[Python reference](api.md).

Three kinds of statement stand here, and look different:

- What carries no mark is on the provider's page.
- What the page does not say is marked {mark}, with the reason for it.
  Some of it is on other pages of the provider, some is standard HTTP; nothing of it is a promise.
- Where the page contradicts itself, the description says which side was followed.
"""

Node = dict[str, Any]


class Writer:
    """Turns the contract into Markdown, following its references."""

    def __init__(self, contract: Node) -> None:
        """Take the contract."""
        self._contract = contract

    def page(self) -> Iterator[str]:
        """The whole page, part by part."""
        yield HEAD.format(mark=MARK)
        yield "## Address and token\n"
        (server,) = self._contract["servers"]
        yield f"`{server['url']}`: {_lower(server['description'])}\n"
        scheme = self._contract["components"]["securitySchemes"]["bearerToken"]
        yield f"Every request carries `Authorization: Bearer …`: {_lower(scheme['description'])}\n"
        for path, methods in self._contract["paths"].items():
            for method, operation in methods.items():
                yield from self._operation(method, path, operation)
        yield "## Objects\n"
        for name, schema in self._contract["components"]["schemas"].items():
            yield f"### {name}\n"
            yield _described(schema)
            yield self._fields(schema)
        yield "## Error answers\n"
        for name, response in self._contract["components"]["responses"].items():
            yield f"### {name}\n"
            yield _described(response)
            for header, each in response.get("headers", {}).items():
                yield f"Header `{header}`: {_described(self._resolve(each))}\n"
            yield from self._content(response)

    def _operation(self, method: str, path: str, operation: Node) -> Iterator[str]:
        yield f"## {operation['summary']}\n"
        yield f"`{method.upper()} {path}`\n"
        yield _described(operation)
        if parameters := operation.get("parameters"):
            rows = [
                (f"`{item['name']}`", f"{item['in']}, {item['schema']['type']}", _described(item))
                for item in map(self._resolve, parameters)
            ]
            yield "### Parameters of `" + operation["operationId"] + "`\n"
            yield _table(("name", "where, type", "meaning"), rows)
        if body := operation.get("requestBody"):
            yield f"### Request of `{operation['operationId']}`\n"
            yield _described(body)
            yield from self._content(body)
        yield f"### Answers of `{operation['operationId']}`\n"
        answers = operation["responses"].items()
        shapes = {status: each.get("$ref", "").rpartition("/")[2].lower() for status, each in answers}
        links = {status: f" [Shapes](#{name})." if name else "" for status, name in shapes.items()}
        meanings = [(f"`{status}`", _described(self._resolve(each)) + links[status]) for status, each in answers]
        yield _table(("status", "meaning"), meanings)
        for response in operation["responses"].values():
            if "$ref" not in response:
                yield from self._content(response)
                for name, link in response.get("links", {}).items():
                    yield f"Link `{name}`, to `{link['operationId']}`: {_described(link)}\n"

    def _content(self, holder: Node) -> Iterator[str]:
        for kind, content in holder["content"].items():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            shape = f"shaped as [{name}](#{name.lower()})" if name else _described(content["schema"])
            yield f"`{kind}`, {shape}:\n"
            for example in content["examples"].values():
                yield f"{example['summary']}{_marked(example)}\n"
                value = example["value"]
                text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
                yield f"```{'text' if isinstance(value, str) else 'json'}\n{text}\n```\n"

    def _fields(self, schema: Node) -> str:
        required = set(schema.get("required", ()))
        rows = [
            (f"`{name}`", self._type(field) + (", required" if name in required else ""), self._meaning(field))
            for name, field in schema["properties"].items()
        ]
        if isinstance(more := schema.get("additionalProperties"), dict):
            rows.append(("any other", self._type(more), _described(more)))
        return _table(("field", "type", "meaning"), rows)

    def _meaning(self, field: Node) -> str:
        name = field.get("$ref", "").rpartition("/")[2]
        parts = [f"See [{name}](#{name.lower()})."] if name else [_described(field)]
        for item in field.get("oneOf", ()):
            if nested := item.get("items"):
                parts += ["Each entry of a list: " + _lower(_described(nested))]
        return " ".join(parts)

    def _type(self, field: Node) -> str:
        if "oneOf" in field:
            return " or ".join(self._type(item) for item in field["oneOf"])
        kind = self._resolve(field).get("type", "any")
        if kind == "array":
            return f"array of {self._type(field['items'])}s"
        return f"{kind} ({field['format']})" if "format" in field else str(kind)

    def _resolve(self, node: Node) -> Node:
        if "$ref" not in node:
            return node
        steps = node["$ref"].removeprefix("#/").split("/")
        return functools.reduce(lambda found, step: found[step], steps, self._contract)


def _marked(node: Node) -> str:
    """The mark of what the page does not say, with its reason."""
    return f" {MARK}: {node['x-source-reason']}." if node.get("x-source") == "inferred" else ""


def _described(node: Node) -> str:
    """The description in one line, and the mark."""
    return " ".join(node.get("description", "").split()) + _marked(node) + ("\n" if "properties" in node else "")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    cells = ((cell.strip().replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def markdown() -> str:
    """The page as it should be."""
    contract: Node = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return "\n".join(part.strip("\n") + "\n" for part in Writer(contract).page())


def main() -> None:
    """Write the page, or compare it."""
    fresh = markdown()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(fresh, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit("docs/http.md is not current: run scripts/http_reference.py")


if __name__ == "__main__":
    main()
