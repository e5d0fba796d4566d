"""Write docs/http.md, the HTTP reference, from openapi.yaml; or check (--check) that it is current."""

import functools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "http.md"
MARK = '<span class="inferred">inferred</span>'
HEAD = f"""\
# HTTP reference

<!-- Made by scripts/http_reference.py from openapi.yaml: change that file, then run the script. -->

What goes over the wire, for those who look at it or write a client of their own. The SDK's names are in the
[Python reference](api.md).

Three kinds of statement stand here, and look different:

- What carries no mark is on the provider's page.
- What the page does not say is marked {MARK}, with the reason for it.
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
        (server,), parts = self._contract["servers"], self._contract["components"]
        token = _lower(parts["securitySchemes"]["bearerToken"]["description"])
        yield f"{HEAD}\n## Address and token\n\n`{server['url']}`: {_lower(server['description'])}\n"
        yield f"Every request carries `Authorization: Bearer …`: {token}\n"
        for path, methods in self._contract["paths"].items():
            for method, operation in methods.items():
                yield f"## {operation['summary']}\n\n`{method.upper()} {path}`\n"
                yield from self._operation(operation, operation["operationId"])
        yield "## Objects\n"
        for name, schema in parts["schemas"].items():
            yield f"### {name}\n\n{_described(schema)}\n\n{self._fields(schema)}"
        yield "## Error answers\n"
        for name, response in parts["responses"].items():
            yield f"### {name}\n\n{_described(response)}\n"
            for header, each in response.get("headers", {}).items():
                yield f"Header `{header}`: {_described(self._resolve(each))}\n"
            yield from self._content(response)

    def _operation(self, operation: Node, name: str) -> Iterator[str]:
        yield _described(operation)
        if parameters := [self._resolve(each) for each in operation.get("parameters", ())]:
            rows = [(f"`{it['name']}`", f"{it['in']}, {it['schema']['type']}", _described(it)) for it in parameters]
            yield f"### Parameters of `{name}`\n\n{_table(('name', 'where, type', 'meaning'), rows)}"
        if body := operation.get("requestBody"):
            yield f"### Request of `{name}`\n\n{_described(body)}\n"
            yield from self._content(body)
        answers: list[tuple[str, str]] = []
        for status, answer in operation["responses"].items():
            shape = answer.get("$ref", "").rpartition("/")[2].lower()
            answers.append(
                (f"`{status}`", _described(self._resolve(answer)) + (f" [Shapes](#{shape})." if shape else ""))
            )
        yield f"### Answers of `{name}`\n\n{_table(('status', 'meaning'), answers)}"
        for response in operation["responses"].values():
            if "$ref" not in response:
                yield from self._content(response)
                for link, to in response.get("links", {}).items():
                    yield f"Link `{link}`, to `{to['operationId']}`: {_described(to)}\n"

    def _content(self, holder: Node) -> Iterator[str]:
        for kind, content in holder["content"].items():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            shape = f"shaped as [{name}](#{name.lower()})" if name else _described(content["schema"])
            yield f"`{kind}`, {shape}:\n"
            for example in content["examples"].values():
                value = example["value"]
                language = "text" if isinstance(value, str) else "json"
                text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
                yield f"{example['summary']}{_marked(example)}\n\n```{language}\n{text}\n```\n"

    def _fields(self, schema: Node) -> str:
        rows = [
            (f"`{name}`", self._type(field) + ", required" * (name in schema.get("required", ())), _meaning(field))
            for name, field in schema["properties"].items()
        ]
        if isinstance(more := schema.get("additionalProperties"), dict):
            rows.append(("any other", self._type(more), _described(more)))
        return _table(("field", "type", "meaning"), rows)

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


def _meaning(field: Node) -> str:
    name = field.get("$ref", "").rpartition("/")[2]
    parts = [f"See [{name}](#{name.lower()})." if name else _described(field)]
    entries = [item["items"] for item in field.get("oneOf", ()) if "items" in item]
    return " ".join(parts + ["Each entry of a list: " + _lower(_described(each)) for each in entries])


def _marked(node: Node) -> str:
    """The mark of what the page does not say, with its reason."""
    return f" {MARK}: {node['x-source-reason']}." if node.get("x-source") == "inferred" else ""


def _described(node: Node) -> str:
    """The description in one line, and the mark."""
    return " ".join(node.get("description", "").split()) + _marked(node)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ((cell.strip().replace("|", "\\|") for cell in line) for line in (head, ("---",) * len(head), *rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    contract: Node = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    fresh = "\n".join(part.strip("\n") + "\n" for part in Writer(contract).page())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(fresh, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit("docs/http.md is not current: run scripts/http_reference.py")


if __name__ == "__main__":
    main()
