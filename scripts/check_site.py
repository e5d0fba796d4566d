"""Check the built site: nothing in it is fetched from elsewhere.

A link that a reader may follow is not looked at; a script, style, font, picture or frame is.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

FETCHED = {
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("source", "srcset"),
    ("track", "src"),
    ("use", "href"),
    ("video", "poster"),
    ("video", "src"),
}
"""What a browser fetches without being asked."""
LINKS_ONLY = {"alternate", "author", "canonical", "license", "next", "prev"}
"""Kinds of <link> that no browser fetches."""
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


def is_elsewhere(address: str) -> bool:
    """Whether an address leaves the site."""
    parts = urlsplit(address.strip())
    return parts.scheme not in {"", "data"} or bool(parts.netloc)


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
        if tag == "link" and set(values.get("rel", "").split()) <= LINKS_ONLY:
            return
        for name, value in values.items():
            if (tag, name) in FETCHED:
                addresses = value.split(",") if name == "srcset" else [value]
                self.found += [address for address in addresses if is_elsewhere(address)]

    def handle_data(self, data: str) -> None:
        """Look into a style."""
        if self._in_style:
            self.found += elsewhere_in_style(data)

    def handle_endtag(self, tag: str) -> None:
        """Leave a style."""
        self._in_style = self._in_style and tag != "style"


def elsewhere_in_style(text: str) -> list[str]:
    """The addresses elsewhere that a style fetches."""
    return [address for pair in _IN_STYLE.findall(text) for address in pair if address and is_elsewhere(address)]


def fetched_from_elsewhere(site: Path) -> list[str]:
    """Every page and style with an address that it fetches from elsewhere."""
    found: list[str] = []
    for file in sorted(site.rglob("*")):
        if file.suffix == ".html":
            page = Page()
            page.feed(file.read_text(encoding="utf-8"))
            found += [f"{file.relative_to(site)}: {address}" for address in page.found]
        elif file.suffix == ".css":
            found += [f"{file.relative_to(site)}: {one}" for one in elsewhere_in_style(file.read_text("utf-8"))]
    return found


def main() -> None:
    """Name what is fetched from elsewhere; say how many pages there are where nothing is."""
    site = Path(sys.argv[1])
    if found := fetched_from_elsewhere(site):
        sys.exit("The site fetches from elsewhere:\n" + "\n".join(found))
    print(f"ok: {len(list(site.rglob('*.html')))} pages in {site}/, nothing fetched from elsewhere")


if __name__ == "__main__":
    main()
