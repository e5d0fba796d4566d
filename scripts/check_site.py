"""Check the built site: nothing in it is fetched from elsewhere, and the search finds what readers look for.

A link that a reader may follow is not looked at; a script, style, font, picture or frame is.
"""

import json
import re
import sys
from pathlib import Path

_TAG = re.compile(r"<(?!a\s)\w+\s[^>]*>", re.DOTALL)
_FETCHED = re.compile(r"\s(?:data|href|poster|src|srcset)=[\"']([^\"']+)[\"']")
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
_STYLE = re.compile(r"<style.*?</style>|\sstyle=\"[^\"]*\"", re.DOTALL)
_LINK_ONLY = re.compile(r"<link[^>]*\srel=[\"']?(?:alternate|author|canonical|license|next|prev)\b", re.DOTALL)
_ELSEWHERE = re.compile(r"(?!data:)([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
SEARCHED = {"celery", "django", "fastapi", "flask", "mock", "prism", "pytest", "retry", "timeout", "webhook"}


def fetched(file: Path) -> list[str]:
    """The addresses that a page or a style makes a browser fetch."""
    text = file.read_text(encoding="utf-8")
    styles, tags = [text], list[str]()
    if file.suffix == ".html":
        styles, tags = _STYLE.findall(text), [tag for tag in _TAG.findall(text) if not _LINK_ONLY.match(tag)]
    in_tags = [each for tag in tags for value in _FETCHED.findall(tag) for each in re.split(r",\s+", value)]
    return in_tags + [each for style in styles for pair in _IN_STYLE.findall(style) for each in pair]


def fetched_from_elsewhere(site: Path) -> list[str]:
    """Every page and style with an address that it fetches from elsewhere."""
    return [
        f"{file.relative_to(site)}: {address.strip()}"
        for file in sorted([*site.rglob("*.css"), *site.rglob("*.html")])
        for address in fetched(file)
        if _ELSEWHERE.match(address.strip())
    ]


def not_found(site: Path) -> set[str]:
    """The words that a reader will search for, and that no page has."""
    text = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    return SEARCHED - {word for page in text for word in re.findall(r"\w+", f"{page['title']} {page['text']}".lower())}


def main() -> None:
    site = Path(sys.argv[1])
    if words := not_found(site):
        sys.exit(f"The search does not find: {', '.join(sorted(words))}")
    if found := fetched_from_elsewhere(site):
        sys.exit("The site fetches from elsewhere:\n" + "\n".join(found))
    print(f"ok: {len(list(site.rglob('*.html')))} pages in {site}/, nothing fetched from elsewhere")


if __name__ == "__main__":
    main()
