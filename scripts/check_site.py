"""Check the built site: nothing in it is fetched from elsewhere.

A link that a reader may follow is not looked at; a script, style, font, picture or frame is.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

FETCHED = {"data", "href", "poster", "src", "srcset"}
"""Attributes whose address a browser fetches without being asked, but for links."""
LINKS_ONLY = {"alternate", "author", "canonical", "license", "next", "prev"}
"""Kinds of <link> that no browser fetches."""
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


def is_elsewhere(address: str) -> bool:
    """Whether an address leaves the site."""
    parts = urlsplit(address.strip())
    return parts.scheme not in {"", "data"} or bool(parts.netloc)


def elsewhere_in_style(text: str) -> list[str]:
    """The addresses elsewhere that a style fetches."""
    return [address for pair in _IN_STYLE.findall(text) for address in pair if address and is_elsewhere(address)]


class Page(HTMLParser):
    """Collects the addresses that a page makes a browser fetch from elsewhere."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what a tag fetches."""
        self._in_style = tag == "style"
        values = {name: value or "" for name, value in attrs}
        self.found += elsewhere_in_style(values.get("style", ""))
        if tag == "a" or (tag == "link" and set(values.get("rel", "").split()) <= LINKS_ONLY):
            return
        addresses = [each for name in FETCHED & values.keys() for each in re.split(r",\s+", values[name])]
        self.found += filter(is_elsewhere, addresses)

    def handle_data(self, data: str) -> None:
        """Look into a style."""
        self.found += elsewhere_in_style(data) if self._in_style else []

    def handle_endtag(self, tag: str) -> None:
        """Leave a style."""
        self._in_style = self._in_style and tag != "style"


def fetched_from_elsewhere(site: Path) -> list[str]:
    """Every page and style with an address that it fetches from elsewhere."""
    found: list[str] = []
    for file in [file for file in sorted(site.rglob("*")) if file.suffix in {".css", ".html"}]:
        page, text = Page(), file.read_text(encoding="utf-8")
        page.feed(text if file.suffix == ".html" else f"<style>{text}</style>")
        found += [f"{file.relative_to(site)}: {address}" for address in page.found]
    return found


def main() -> None:
    """Name what is fetched from elsewhere; say how many pages there are where nothing is."""
    site = Path(sys.argv[1])
    if found := fetched_from_elsewhere(site):
        sys.exit("The site fetches from elsewhere:\n" + "\n".join(found))
    print(f"ok: {len(list(site.rglob('*.html')))} pages in {site}/, nothing fetched from elsewhere")


if __name__ == "__main__":
    main()
