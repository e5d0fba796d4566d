"""A service that fails at random, from a seed, and keeps a ledger of the phones that it rang."""

from __future__ import annotations

import json
import random
from collections import Counter

import attrs

from faults.scripts import head, whole
from faults.server import Wire

_GOOD, _TWICE = "good", "twice"
READ_TIMEOUT = 1.0
"""Seconds after which a client gives up; what comes late comes after twice as many."""


@attrs.frozen
class Deed:
    """What the service does with a request, and how often."""

    weight: int
    rings: bool
    reply: bytes | str = b""
    then: str = "close"


def _rings(weight: int, reply: bytes | str, then: str = "close") -> Deed:
    return Deed(weight, rings=True, reply=reply, then=then)


def _silent(weight: int, reply: bytes, then: str = "close") -> Deed:
    return Deed(weight, rings=False, reply=reply, then=then)


def _either(weight: int, reply: bytes, then: str) -> tuple[Deed, Deed]:
    return _rings(weight, reply, then), _silent(weight, reply, then)


_DEEDS = (
    _rings(40, _GOOD, "keep"),
    _rings(6, _GOOD),
    *_either(3, b"", "close"),
    *_either(3, b"", "reset"),
    *_either(1, b"", "stall"),
    _rings(1, _GOOD, "late"),
    _rings(2, b"HTTP/1.1 200 OK\r\nContent-Ty"),
    _rings(2, head(size=300) + b'{"call_id": '),
    _rings(1, head(size=300) + b'{"call_id": ', "stall"),
    _rings(1, b"what is this?\r\n\r\n"),
    *(
        _rings(2, whole(body), "keep")
        for body in (b"", b"<html>", b"[]", b"null", b'{"call_id": 7}', b'{"call_id": "\xff"}')
    ),
    _silent(2, whole(b'{"error": "insufficient balance"}'), "keep"),
    *(
        deed
        for status in (302, 307, 408, 500, 502, 503, 504, 520, 799)
        for deed in _either(1, whole(b"{}", f"{status} Odd"), "keep")
    ),
    _rings(1, b"HTTP/1.1 204 No Content\r\n\r\n", "keep"),
    *(_silent(2, whole(b"{}", f"{status} No"), "keep") for status in (400, 401, 403, 404, 409, 422)),
    _silent(3, whole(b"{}", "429 Slow Down", "Retry-After: 0"), "keep"),
    _silent(2, whole(b"{}", "429 Slow Down")),
)
FOREIGN = "foreign"
"""How the references of calls over transports that are not ours begin."""
_OWN_DEEDS = (*_DEEDS, _rings(3, _TWICE, "keep"))
"""Only over a client's own transport does nobody read an answer that was sent twice."""


class Service:
    """Rings phones, keeps the ledger, and does what the seed says."""

    def __init__(self, seed: int) -> None:
        self.rings: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._seed = seed

    def __call__(self, wire: Wire) -> None:
        """Serve a connection."""
        while self._answers(wire) == "keep":
            pass

    def _answers(self, wire: Wire) -> str:
        ref_id = wire.receive().ref_id
        draw = random.Random(f"{self._seed}/{ref_id}/{self.requests[ref_id]}")  # noqa: S311 - to be drawn again
        deeds = _DEEDS if ref_id.startswith(FOREIGN) else _OWN_DEEDS
        deed = draw.choices(deeds, [each.weight for each in deeds])[0]
        self.requests[ref_id] += 1
        self.rings[ref_id] += deed.rings
        if deed.then == "late":
            wire.pause(2 * READ_TIMEOUT)
        good = whole(json.dumps({"call_id": "1", "message": "success", "ref_id": ref_id}).encode())
        wire.send(deed.reply if isinstance(deed.reply, bytes) else good * (1 + (deed.reply == _TWICE)))
        if deed.then == "reset":
            wire.reset()
        if deed.then == "stall":
            wire.wait_until_gone()
        return deed.then
