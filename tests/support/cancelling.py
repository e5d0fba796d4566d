"""Cancelling a task at each of its awaits in turn."""

import asyncio
import types
from typing import Any


async def cancelled_at(point: int, coroutine: Any) -> Any:
    """Run it, and cancel the task at so-and-so many awaits."""
    return await _cancelled_at(point, coroutine)


@types.coroutine
def _cancelled_at(point: int, coroutine: Any) -> Any:
    while True:
        try:
            waited_for = coroutine.send(None)
        except StopIteration as end:
            return end.value
        point -= 1
        if not point:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        try:
            yield waited_for
        except BaseException as error:  # noqa: BLE001 - whatever it is, the coroutine gets it
            try:
                waited_for = coroutine.throw(error)
            except StopIteration as end:
                return end.value
            yield waited_for
