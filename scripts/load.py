"""Calls at a steady rate through the SDK against the sandbox: what was placed, what was lost, what it took.

Each call is placed, waited for, and its record compared with what was sent. Exits with 1 when one was lost.
"""

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import sys
import time
from multiprocessing.connection import Connection

from autocall_otp import AsyncClient, AutocallError
from autocall_otp.sandbox import Sandbox

SPEED = 30.0
"""Sandbox seconds for each second: a call of fifteen seconds is over in half of one."""
MIB = 1024.0


def serve(pipe: Connection) -> None:
    """Run the sandbox in a process of its own; tell its address, then what it took."""
    with Sandbox(speed=SPEED) as sandbox:
        pipe.send((sandbox.url, sandbox.token))
        pipe.recv()
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send((len(sandbox.calls), used.ru_maxrss / MIB, used.ru_utime + used.ru_stime))


async def one(client: AsyncClient, number: int, placing: list[float]) -> str | None:
    """Place a call and wait for its record; what went wrong, if anything did."""
    phone, ref_id, start = f"09{number % 10**8:08d}", f"load-{number}", time.monotonic()
    try:
        await client.run_otp(phone, f"{number:06d}", ref_id=ref_id)
        placing.append(time.monotonic() - start)
        record = await client.wait_for_cdr(ref_id, timeout=60)
    except AutocallError as error:
        return f"{type(error).__name__}: {error}"
    same = record.to_number == phone and record.raw["additional"]["ref_id"] == ref_id
    return None if same and record.answered else "a record of another call"


async def load(url: str, token: str, rate: float, seconds: float) -> tuple[list[str | None], list[float]]:
    """Start calls by the clock, whatever became of those before."""
    placing: list[float] = []
    async with AsyncClient(url, token, campaign_uuid="f77dfcf4-0759-4179-93cb-741f481a776e", template="load") as client:
        start, tasks = time.monotonic(), list[asyncio.Task[str | None]]()
        # Numbers of the sandbox that mean something begin with 0900.
        for number in range(int(rate * seconds)):
            await asyncio.sleep(start + number / rate - time.monotonic())
            tasks.append(asyncio.create_task(one(client, 10_000_000 + number, placing)))
        return await asyncio.gather(*tasks), placing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=[theirs], daemon=True)
    process.start()
    (url, token), begun = ours.recv(), time.monotonic()
    results, placing = asyncio.run(load(url, token, options.rate, options.seconds))
    took = time.monotonic() - begun
    ours.send("enough")
    kept, memory, cpu = ours.recv()
    process.join()
    wrong = [result for result in results if result]
    cuts, used = statistics.quantiles(placing, n=100), resource.getrusage(resource.RUSAGE_SELF)
    print(f"{len(results)} calls in {took:.1f} s, {len(results) - len(wrong)} placed, answered and read back")
    print(f"lost or wrong: {len(wrong)}", *sorted(set(wrong))[:10], sep="\n  ")
    print(f"placing a call took {1000 * cuts[49]:.1f} ms in the middle, {1000 * cuts[98]:.1f} ms for the slowest 1 %")
    print(f"sandbox: {kept} calls kept, {memory:.0f} MiB at most, {cpu:.1f} s of CPU")
    print(f"SDK: {used.ru_maxrss / MIB:.0f} MiB at most, {used.ru_utime + used.ru_stime:.1f} s of CPU")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
