"""What MkDocs does beyond mkdocs.yml: texts that live elsewhere, the two languages, tables on a phone."""

import itertools
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parent.parent
CARDS = range(3, 6)
"""A table with so many columns is shown as cards on a phone; a wider one scrolls."""
CODE = {".html": "html+jinja", ".py": "python"}
"""The files of a recipe that the site shows, and their languages."""
LANGUAGES = {"en": "English", "vi": "Tiếng Việt"}
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_TAKEN = re.compile(r"^<!-- from ([\w./]+)(?:: (.+?))? -->$", re.MULTILINE)
_RECIPE = re.compile(r"^## (\w+)\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_sources: dict[str, str] = {}
"""Each page's Markdown, with what it takes from elsewhere."""


Nav: TypeAlias = Any
Page: TypeAlias = Any
"""MkDocs' own types, which are not in the environment that checks these scripts."""


def on_nav(nav: Nav, **_: object) -> None:
    """Let "previous" and "next" stay in one language."""
    for language in LANGUAGES:
        pages = [page for page in nav.pages if language_of(page.file.src_uri) == language]
        for before, page, after in zip([None, *pages], pages, [*pages[1:], None], strict=False):
            page.previous_page, page.next_page = before, after


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Put in what a page takes from another file: `<!-- from FILE -->` or `<!-- from FILE: HEADING -->`."""
    text = _TAKEN.sub(lambda taken: text_of(taken[1], taken[2]), markdown)
    _sources[page.file.src_uri] = text
    return text


def on_page_content(html: str, **_: object) -> str:
    """Tell each cell of a table its column's name, which it shows where the table is cut into cards."""
    return _TABLE.sub(lambda table: labelled(table[0]), html)


def on_page_context(
    context: dict[str, Any], *, page: Page, config: MutableMapping[str, Any], nav: Nav
) -> dict[str, Any]:
    """Show a page in its own language, and lead to the same page in the other one."""
    own = page.file.src_uri
    config["theme"]["language"] = language_of(own)
    urls = {each.file.src_uri: each.file.url for each in nav.pages}
    twins = {language: urls.get(in_language(own, language)) for language in LANGUAGES}
    links = [{"name": LANGUAGES[language], "link": url, "lang": language} for language, url in twins.items() if url]
    config["extra"]["alternate"] = links if len(links) > 1 else []
    return context


def on_post_page(output: str, **_: object) -> str:
    """Leave out what makes the theme look for a site map of each language, which is not there."""
    return re.sub(r'<link rel="alternate"[^>]*>', "", output)


def on_post_build(config: MutableMapping[str, Any]) -> None:
    """Put the Markdown of each page beside it, for the readers of llms.txt."""
    for name, text in _sources.items():
        Path(config["site_dir"], name).write_text(text, encoding="utf-8")


def language_of(page: str) -> str:
    """The language of a page in docs/."""
    return "vi" if page.startswith("vi/") else "en"


def in_language(page: str, language: str) -> str:
    """The name that a page has in a language."""
    english = page.removeprefix("vi/")
    return english if language == "en" else f"vi/{english}"


def labelled(table: str) -> str:
    """The table, ready to be cut into cards, unless it has too few or too many columns for that."""
    head, body = table.split("</thead>", 1)
    names = [re.sub(r"<[^>]+>", "", name).replace('"', "&quot;") for name in re.findall(r"<th[^>]*>(.*?)</th>", head)]
    if len(names) not in CARDS:
        return table
    columns = itertools.cycle(names)
    # A dash says that a column has nothing for this row; a card does without it.
    body = re.sub(
        r"<td([^>]*>)(-?</td>)?",
        lambda td: f'<td data-label="{next(columns)}"{" data-empty" if td[2] else ""}{td[1]}{td[2] or ""}',
        body,
    )
    return head.replace("<table>", "<table data-cards>", 1) + "</thead>" + body


def text_of(file: str, heading: str | None) -> str:
    """A file without its title, or one section of it, heading included; each recipe with its code.

    Raises:
        LookupError: the file has no such section.
    """
    # A link into docs/ becomes one between pages.
    text = re.sub(r"\]\((?:\.\./)?docs/", "](", (ROOT / file).read_text(encoding="utf-8"))
    if file == "examples/README.md":
        text = _RECIPE.sub(lambda recipe: with_code(recipe[0], recipe[1]), text)
    if heading is None:
        return text.partition("\n")[2].strip()
    section = re.search(rf"^## {re.escape(heading)}$.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise LookupError(f"{file} has no section {heading!r}")
    return section[0].strip()


def with_code(section: str, recipe: str) -> str:
    """The section of a recipe with the recipe's files, folded."""
    for file in sorted((ROOT / "examples" / recipe).rglob("*")):
        if file.suffix in CODE and file.name != "__init__.py" and "migrations" not in file.parts:
            code = file.read_text(encoding="utf-8").rstrip()
            block = f"```{CODE[file.suffix]}\n{code}\n```".replace("\n", "\n    ")
            section += f'??? example "`{file.relative_to(ROOT).as_posix()}`"\n\n    {block}\n\n'
    return section
