from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from autocall_otp.sandbox.bell import Bell


def test_a_thread_hears_the_next_ring_and_one_before_its_wait() -> None:
    bell = Bell()
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(bell.wait, 0, 60)
        bell.ring()
        assert heard.result(60) == bell.count == 1
    assert bell.wait(0, 60) == 1
    assert bell.wait(1, 0.001) == bell.wait(1, 0) == bell.wait(1, -5) == 1, "no ring in time"


def test_a_task_hears_the_ring_of_another_thread() -> None:
    bell = Bell()

    async def listen() -> list[int]:
        waiting = asyncio.create_task(bell.listen(0, None))
        await asyncio.sleep(0)
        threading.Thread(target=bell.ring).start()
        heard = await asyncio.wait_for(waiting, 60)
        return [heard, await asyncio.wait_for(bell.listen(0, None), 60), await bell.listen(heard, 0.001)]

    assert asyncio.run(listen()) == [1, 1, 1]
    assert vars(bell)["_waiting"] == set()


def test_a_loop_that_is_closed_does_not_keep_others_from_hearing() -> None:
    bell = Bell()
    gone = asyncio.new_event_loop()
    listening = gone.create_task(bell.listen(0, None))
    gone.run_until_complete(asyncio.sleep(0))
    gone.close()

    async def listen() -> int:
        waiting = asyncio.create_task(bell.listen(0, None))
        await asyncio.sleep(0)
        bell.ring()
        return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(listen()) == 1
    listening.get_coro().close()
