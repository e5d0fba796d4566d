"""Which elements of a description need a mark; whether openapi.yaml has them is checked in test_page.py."""

from support.agree.marks import elements


def test_every_kind_of_element_is_one_that_a_mark_can_miss_on() -> None:
    bare = {
        "paths": {"/new": {"get": {"responses": {"418": {"headers": {"X-Pot": {"schema": {"type": "string"}}}}}}}},
        "components": {"schemas": {"Pot": {"properties": {"lid": {"type": "array", "items": {"type": "string"}}}}}},
    }
    assert {at for at, node in elements(bare) if node.get("x-source") != "inferred"} == {
        ("paths", "/new"),
        ("paths", "/new", "get"),
        ("paths", "/new", "get", "responses", "418"),
        ("paths", "/new", "get", "responses", "418", "headers", "X-Pot"),
        ("components", "schemas", "Pot"),
        ("components", "schemas", "Pot", "properties", "lid"),
        ("components", "schemas", "Pot", "properties", "lid", "items"),
    }
