"""Server-sent events: the calls as they happen, by the bell and the clock, without polling."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.switchboard import Switchboard, described

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# A comment now and then shows both ends that the other is still there.
KEEP_ALIVE = 15.0
# Changes within this many seconds travel together, so that a flood of calls does not drown the page.
TOGETHER = 0.03

Seen: TypeAlias = dict[int, tuple[str, bool, int]]
# The calls as they were sent, and the last request that was.
Sent: TypeAlias = tuple[Seen, int]


async def stream(board: Switchboard) -> AsyncIterator[str]:
    """A snapshot, then each change, until the sandbox stops."""
    count = board.bell.count
    _, event, sent = _event(board, "snapshot", ({}, 0))
    yield event
    while not board.stopping:
        due = board.next_change()
        pause = KEEP_ALIVE if due is None else min(due, KEEP_ALIVE)
        known, count = count, await board.bell.listen(count, pause)
        changed, event, sent = _event(board, "change", sent)
        # A ring without a changed call moved the clock: that is news, too.
        if changed or known != count:
            yield event
            await asyncio.sleep(TOGETHER)
        elif pause == KEEP_ALIVE:
            yield ": still here\n\n"


def _event(board: Switchboard, name: str, sent: Sent) -> tuple[bool, str, Sent]:
    """Whether anything changed since `sent`, the event that says what, and what is sent with it."""
    seen, last_request = sent
    now = board.clock.now()
    kept = {call.id: call for call in board.all()}
    looks: Seen = {
        call.id: (
            calls.status(call, now),
            calls.has_record(call, now),
            board.rings(call.ref_id),
        )
        for call in kept.values()
    }
    changed = [call for call in kept.values() if seen.get(call.id) != looks[call.id]]
    gone = sorted(seen.keys() - looks.keys())
    requests = board.requests(last_request)
    data: dict[str, Any] = {
        "now": now.isoformat(),
        "speed": board.clock.speed,
        "chaos": board.chaos.is_on,
        "calls": [described(board, call, now) for call in changed],
        "gone": gone,
        "requests": [request.as_json() for request in requests],
    }
    news = bool(changed or gone or requests)
    last_request = requests[-1].id if requests else last_request
    return news, f"event: {name}\ndata: {json.dumps(data)}\n\n", (looks, last_request)
