"""What a contender is, and the list that they enter themselves in."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

SYNC, ASYNC = "sync", "async"


@attrs.frozen
class Calls:
    """A contender at work: place a call, fetch its record, end. All three are awaited where it is async."""

    post: Callable[[], Any]
    get: Callable[[], Any]
    close: Callable[[], Any] = lambda: None
    wait: Callable[[str], Any] | None = None
    """Wait for the end of a call, where the contender can do that."""


Make = Callable[[str, str], Calls | Awaitable[Calls]]


@attrs.define
class Contender:
    """One way to place calls and fetch records. Each way is made from a base URL and a reference."""

    name: str
    label: str
    make: dict[str, Make] = attrs.field(factory=dict[str, Make])


CONTENDERS: dict[str, Contender] = {}


def contender(name: str, label: str, kind: str) -> Callable[[Make], Make]:
    """Enter a contender's sync or async form."""

    def enter(make: Make) -> Make:
        CONTENDERS.setdefault(name, Contender(name, label)).make[kind] = make
        return make

    return enter
