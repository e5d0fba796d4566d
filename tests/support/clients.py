"""Both clients, asked in the same way."""

import asyncio
import inspect
from collections.abc import Callable
from operator import methodcaller
from typing import Any

import httpx
import pytest

from autocall_otp import AsyncClient, AutocallError, Client, Retry
from support.flows import CODE, NUMBER
from support.prism import settings

KINDS = pytest.mark.parametrize("kind", [Client, AsyncClient])
place: Callable[[Any], Any] = methodcaller("run_otp", NUMBER, CODE, ref_id="R1")
look_up: Callable[[Any], Any] = methodcaller("get_cdr", "R1")


def ask(kind: type[Any], call: Callable[[Any], Any] = place, host: str = "api.example.vn", **more: Any) -> Any:
    """What a call of a new client gives; `reply` stands for the transport of a service that replies so."""
    if "reply" in more:
        more["transport"] = httpx.MockTransport(more.pop("reply"))
    client = kind(**settings(host, **more))
    if isinstance(client, Client):
        with client:
            return call(client)

    async def main() -> Any:
        async with client:
            found = call(client)
            return await found if inspect.isawaitable(found) else found

    return asyncio.run(main())


def error_of(kind: type[Any], call: Callable[[Any], Any] = place, **more: Any) -> Any:
    """The error of a call that is sent once."""
    with pytest.raises(AutocallError) as caught:
        ask(kind, call, **({"retry": Retry.none()} | more))
    return caught.value
