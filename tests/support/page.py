"""The page's facts and the contract, loaded once, for whatever compares them."""

import json
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent

FACTS: dict[str, Any] = yaml.safe_load((TESTS / "page" / "facts.yaml").read_text(encoding="utf-8"))
INFERRED: dict[str, Any] = yaml.safe_load((TESTS / "page" / "inferred.yaml").read_text(encoding="utf-8"))
SPEC: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))


def operations() -> dict[str, dict[str, Any]]:
    """What the page states of each of its operations, by the wrapper's name for it."""
    return {name: fact for name, fact in FACTS.items() if isinstance(fact, dict) and "method" in fact}


def has_payload(name: str) -> bool:
    """Whether the page shows this payload."""
    return (TESTS / "page" / f"{name}.json").exists()


def payload(name: str) -> dict[str, Any]:
    """One of the page's payloads, such as ``run_otp.request``."""
    value: dict[str, Any] = json.loads((TESTS / "page" / f"{name}.json").read_text(encoding="utf-8"))
    return value


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """The node that a local reference points at, or the node itself."""
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operation(name: str) -> dict[str, Any]:
    """The contract's operation for one of the wrapper's methods, found by the page's method and path."""
    fact = FACTS[name]
    found: dict[str, Any] = SPEC["paths"][fact["path"]][fact["method"]]
    return found


def media(node: dict[str, Any]) -> dict[str, Any]:
    """The JSON media type of a request body or an answer."""
    found: dict[str, Any] = resolve(node)["content"]["application/json"]
    return found


def look_up_samples(name: str) -> list[str]:
    """What the contract's sample look-up by this operation carries in its path."""
    return [each["examples"]["sample"]["value"] for each in operation(name)["parameters"] if each["in"] == "path"]


def documented_examples() -> list[tuple[str, str, str, dict[str, Any]]]:
    """Every named example of every answer: method, status, name of the example, value."""
    return [
        (name, status, example, body["value"])
        for name in operations()
        for status, answer in operation(name)["responses"].items()
        for example, body in media(answer)["examples"].items()
    ]
