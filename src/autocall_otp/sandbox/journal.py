"""The requests that the service got, with what became of each: what a program did wrong can be seen here."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

KEPT = 500
SHORTEST_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what became of it; `shown` is its path as a log may show it. The rest is as in ReceivedRequest."""

    method: str
    path: str
    shown: str
    status: int | None
    reason: str
    ok: bool


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request to the service, without its token and its body.

    `status` is that of the answer, None where none was sent. `reason` says in words why it was not answered with
    what was asked for. `ok` is False for those, but not for a look-up that only came before its record.
    """

    id: int
    at: datetime
    method: str
    path: str
    status: int | None
    reason: str
    ok: bool

    def __repr__(self) -> str:
        return f"<ReceivedRequest {self.id}: {self.method}, {self.outcome}>"

    @property
    def outcome(self) -> str:
        """The status and the reason, in words for people."""
        status = "no answer" if self.status is None else str(self.status)
        return f"{status}, {self.reason}" if self.reason else status

    def as_json(self) -> dict[str, Any]:
        """The request as the testing API shows it."""
        return asdict(self) | {"at": self.at.isoformat()}


class Journal:
    """The latest requests, oldest first: so many that were ok, and as many that were not.

    Look-ups come often; they do not push out what went wrong. Not safe for threads by itself.
    """

    def __init__(self) -> None:
        self._last_id = 0
        self._kept: dict[bool, deque[ReceivedRequest]] = {True: deque(maxlen=KEPT), False: deque(maxlen=KEPT)}

    def add(self, at: datetime, seen: Exchange) -> ReceivedRequest:
        """Keep a request."""
        self._last_id += 1
        request = ReceivedRequest(self._last_id, at, seen.method, seen.path, seen.status, seen.reason, seen.ok)
        self._kept[seen.ok].append(request)
        return request

    def all(self, after: int = 0) -> list[ReceivedRequest]:
        """Every request that is kept, with an id above `after`."""
        found = [request for kept in self._kept.values() for request in kept if request.id > after]
        return sorted(found, key=lambda request: request.id)

    def clear(self) -> None:
        """Forget them."""
        for kept in self._kept.values():
            kept.clear()


def without(path: str, *tokens: str) -> str:
    """The path with stars in place of the tokens, should somebody have put one there."""
    for token in tokens:
        if len(token) >= SHORTEST_TOKEN and token in unquote(path):
            path = unquote(path).replace(token, "***")
    return path
