"""What a check of the contract has to say: which two disagree, on which name, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

PAGE, INFERRED, SPEC = "the page (tests/page)", "tests/page/inferred.yaml", "openapi.yaml"
AFTER = "then run `make generate` and `make contract`"
NEXT = {
    PAGE: f"if the page changed, edit tests/page/facts.yaml or the payloads beside it; else correct {SPEC}; {AFTER}",
    INFERRED: f"if more is known now, edit {INFERRED}; else correct {SPEC}; {AFTER}",
}


@attrs.frozen
class Disagreement:
    """Two parts that should say the same, and do not."""

    left: str
    right: str
    name: str
    """What they disagree on, such as the place in openapi.yaml."""
    what: str
    """What each of them says."""
    next: str
    """What to edit or run."""

    def __str__(self) -> str:
        return f"{self.right} and {self.left} disagree on {self.name}: {self.what}.\n    Next: {self.next}."


def settle(found: Iterable[Disagreement]) -> None:
    __tracebackhide__ = True
    lines = [str(each) for each in found]
    if lines:
        raise AssertionError("\n" + "\n".join(lines))


def same(pair: tuple[str, str], name: str, said: tuple[object, object], advice: str) -> None:
    """Fail a test unless both parts of a pair say the same of a name."""
    __tracebackhide__ = True
    if said[0] != said[1]:
        settle([Disagreement(*pair, name, f"{said[0]!r} by {pair[0]}, {said[1]!r} by {pair[1]}", advice)])


def expect(holds: bool, pair: tuple[str, str], name: str, what: str, advice: str) -> None:  # noqa: FBT001 - as assert takes it
    """Fail a test unless it holds, saying which two then disagree."""
    __tracebackhide__ = True
    settle([] if holds else [Disagreement(*pair, name, what, advice)])
