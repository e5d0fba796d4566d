"""Reading Markdown pages: their fenced blocks, headings and links."""

import re
from pathlib import Path

import attrs

_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
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
    """What it prints, where the page says so."""


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in these languages, in their order."""
    text = page.read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    found: list[Block] = []
    for index, match in enumerate(fences):
        if match["language"] in languages:
            line = text.count("\n", 0, match.start("body")) + 1
            output = _output(text, match, fences[index + 1 : index + 3])
            found.append(Block(page, line, match["language"], match["body"], output))
    return found


def _output(text: str, block: re.Match[str], after: list[re.Match[str]]) -> str | None:
    """What a block prints: the text right after it, or after the shell's block that runs it as a file."""
    match after:
        case [printed, *_] if printed["language"] == "text":
            return printed["body"] if not text[block.end() : printed.start()].strip() else None
        case [run, printed] if "python first_call.py" in run["body"] and printed["language"] == "text":
            return printed["body"]
        case _:
            return None


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
