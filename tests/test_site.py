"""The scripts that make the site."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link rel="preconnect" href="https://fonts.example" crossorigin>',
        '<link rel="icon" href="https://elsewhere.example/i.png">',
        '<img src="http://elsewhere.example/i.png">',
        '<img src="a.png" srcset="a.png 1x, https://elsewhere.example/b.png 2x">',
        '<iframe src="https://elsewhere.example"></iframe>',
        "<style>@font-face { src: url('https://elsewhere.example/f.woff2') }</style>",
        '<p style="background: url(https://elsewhere.example/i.png)">',
        '<style>@import "https://elsewhere.example/a.css"</style>',
    ],
)
def test_what_is_fetched_from_elsewhere_is_found(tmp_path: Path, html: str) -> None:
    (tmp_path / "index.html").write_text(html)
    assert len(check_site.fetched_from_elsewhere(tmp_path)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://elsewhere.example">a link</a>',
        '<script src="assets/x.js"></script>',
        '<link rel="stylesheet" href="../assets/x.css">',
        '<link rel="canonical" href="https://here.example/page">',
        '<img src="data:image/png;base64,AA==">',
        "<style>p { background: url(#mask) }</style><p>url(https://elsewhere.example)</p>",
    ],
)
def test_what_is_not_fetched_or_is_here_is_left_alone(tmp_path: Path, html: str) -> None:
    (tmp_path / "index.html").write_text(html)
    assert check_site.fetched_from_elsewhere(tmp_path) == []


def test_a_style_that_fetches_from_elsewhere_is_found(tmp_path: Path) -> None:
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


def test_a_cell_of_a_middling_table_knows_its_column() -> None:
    html = (
        "<table>\n<thead>\n<tr>\n<th><code>a</code> b</th>\n<th>c</th>\n<th>d</th>\n</tr>\n</thead>\n"
        "<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n<td>3</td>\n</tr>\n<tr>\n<td>4</td>\n<td>5</td>\n<td>6</td>\n</tr>\n"
        "</tbody>\n</table>"
    )
    shown = site_hooks.on_page_content(f"<p>{html}</p>{html}")
    assert shown.count("<table data-cards>") == 2
    cells = re.findall(r'<td data-label="([^"]*)">(\d)', shown)
    assert cells == [("a b", "1"), ("c", "2"), ("d", "3"), ("a b", "4"), ("c", "5"), ("d", "6")] * 2


@pytest.mark.parametrize("columns", [2, 6])
def test_narrow_and_wide_tables_are_left_as_they_are(columns: int) -> None:
    head, row = "<th>a</th>" * columns, "<td>1</td>" * columns
    html = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table>"
    assert site_hooks.on_page_content(html) == html


def test_a_card_does_without_a_dash() -> None:
    row = "<td>1</td><td>-</td><td>-1</td>"
    html = f"<table><thead><tr>{'<th>a</th>' * 3}</tr></thead><tbody><tr>{row}</tr></tbody></table>"
    shown = site_hooks.on_page_content(html)
    assert '<td data-label="a">1</td><td data-label="a" data-empty>-</td><td data-label="a">-1</td>' in shown


def test_the_build_is_strict_and_not_quiet() -> None:
    (build,) = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "bin/mkdocs build" in line]
    assert "--strict" in build
    assert not {"--quiet", "-q"} & set(build.split()), "a quiet build of MkDocs counts no warnings, so none fails it"
