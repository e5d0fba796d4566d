"""What MkDocs does beyond mkdocs.yml: texts that live elsewhere, tables, the language of a page."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
CARDS = range(3, 6)
"""A table with so many columns is shown as cards on a phone; a wider one scrolls."""
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_TAKEN = re.compile(r"^<!-- from ([\w.]+)(?:: (.+?))? -->$", re.MULTILINE)


class File(Protocol):
    """The part of MkDocs' File that is used here."""

    src_uri: str


class Page(Protocol):
    """The part of MkDocs' Page that is used here."""

    file: File


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put in what a page takes from a file at the root: `<!-- from FILE -->` or `<!-- from FILE: HEADING -->`."""
    return _TAKEN.sub(lambda taken: text_of(taken[1], taken[2]), markdown)


def on_page_content(html: str, **_: object) -> str:
    """Tell each cell of a table its column's name, which it shows where the table is cut into cards."""
    return _TABLE.sub(lambda table: labelled(table[0]), html)


def on_post_page(output: str, *, page: Page, **_: object) -> str:
    """Say which language a page is in: to screen readers, and to browsers that offer to translate."""
    return output.replace('<html lang="en"', '<html lang="vi"', 1) if page.file.src_uri.startswith("vi/") else output


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
    """A file without its title, or one section of it, heading included.

    Raises:
        LookupError: the file has no such section.
    """
    text = (ROOT / file).read_text(encoding="utf-8")
    if heading is None:
        return text.partition("\n")[2].strip()
    section = re.search(rf"^## {re.escape(heading)}$.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise LookupError(f"{file} has no section {heading!r}")
    return section[0].strip()
