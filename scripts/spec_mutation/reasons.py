"""Mutations that change nothing that a program could notice: by rule, with the reason. To be reviewed, not to grow."""

from __future__ import annotations

from fnmatch import fnmatchcase

import attrs

from spec_mutation.mutation import Mutation


@attrs.frozen
class Rule:
    """Which mutations it excuses, should they survive: kind of element, kind of change, and what is new."""

    element: str
    how: str
    detail: str
    reason: str

    def excuses(self, mutation: Mutation) -> bool:
        """Whether the mutation is one of these."""
        said = (mutation.element, mutation.how, mutation.detail)
        return all(fnmatchcase(text, wanted) for text, wanted in zip(said, self.patterns, strict=True))

    @property
    def patterns(self) -> tuple[str, str, str]:
        """What it looks for, with wildcards."""
        return self.element, self.how, self.detail


RULES = (
    Rule("*", "reword", "*", "words for people: that they are there is checked, and no program knows better ones"),
    Rule(
        "response",
        "rename",
        "with its uses",
        "a name within the document: neither the wire nor generated code carries the name of an answer",
    ),
    Rule(
        "header",
        "rename",
        "with its uses",
        "a name within the document: on the wire the header has the name under which an answer lists it",
    ),
    Rule(
        "security scheme",
        "rename",
        "with its uses",
        "a name within the document: type and scheme say what goes over the wire",
    ),
)


def rule_for(mutation: Mutation) -> Rule | None:
    """The rule that would excuse this mutation."""
    return next((rule for rule in RULES if rule.excuses(mutation)), None)
