"""The contenders: this SDK and what stands under it. Each imports its library only when it is made."""

from typing import Any

from benchmarks import shapes
from benchmarks.kinds import ASYNC, CONTENDERS, SYNC, Calls, contender

TOKEN = "bench-token"
SAMPLE = shapes.page("run_otp.request")
PATH = "/v3/autocall/otp"
BASELINE, OURS = "httpx", "ours"
OVER_AIOHTTP = "ours-httpx-aiohttp"


def _log(ref: str) -> str:
    return f"/v3/autocall/log/{ref}/ref_id"


SETTINGS = {"campaign_uuid": SAMPLE["campaign_uuid"], "template": SAMPLE["template"]}


def _ours_async(base: str, ref: str, **more: Any) -> Calls:  # noqa: ANN401 - a client's own settings
    from autocall_otp import AsyncClient

    client = AsyncClient(base, TOKEN, **SETTINGS, **more)
    number, code = SAMPLE["phone_number"], SAMPLE["code_otp"]

    def wait(reference: str) -> Any:  # noqa: ANN401 - a coroutine of ours
        return client.wait_for_cdr(reference, timeout=600)

    return Calls(lambda: client.run_otp(number, code), lambda: client.get_cdr(ref), client.aclose, wait)


@contender(OURS, "autocall-otp", SYNC)
def _(base: str, ref: str) -> Calls:
    from autocall_otp import Client

    client = Client(base, TOKEN, **SETTINGS)
    number, code = SAMPLE["phone_number"], SAMPLE["code_otp"]
    return Calls(lambda: client.run_otp(number, code), lambda: client.get_cdr(ref), client.close)


@contender(OURS, "autocall-otp", ASYNC)
async def _(base: str, ref: str) -> Calls:
    return _ours_async(base, ref)


@contender(OVER_AIOHTTP, "autocall-otp over httpx-aiohttp", ASYNC)
async def _(base: str, ref: str) -> Calls:
    from httpx_aiohttp import AiohttpTransport

    return _ours_async(base, ref, transport=AiohttpTransport())


@contender("generated", "the generated client alone", SYNC)
def _(base: str, ref: str) -> Calls:
    from autocall_otp_api import AuthenticatedClient
    from autocall_otp_api.api.voice_otp import get_cdr_by_ref_id, run_otp
    from autocall_otp_api.models import OtpRequest

    client = AuthenticatedClient(base, TOKEN)
    return Calls(
        lambda: run_otp.sync_detailed(client=client, body=OtpRequest.from_dict(SAMPLE)).parsed,
        lambda: get_cdr_by_ref_id.sync_detailed(ref, client=client).parsed,
        lambda: client.get_httpx_client().close(),
    )


@contender("generated", "the generated client alone", ASYNC)
async def _(base: str, ref: str) -> Calls:
    from autocall_otp_api import AuthenticatedClient
    from autocall_otp_api.api.voice_otp import get_cdr_by_ref_id, run_otp
    from autocall_otp_api.models import OtpRequest

    client = AuthenticatedClient(base, TOKEN)

    async def post() -> object:
        return (await run_otp.asyncio_detailed(client=client, body=OtpRequest.from_dict(SAMPLE))).parsed

    async def get() -> object:
        return (await get_cdr_by_ref_id.asyncio_detailed(ref, client=client)).parsed

    return Calls(post, get, lambda: client.get_async_httpx_client().aclose())


@contender(BASELINE, "naïve httpx", SYNC)
def _(base: str, ref: str) -> Calls:
    import httpx

    client = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"})
    return Calls(lambda: client.post(PATH, json=SAMPLE).json(), lambda: client.get(_log(ref)).json(), client.close)


@contender(BASELINE, "naïve httpx", ASYNC)
async def _(base: str, ref: str) -> Calls:
    import httpx

    client = httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)

    async def post() -> object:
        return (await client.post(PATH, json=SAMPLE)).json()

    async def get() -> object:
        return (await client.get(_log(ref))).json()

    return Calls(post, get, client.aclose)


@contender("aiohttp", "aiohttp", ASYNC)
async def _(base: str, ref: str) -> Calls:
    import aiohttp

    session = aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {TOKEN}"})

    async def post() -> object:
        async with session.post(PATH, json=SAMPLE) as response:
            return await response.json()

    async def get() -> object:
        async with session.get(_log(ref)) as response:
            return await response.json()

    return Calls(post, get, session.close)


from benchmarks import vendors as _vendors  # noqa: E402 - they follow ours in the table

__all__ = ["BASELINE", "CONTENDERS", "OURS", "OVER_AIOHTTP", "TOKEN", "_vendors"]
