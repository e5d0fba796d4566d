from __future__ import annotations

import asyncio
import threading

from autocall_otp.sandbox.bell import Bell


def test_a_ring_from_any_thread_wakes_each_waiter_though_the_loop_of_one_is_closed() -> None:
    bell = Bell()
    gone = asyncio.new_event_loop()
    listening = gone.create_task(bell.listen(0, None))
    gone.run_until_complete(asyncio.sleep(0))
    gone.close()

    async def listen() -> list[int]:
        waiting = asyncio.create_task(bell.listen(0, None))
        await asyncio.sleep(0)
        threading.Thread(target=bell.ring).start()
        heard = await asyncio.wait_for(waiting, 60)
        return [heard, await asyncio.wait_for(bell.listen(0, None), 60), await bell.listen(heard, 0.001)]

    assert asyncio.run(listen()) == [1, 1, 1]
    assert bell.wait(0, 60) == bell.wait(1, 0.001) == bell.wait(1, -5) == 1
    listening.get_coro().close()
    assert vars(bell)["_waiting"] == set()
