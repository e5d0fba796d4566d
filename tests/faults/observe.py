"""One call through one fault: what the caller is told, and what the server saw."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from typing import Any

import attrs

from autocall_otp import AutocallError, Cdr, OtpCall, Retry
from faults import ways
from faults.clients import QUICK, TOKEN, async_client, client
from faults.kinds import OPERATIONS, Expected, Fault, Operation
from faults.scenes import Scene
from faults.server import Seen
from faults.ways import Shell

REF_ID = "đơn 42/7"


@attrs.frozen
class Secrets:
    """What a caller sends and nobody may read."""

    token: str = TOKEN
    number: str = "0332987711"
    code: str = "code-81c55f"


SECRETS = Secrets()


@attrs.frozen
class Row:
    """What came of one call."""

    fault: str
    way: ways.Way
    shell: Shell
    operation: Operation
    told: Expected
    rings: int
    elapsed: float
    deadline: float
    followed: list[Seen]
    """What reached the host that a redirect pointed to."""
    sent: int
    """How many bytes the server could send."""
    result: OtpCall | Cdr | None
    error: Exception | None


def observe(fault: Fault, shell: Shell, operation: Operation, retry: Retry = QUICK, secrets: Secrets = SECRETS) -> Row:
    """Make one call."""
    with fault.stage(fault.script) as scene:
        settings = {"token": secrets.token, "timeout": fault.timeout, "deadline": fault.deadline, "retry": retry}
        if shell == "sync":
            result, elapsed = _sync(scene, operation, settings, secrets)
        else:
            result, elapsed = asyncio.run(_async(scene, operation, settings, secrets))
        counted = scene.ledger.connections if fault.unread else len(scene.ledger.seen)
        return Row(
            fault=fault.name,
            way=ways.chosen(),
            shell=shell,
            operation=operation,
            told=_told(result, counted - scene.warm - scene.crowd),
            rings=scene.ledger.rings[REF_ID],
            elapsed=elapsed,
            deadline=fault.deadline,
            followed=list(scene.elsewhere.seen),
            sent=scene.ledger.sent,
            result=None if isinstance(result, Exception) else result,
            error=result if isinstance(result, Exception) else None,
        )


def observe_all(
    fault: Fault,
    retry: Retry = QUICK,
    *,
    only: Operation | None = None,
    secrets: Secrets = SECRETS,
    each_with_each: bool = True,
) -> list[Row]:
    """Make it with each client that the transport serves, and each operation or one, at the same time.

    Where not each client makes each operation, which makes which changes from fault to fault.
    """
    shells = ways.shells()
    cases = list(product(shells, OPERATIONS if only is None else (only,)))
    if not each_with_each and len(shells) > 1:
        cases = list(zip(shells, OPERATIONS[:: 1 if len(fault.name) % 2 else -1], strict=True))
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda case: observe(fault, case[0], case[1], retry, secrets), cases))


def _told(result: OtpCall | Cdr | Exception, requests: int) -> Expected:
    if isinstance(result, AutocallError):
        return Expected(type(result), result.outcome, result.retryable, requests)
    if isinstance(result, Exception):
        # Not one of ours: no expectation equals it.
        return Expected(type(result), None, retryable=False, requests=requests)  # type: ignore[arg-type] # see above
    outcome = result.outcome if isinstance(result, OtpCall) else None
    return Expected(None, outcome, retryable=False, requests=requests)


def _sync(
    scene: Scene, operation: Operation, settings: dict[str, Any], secrets: Secrets
) -> tuple[OtpCall | Cdr | Exception, float]:
    with ExitStack() as stack:
        one = stack.enter_context(client(scene.host, **settings))
        for _ in range(scene.warm):
            one.get_cdr("warm")
            scene.rest()
        if scene.crowd:
            pool = stack.enter_context(ThreadPoolExecutor(scene.crowd))
            held = [pool.submit(one.get_cdr, "held") for _ in range(scene.crowd)]
            stack.callback(lambda: [each.result() for each in held])
            stack.callback(scene.release)
            scene.wait_for_crowd()
        start = time.perf_counter()
        try:
            if operation == "run_otp":
                return one.run_otp(secrets.number, secrets.code, ref_id=REF_ID), time.perf_counter() - start
            return one.get_cdr(REF_ID), time.perf_counter() - start
        except Exception as error:  # noqa: BLE001 - whatever comes is what the caller is told
            return error, time.perf_counter() - start


async def _async(
    scene: Scene, operation: Operation, settings: dict[str, Any], secrets: Secrets
) -> tuple[OtpCall | Cdr | Exception, float]:
    async with async_client(scene.host, **settings) as one:
        for _ in range(scene.warm):
            await one.get_cdr("warm")
            await asyncio.to_thread(scene.rest)
        held = [asyncio.create_task(one.get_cdr("held")) for _ in range(scene.crowd)]
        await asyncio.to_thread(scene.wait_for_crowd)
        start = time.perf_counter()
        try:
            if operation == "run_otp":
                call = await one.run_otp(secrets.number, secrets.code, ref_id=REF_ID)
                return call, time.perf_counter() - start
            return await one.get_cdr(REF_ID), time.perf_counter() - start
        except Exception as error:  # noqa: BLE001 - whatever comes is what the caller is told
            return error, time.perf_counter() - start
        finally:
            scene.release()
            await asyncio.gather(*held)
