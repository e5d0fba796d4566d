"""Reading Markdown pages: their fenced blocks, headings and links."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r"\s*^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@attrs.frozen
class Block:
    """A fenced block."""

    page: Path
    line: int
    """Of its first line of code, from 1."""
    language: str
    body: str
    output: str | None
    """The block of text right after it: what it prints."""


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in these languages, in their order."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        if match["language"] in languages:
            output = _OUTPUT.match(text, match.end())
            line = text.count("\n", 0, match.start("body")) + 1
            found.append(Block(page, line, match["language"], match["body"], output[1] if output else None))
    return found


def prose(page: Path) -> str:
    """A page without its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = (re.sub(r"[`*]|<[^>]+>", "", heading).strip().lower() for heading in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The addresses that a page links to or shows, code left out."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))


def as_pattern(output: str) -> re.Pattern[str]:
    """What matches an output; a line of three dots stands for any lines, or none."""
    return re.compile(re.escape(output).replace(r"\.\.\." + "\\\n", r"(?:.*\n)*"))
