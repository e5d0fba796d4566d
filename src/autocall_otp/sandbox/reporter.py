"""Tells each call to its end, in the log: a terminal shows what the page shows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import PlacedCall, masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from autocall_otp.sandbox.switchboard import Switchboard

log: logging.Logger = logging.getLogger("autocall_otp.sandbox")


class Reporter:
    """Follows the calls of a switchboard; each look tells what has happened since the last one."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._last_id = max((call.id for call in board.all()), default=0)
        # Calls that have not ended, with the number of their steps that were logged.
        self._open: dict[int, int] = {}

    async def run(self) -> None:
        """Tell what happens, until the sandbox stops."""
        while not self._board.stopping:
            count = self._board.bell.count
            due = self.look()
            await self._board.bell.listen(count, None if due is None else self._board.clock.real_seconds(due))

    def look(self) -> float | None:
        """Tell what has happened; the sandbox seconds until something will, None when nothing is due."""
        now = self._board.clock.now()
        for call in self._board.all(after=self._last_id):
            self._open[call.id], self._last_id = 0, call.id
        due: list[float] = []
        for call_id, logged in list(self._open.items()):
            placed = self._board.get(call_id)
            steps = list(_steps(placed, now)) if placed else []
            self._open[call_id] = len(steps)
            if placed is None or calls.elapsed(placed, now) >= placed.plan.ended:
                del self._open[call_id]
            elif (change := calls.next_change(placed, now)) is not None:
                due.append(change)
            if placed:
                for step in steps[logged:]:
                    log.info("call %d to %s: %s", call_id, masked(placed.phone_number), step)
        return min(due, default=None)


def _steps(call: PlacedCall, now: datetime) -> Iterator[str]:
    """What has happened to a call by now, in order."""
    plan, seconds = call.plan, calls.elapsed(call, now)
    if plan.ringing is not None and plan.ringing <= seconds:
        yield "ringing"
    if plan.answered is not None and plan.answered <= seconds:
        yield "answered"
    if plan.ended <= seconds:
        talked = "" if plan.answered is None else f" after {plan.ended - plan.answered:.0f} s of talk"
        yield f"{'ended' if plan.status == 'answered' else plan.status}{talked}"
