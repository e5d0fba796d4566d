"""One call through one fault: what the caller is told, and what the server saw."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Literal

import attrs
import httpx

from autocall_otp import AsyncClient, AutocallError, Cdr, Client, OtpCall, Retry
from autocall_otp._transport import MAX_CONNECTIONS
from faults import ways
from faults.kinds import Expected, Fault
from faults.scenes import Scene
from faults.server import Seen

Shell = Literal["sync", "async"]
Operation = Literal["run_otp", "get_cdr"]
SHELLS: tuple[Shell, ...] = ("sync", "async")
OPERATIONS: tuple[Operation, ...] = ("run_otp", "get_cdr")
QUICK = Retry(base=0.001, cap=0.01)
"""The default policy, with pauses that a test can afford."""
CAMPAIGN = "5ff0d5b1-4ca8-4a5a-a0d4-1fd3e5e5d0b9"
REF_ID = "đơn 42/7"


@attrs.frozen
class Secrets:
    """What a caller sends and nobody may read."""

    token: str = "token-5a1f77c3e9"
    number: str = "0332987711"
    code: str = "code-81c55f"


SECRETS = Secrets()


@attrs.frozen
class Row:
    """What came of one call."""

    fault: str
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
        if shell == "sync":
            result, elapsed = _sync(fault, scene, operation, retry, secrets)
        else:
            result, elapsed = asyncio.run(_async(fault, scene, operation, retry, secrets))
        counted = scene.ledger.connections if fault.unread else len(scene.ledger.seen)
        return Row(
            fault=fault.name,
            shell=shell,
            operation=operation,
            told=_told(result, counted - scene.warm),
            rings=scene.ledger.rings[REF_ID],
            elapsed=elapsed,
            deadline=fault.deadline,
            followed=list(scene.elsewhere.seen),
            sent=scene.ledger.sent,
            result=None if isinstance(result, Exception) else result,
            error=result if isinstance(result, Exception) else None,
        )


def _told(result: OtpCall | Cdr | Exception, requests: int) -> Expected:
    if isinstance(result, AutocallError):
        return Expected(type(result), result.outcome, result.retryable, requests)
    if isinstance(result, Exception):
        # Not one of ours: no expectation equals it.
        return Expected(type(result), None, retryable=False, requests=requests)  # type: ignore[arg-type] # see above
    outcome = result.outcome if isinstance(result, OtpCall) else None
    return Expected(None, outcome, retryable=False, requests=requests)


def _settings(fault: Fault, scene: Scene, retry: Retry, secrets: Secrets) -> dict[str, Any]:
    return {
        "host": scene.host,
        "token": secrets.token,
        "campaign_uuid": CAMPAIGN,
        "template": "otp",
        "timeout": fault.timeout,
        "deadline": fault.deadline,
        "retry": retry,
        **ways.transport(),
    }


def _sync(
    fault: Fault, scene: Scene, operation: Operation, retry: Retry, secrets: Secrets
) -> tuple[OtpCall | Cdr | Exception, float]:
    settings = _settings(fault, scene, retry, secrets)
    with ExitStack() as stack:
        client = stack.enter_context(Client(**settings))
        if scene.crowded:
            lanes = client._engine.lifetime.line().lanes
            for taken in [lanes.take(_holding(scene)) for _ in range(MAX_CONNECTIONS)]:
                stack.callback(lanes.give_back, taken, whole=False)
        for _ in range(scene.warm):
            client.get_cdr("warm")
            scene.rest()
        start = time.perf_counter()
        try:
            if operation == "run_otp":
                return client.run_otp(secrets.number, secrets.code, ref_id=REF_ID), time.perf_counter() - start
            return client.get_cdr(REF_ID), time.perf_counter() - start
        except Exception as error:  # noqa: BLE001 - whatever comes is what the caller is told
            return error, time.perf_counter() - start


async def _async(
    fault: Fault, scene: Scene, operation: Operation, retry: Retry, secrets: Secrets
) -> tuple[OtpCall | Cdr | Exception, float]:
    settings = _settings(fault, scene, retry, secrets)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(AsyncClient(**settings))
        if scene.crowded:
            lanes = client._engine.lifetime.line(asyncio.get_running_loop()).lanes
            for taken in [await lanes.take(_holding(scene)) for _ in range(MAX_CONNECTIONS)]:
                stack.push_async_callback(lanes.give_back, taken, whole=False)
        for _ in range(scene.warm):
            await client.get_cdr("warm")
            await asyncio.to_thread(scene.rest)
        start = time.perf_counter()
        try:
            if operation == "run_otp":
                call = await client.run_otp(secrets.number, secrets.code, ref_id=REF_ID)
                return call, time.perf_counter() - start
            return await client.get_cdr(REF_ID), time.perf_counter() - start
        except Exception as error:  # noqa: BLE001 - whatever comes is what the caller is told
            return error, time.perf_counter() - start


def _holding(scene: Scene) -> httpx.Request:
    """A request that keeps a connection for itself."""
    limits = httpx.Timeout(20.0).as_dict()
    extensions = {"timeout": limits, "deadline": time.monotonic() + 20}
    return httpx.Request("GET", f"{scene.host}/v3/autocall/log/held/ref_id", extensions=extensions)
