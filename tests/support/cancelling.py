"""Cancelling a task at each of its awaits in turn."""

import asyncio
import types
from typing import Any


async def cancelled_at(point: int, coroutine: Any) -> Any:
    """Run it, and cancel the task at so-and-so many awaits."""
    return await _cancelled_at(point, coroutine)


@types.coroutine
def _cancelled_at(point: int, coroutine: Any) -> Any:
    step, given = coroutine.send, None
    while True:
        try:
            waited_for = step(given)
        except StopIteration as end:
            return end.value
        point -= 1
        if not point and (task := asyncio.current_task()):
            task.cancel()
        try:
            given = yield waited_for
            step = coroutine.send
        except BaseException as error:  # noqa: BLE001 - whatever it is, the coroutine gets it
            step, given = coroutine.throw, error
