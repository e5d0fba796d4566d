"""A JSON object as it came: read-only, and its repr shows no value."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Self

from autocall_otp._redact import Json, Secrets


class Payload(Mapping[str, Any]):
    """A JSON object as it came, read-only. Its repr shows names only, since the values hold secrets."""

    __slots__ = ("_around", "_secrets", "_values")

    def __init__(
        self, values: dict[str, Json] | None = None, secrets: Secrets | None = None, around: Payload | None = None
    ) -> None:
        """Take the object over; nobody else keeps it.

        Args:
            values: the object.
            secrets: what must not be shown, beside what the object itself names as secret.
            around: the object that this one is a part of, whose secrets are its own, too.
        """
        self._values = {} if values is None else values
        self._secrets, self._around = secrets or Secrets(), around

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        """The value; an object in it is a Payload again, a list in it a copy."""
        value = self._values[name]
        if isinstance(value, dict):
            return Payload(value, around=self)
        return copy.deepcopy(value) if isinstance(value, list) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        """Equal payloads have the same names."""
        return hash(frozenset(self._values))

    def __repr__(self) -> str:
        return self.secrets().redact(f"<Payload {', '.join(self._values)}>")

    def __copy__(self) -> Self:
        """Itself, since nothing of it changes; a pickle would be masked."""
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Payload], tuple[dict[str, Json]]]:
        return Payload, (self.masked(),)

    def to_dict(self) -> dict[str, Any]:
        """A plain, independent copy, secrets included: for ``json.dumps`` and for storing."""
        return copy.deepcopy(self._values)

    def masked(self) -> dict[str, Any]:
        """A plain copy in which codes and phone numbers are masked."""
        return self.secrets().redact_object(self._values)

    def secrets(self) -> Secrets:
        """What must not be shown of this object."""
        secrets = self._secrets | Secrets.named_in(self._values)
        return secrets if self._around is None else secrets | self._around.secrets()
