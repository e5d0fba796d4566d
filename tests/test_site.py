"""The scripts that make the site."""

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import check_site
import http_reference
import pytest
import site_hooks
from support.page import ROOT, SPEC, media

pytestmark = pytest.mark.dev


def marks(node: Any) -> list[str]:
    """The reasons for what is inferred."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node["x-source-reason"]] if isinstance(node, dict) and node.get("x-source") == "inferred" else []
    return own + [mark for item in inner for mark in marks(item)]


def page_of(described: dict[str, Any]) -> str:
    return "\n".join(http_reference.Writer(described).page())


def test_every_mark_of_the_wire_field_and_example_is_on_the_page() -> None:
    page, components = page_of(SPEC), SPEC["components"]
    wire = marks([SPEC["paths"], components])
    assert len(wire) > 30
    assert [reason for reason in wire if f"{http_reference.MARK}: {reason}." not in page] == []
    fields = [name for schema in components["schemas"].values() for name in schema["properties"]]
    assert [name for name in fields if f"| `{name}` |" not in page] == []
    examples = [each for answer in components["responses"].values() for each in media(answer)["examples"].values()]
    assert [example["summary"] for example in examples if example["summary"] not in page] == []


def test_a_mark_that_goes_is_gone_from_the_page() -> None:
    described = copy.deepcopy(SPEC)
    assert f"The call was taken. {http_reference.MARK}" in page_of(described)
    del described["paths"]["/v3/autocall/otp"]["post"]["responses"]["200"]["x-source"]
    assert f"The call was taken. {http_reference.MARK}" not in page_of(described)


def test_the_http_reference_is_current_and_a_stale_one_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["http_reference.py", "--check"])
    http_reference.main()
    stale = tmp_path / "http.md"
    stale.write_text(http_reference.PAGE.read_text("utf-8") + "more\n")
    monkeypatch.setattr(http_reference, "PAGE", stale)
    with pytest.raises(SystemExit, match=r"not current"):
        http_reference.main()
    monkeypatch.setattr("sys.argv", ["http_reference.py"])
    http_reference.main()
    assert stale.read_text("utf-8") == (ROOT / "docs" / "http.md").read_text("utf-8")


FETCHED = [
    '<script src="https://cdn.example/x.js"></script>',
    '<link rel="stylesheet" href="https://fonts.example/css">',
    '<link rel="preconnect" href="https://fonts.example" crossorigin>',
    '<link rel="icon" href="https://elsewhere.example/i.png">',
    '<img src="http://elsewhere.example/i.png">',
    '<img src="a.png" srcset="a.png 1x, https://elsewhere.example/b.png 2x">',
    '<iframe src="https://elsewhere.example"></iframe>',
    '<video poster="https://elsewhere.example/p.png"></video>',
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


@pytest.mark.parametrize("html", FETCHED + NOT_FETCHED)
def test_what_is_fetched_from_elsewhere_is_found_and_what_is_not_is_left_alone(html: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(html)
    (tmp_path / "a.css").write_text("@font-face{src:url(https://elsewhere.example/f.woff2)} p{background:url(b.png)}")
    in_style, *in_page = check_site.fetched_from_elsewhere(tmp_path)
    assert in_style == "a.css: https://elsewhere.example/f.woff2"
    assert len(in_page) == (html in FETCHED)


def test_pages_take_their_text_from_its_one_source() -> None:
    def shown(markdown: str) -> str:
        page: Any = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"))
        return site_hooks.on_page_markdown(markdown, page=page)

    page = shown("# Security\n\n<!-- from SECURITY.md -->\n")
    assert page.startswith("# Security\n\n## What the SDK promises\n")
    assert "## Reporting" in page
    taken = shown("<!-- from CONTRIBUTING.md: Habits -->")
    assert taken.startswith("## Habits\n")
    assert taken.count("\n## ") == 0
    with pytest.raises(LookupError, match=r"no section 'Nothing'"):
        shown("<!-- from CONTRIBUTING.md: Nothing -->")


@pytest.mark.parametrize("cells", [["1", "2"], ["1", "-", "-1"], ["1"] * 6], ids=len)
def test_a_cell_of_a_middling_table_knows_its_column_and_a_card_does_without_a_dash(cells: list[str]) -> None:
    head, row = "<th><code>a</code> b</th>" * len(cells), "".join(f"<td>{cell}</td>" for cell in cells)
    html = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table>"
    labelled = '<td data-label="a b">1</td><td data-label="a b" data-empty>-</td><td data-label="a b">-1</td>'
    cards = html.replace("<table>", "<table data-cards>").replace(row, labelled)
    assert site_hooks.on_page_content(html) == (cards if len(cells) == 3 else html)


def test_the_build_is_strict_and_not_quiet() -> None:
    (build,) = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "bin/mkdocs build" in line]
    assert "--strict" in build
    assert not {"--quiet", "-q"} & set(build.split()), "a quiet build of MkDocs counts no warnings, so none fails it"
