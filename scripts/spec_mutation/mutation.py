"""A mutation: one change of openapi.yaml, that the judge should notice."""

from __future__ import annotations

import copy
from fnmatch import fnmatch

import attrs
from support.agree.elements import At, Json, shown

from spec_mutation.edits import Edit


@attrs.frozen
class Mutation:
    """One change."""

    element: str
    """Kind of the element that it changes, as `support.agree.elements` calls it."""
    how: str
    """Kind of the change."""
    at: At
    detail: str
    """What is new, where one element can be changed so in more than one way."""
    edit: Edit = attrs.field(repr=False, eq=False)

    @property
    def name(self) -> str:
        """Its own name, the same in every run."""
        return f"{self.element} / {self.how} / {shown(self.at)}" + (f" / {self.detail}" if self.detail else "")

    def matches(self, pattern: str) -> bool:
        """Whether its name holds the pattern, which may have wildcards."""
        return fnmatch(self.name.lower(), f"*{pattern.lower()}*")

    def applied(self, document: Json) -> Json:
        """A changed copy of the document."""
        changed = copy.deepcopy(document)
        self.edit(changed)
        return changed
