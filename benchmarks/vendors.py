"""Other providers' SDKs at a comparable task: place a voice call, fetch its record, in the richest form they offer.

Each is pointed at the bench server, by its own setting where it has one.
"""

from typing import Any

from benchmarks import shapes
from benchmarks.kinds import ASYNC, SYNC, Calls, contender

_KEY = "bench-key"
_TO, _FROM = "+84332665711", "+842873003586"
_SCRIPT = "https://app.example/script.xml"
_TELNYX = {"connection_id": "1494404757140276705", "to": _TO, "from_": _FROM}
_TWILIO = {"to": _TO, "from_": _FROM, "url": _SCRIPT}


@contender("telnyx", "telnyx", SYNC)
def _(base: str, _: str) -> Calls:
    from telnyx import Telnyx

    client = Telnyx(api_key=_KEY, base_url=f"{base}/telnyx")
    return Calls(lambda: client.calls.dial(**_TELNYX), lambda: client.calls.retrieve_status(shapes.CALL), client.close)


def _telnyx_async(base: str, **more: Any) -> Calls:  # noqa: ANN401 - the SDK's own settings
    from telnyx import AsyncTelnyx

    client = AsyncTelnyx(api_key=_KEY, base_url=f"{base}/telnyx", **more)
    return Calls(lambda: client.calls.dial(**_TELNYX), lambda: client.calls.retrieve_status(shapes.CALL), client.close)


@contender("telnyx", "telnyx", ASYNC)
async def _(base: str, _: str) -> Calls:
    return _telnyx_async(base)


@contender("telnyx-aiohttp", "telnyx with its aiohttp extra", ASYNC)
async def _(base: str, _: str) -> Calls:
    from telnyx import DefaultAioHttpClient

    return _telnyx_async(base, http_client=DefaultAioHttpClient())


@contender("twilio", "twilio", SYNC)
def _(base: str, _: str) -> Calls:
    from twilio.rest import Client

    client = Client(shapes.ACCOUNT, _KEY)
    client.api.base_url = base
    return Calls(lambda: client.calls.create(**_TWILIO), lambda: client.calls(shapes.SID).fetch())


@contender("twilio", "twilio", ASYNC)
async def _(base: str, _: str) -> Calls:
    from twilio.http.async_http_client import AsyncTwilioHttpClient
    from twilio.rest import Client

    http = AsyncTwilioHttpClient()
    client = Client(shapes.ACCOUNT, _KEY, http_client=http)
    client.api.base_url = base
    return Calls(
        lambda: client.calls.create_async(**_TWILIO), lambda: client.calls(shapes.SID).fetch_async(), http.close
    )


@contender("vonage", "vonage", SYNC)
def _(base: str, _: str) -> Calls:
    from requests.adapters import HTTPAdapter
    from vonage import Auth, HttpClientOptions, Vonage
    from vonage_voice import CreateCallRequest, Talk, ToPhone

    class Plain(HTTPAdapter):
        """The SDK knows https only; the bench server speaks http."""

        def send(self, request: Any, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - requests' own types
            request.url = request.url.replace("https:", "http:", 1)
            return super().send(request, *arguments, **more)

    class Signed(Auth):  # type: ignore[misc] # its types are not installed where they are checked
        """A ready token: an RSA signature for each call would cost more than the rest of the SDK."""

        def create_jwt_auth_string(self) -> str:
            return f"Bearer {_KEY}"

    client = Vonage(Signed(), HttpClientOptions(api_host=base.removeprefix("http://")))
    client.http_client._session.mount("https://", Plain())
    to, ncco = [ToPhone(number=_TO[1:])], [Talk(text="1 2 3 4")]

    def post() -> object:
        return client.voice.create_call(CreateCallRequest(to=to, ncco=ncco, random_from_number=True))

    return Calls(post, lambda: client.voice.get_call(shapes.CALL))


@contender("plivo", "plivo", SYNC)
def _(base: str, _: str) -> Calls:
    from plivo.rest import client as module

    module.API_VOICE_BASE_URI = f"{base}/v1/Account"
    client = module.Client(shapes.PLIVO_ACCOUNT, _KEY)
    return Calls(
        lambda: client.calls.create(from_=_FROM[1:], to_=_TO[1:], answer_url=_SCRIPT),
        lambda: client.calls.get(shapes.CALL),
    )
