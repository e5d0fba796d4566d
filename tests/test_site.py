"""The scripts that make the site."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

WHY = "the scripts are not part of the run against the wheel"
check_site = pytest.importorskip("check_site", reason=WHY)
http_reference = pytest.importorskip("http_reference", reason=WHY)
site_hooks = pytest.importorskip("site_hooks", reason=WHY)

pytestmark = pytest.mark.dev

ROOT = Path(__file__).resolve().parent.parent


def marks(node: Any) -> list[str]:
    if isinstance(node, list):
        return [mark for item in node for mark in marks(item)]
    if not isinstance(node, dict):
        return []
    own = [node["x-source-reason"]] if node.get("x-source") == "inferred" else []
    return own + [mark for item in node.values() for mark in marks(item)]


def contract() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))
    return loaded


def page_of(described: dict[str, Any]) -> str:
    return "\n".join(http_reference.Writer(described).page())


def test_every_mark_of_the_wire_is_on_the_page() -> None:
    described = contract()
    wire = marks({"paths": described["paths"], "components": described["components"]})
    page = page_of(described)
    assert len(wire) > 30
    assert [reason for reason in wire if f"{http_reference.MARK}: {reason}." not in page] == []


def test_a_mark_that_goes_is_gone_from_the_page() -> None:
    described = contract()
    answer = described["paths"]["/v3/autocall/otp"]["post"]["responses"]["200"]
    assert f"The call was taken. {http_reference.MARK}" in page_of(described)
    del answer["x-source"]
    assert f"The call was taken. {http_reference.MARK}" not in page_of(described)


def test_every_field_and_example_is_on_the_page() -> None:
    described = contract()
    page = page_of(described)
    for schema in described["components"]["schemas"].values():
        assert [name for name in schema["properties"] if f"| `{name}` |" not in page] == []
    for response in described["components"]["responses"].values():
        for example in response["content"]["application/json"]["examples"].values():
            assert example["summary"] in page


def test_a_stale_page_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stale = tmp_path / "http.md"
    monkeypatch.setattr(http_reference, "PAGE", stale)
    monkeypatch.setattr("sys.argv", ["http_reference.py"])
    http_reference.main()
    monkeypatch.setattr("sys.argv", ["http_reference.py", "--check"])
    http_reference.main()
    stale.write_text(stale.read_text("utf-8") + "more\n")
    with pytest.raises(SystemExit, match=r"not current"):
        http_reference.main()


FETCHED = [
    '<script src="https://cdn.example/x.js"></script>',
    '<link rel="stylesheet" href="https://fonts.example/css">',
    '<link rel="preconnect" href="https://fonts.example" crossorigin>',
    '<link rel="icon" href="https://elsewhere.example/i.png">',
    '<img src="http://elsewhere.example/i.png">',
    '<img src="a.png" srcset="a.png 1x, https://elsewhere.example/b.png 2x">',
    '<iframe src="https://elsewhere.example"></iframe>',
    "<style>@font-face { src: url('https://elsewhere.example/f.woff2') }</style>",
    '<p style="background: url(https://elsewhere.example/i.png)">',
    '<style>@import "https://elsewhere.example/a.css"</style>',
]
NOT_FETCHED = [
    '<a href="https://elsewhere.example">a link</a>',
    '<script src="assets/x.js"></script>',
    '<link rel="stylesheet" href="../assets/x.css">',
    '<link rel="canonical" href="https://here.example/page">',
    '<img src="data:image/png;base64,AA==">',
    "<style>p { background: url(#mask) }</style><p>url(https://elsewhere.example)</p>",
]


def test_what_is_fetched_from_elsewhere_is_found_and_what_is_not_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    for count, htmls in ((1, FETCHED), (0, NOT_FETCHED)):
        for html in htmls:
            page.write_text(html)
            assert len(check_site.fetched_from_elsewhere(tmp_path)) == count, html
    (tmp_path / "a.css").write_text("@font-face{src:url(https://elsewhere.example/f.woff2)} p{background:url(b.png)}")
    assert check_site.fetched_from_elsewhere(tmp_path) == ["a.css: https://elsewhere.example/f.woff2"]


def test_pages_take_their_text_from_its_one_source() -> None:
    def shown(markdown: str) -> str:
        return site_hooks.on_page_markdown(
            markdown, page=cast("Any", SimpleNamespace(file=SimpleNamespace(src_uri="a.md")))
        )

    page = shown("# Security\n\n<!-- from SECURITY.md -->\n")
    assert page.startswith("# Security\n\n## What the SDK promises\n")
    assert "## Reporting" in page
    taken = shown("<!-- from CONTRIBUTING.md: Habits -->")
    assert taken.startswith("## Habits\n")
    assert taken.count("\n## ") == 0
    with pytest.raises(LookupError, match=r"no section 'Nothing'"):
        shown("<!-- from CONTRIBUTING.md: Nothing -->")


def shown_as(columns: int, *cells: str) -> str:
    """What becomes of a table with one row."""
    head, row = "<th><code>a</code> b</th>" * columns, "".join(f"<td>{cell}</td>" for cell in cells)
    html = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table>"
    shown: str = site_hooks.on_page_content(html)
    return "as it is" if shown == html else shown


def test_a_cell_of_a_middling_table_knows_its_column_and_a_card_does_without_a_dash() -> None:
    shown = shown_as(3, "1", "-", "-1")
    assert "<table data-cards>" in shown
    assert '<td data-label="a b">1</td><td data-label="a b" data-empty>-</td><td data-label="a b">-1</td>' in shown
    assert shown_as(2, "1", "2") == shown_as(6, *"123456") == "as it is"


def test_the_build_is_strict_and_not_quiet() -> None:
    (build,) = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "bin/mkdocs build" in line]
    assert "--strict" in build
    assert not {"--quiet", "-q"} & set(build.split()), "a quiet build of MkDocs counts no warnings, so none fails it"
