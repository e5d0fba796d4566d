"""Whether openapi.yaml agrees with the provider's page and its readers, in one process; Spectral looks at it alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from support.agree.differ import differences, unnamed
from support.agree.elements import Json
from support.agree.marks import marks
from support.agree.records import records
from support.agree.tree import plain
from support.agree.verdict import Disagreement, settle
from support.agree.wanted import wanted
from support.agree.words import words

__all__ = ["CHECKS", "Disagreement", "settle"]


@lru_cache
def _wanted() -> dict[str, Any]:
    return wanted()


CHECKS: dict[str, Callable[[Json], list[Disagreement]]] = {
    "page": lambda document: differences(_wanted(), plain(document)) + unnamed(document),
    "records": records,
    "marks": lambda document: marks(document, _wanted()),
    "words": words,
}
"""Each takes the document, read, and gives what it finds."""
