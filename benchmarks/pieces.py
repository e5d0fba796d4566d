"""The pieces that a call is made of, each to be run alone on plain values. Most are private, so any may be gone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from benchmarks import shapes

SAMPLE, RECORD = shapes.page("run_otp.request"), shapes.record()
ANSWER = json.dumps(shapes.page("run_otp.answer")).encode()
TOKEN = "bench-token"
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"1000"), (b"server", b"bench")]


@attrs.frozen
class Piece:
    """A piece of a call."""

    rule: str
    part_of: str
    """`post`, `get` or `both`; `none` where a call that goes well does without it."""
    run: Callable[[], object]
    less: Callable[[], object] | None = None
    """What is subtracted: the same without the piece."""
    awaited: bool = False
    """Whether what `run` returns is awaited, in a running event loop."""


def _client(**more: Any) -> Any:  # noqa: ANN401 - imported only where it is used
    from autocall_otp import Client

    settings = {"campaign_uuid": SAMPLE["campaign_uuid"], "template": SAMPLE["template"]}
    return Client("http://127.0.0.1:9", TOKEN, **settings, **more)


def _answers() -> tuple[Any, Any, Any]:
    """An answer as the SDK sees it, a judge of it, and a policy."""
    import httpx

    from autocall_otp._answers import Answer
    from autocall_otp._flow import Judge, Policy
    from autocall_otp.models import Retry

    secrets = {SAMPLE["code_otp"]: "***", SAMPLE["phone_number"]: "0332***711"}
    judge = Judge(places_a_call=True, ref_id="ABC123", secrets=secrets)
    answer = Answer(200, httpx.Headers({"content-type": "application/json"}), ANSWER)
    return answer, judge, Policy(retry=Retry(), deadline=30.0)


def arguments() -> Iterator[Piece]:
    """Checking what the caller gives."""
    from autocall_otp import _arguments as check

    def run() -> object:
        check.phone_number(SAMPLE["phone_number"], allow_international=False)
        check.code_otp(SAMPLE["code_otp"])
        check.campaign_uuid(SAMPLE["campaign_uuid"])
        return check.template(SAMPLE["template"]), check.new_ref_id()

    yield Piece("checking the arguments, and a new reference", "post", run)
    yield Piece("checking the reference", "get", lambda: check.ref_id("ABC123"))


def judging() -> Iterator[Piece]:
    """Outcomes, retries, budget."""
    from autocall_otp._flow import persist

    answer, judge, policy = _answers()

    def run() -> object:
        flow = persist(None, judge, policy, until=1e12, attempts=3)  # type: ignore[arg-type] # never sent
        next(flow)
        try:
            return flow.send(answer)
        except StopIteration as end:
            return end.value

    yield Piece("outcome judging", "both", lambda: judge(answer, TOKEN))
    yield Piece("retry budget", "both", policy.budget.earn)
    yield Piece("retries armed: judging, budget and deadline together", "both", run)


def redaction() -> Iterator[Piece]:
    """Secrets out of logs, messages and errors."""
    from autocall_otp._log_filter import current_secrets
    from autocall_otp._secrets import hide, scrub

    _, judge, _ = _answers()

    def remember() -> None:
        current_secrets.set(judge.secrets | {TOKEN: "***"})
        current_secrets.set(None)

    yield Piece("log filter: remembering the secrets", "both", remember)
    yield Piece("redaction of the answer's message", "post", lambda: hide("success", judge.secrets))
    error = ValueError(f"no route for {SAMPLE['phone_number']} with {SAMPLE['code_otp']}")
    yield Piece("redaction of an error (only where a call fails)", "none", lambda: scrub(error, judge.secrets))


def log_filter() -> Iterator[Piece]:
    """A line that a library logs about our request: only with debug logging on."""
    import logging

    from autocall_otp._log_filter import _hide, current_secrets

    _, judge, _ = _answers()
    record = logging.LogRecord("httpx", logging.DEBUG, "", 0, "HTTP Request: %s %s", ("POST", "https://x/y"), None)

    def run() -> None:
        current_secrets.set(judge.secrets)
        _hide(record)
        current_secrets.set(None)

    yield Piece("log filter: a logged line (only with debug logging on)", "none", run)


def requests() -> Iterator[Piece]:
    """The request, from the generated code to httpx."""
    from autocall_otp._operations import _request
    from autocall_otp_api.api.voice_otp import get_cdr_by_ref_id, run_otp
    from autocall_otp_api.models import OtpRequest

    settings = _client()._settings

    def post() -> object:
        return _request(settings, run_otp._get_kwargs(body=OtpRequest.from_dict(SAMPLE)))

    def get() -> object:
        return _request(settings, get_cdr_by_ref_id._get_kwargs("ABC123"))

    yield Piece("the request, from the generated code to httpx", "post", post)
    yield Piece("the request, from the generated code to httpx", "get", get)


def models() -> Iterator[Piece]:
    """From bytes to what the caller gets."""
    from autocall_otp._config import VIETNAM
    from autocall_otp._operations import read_cdr
    from autocall_otp_api.models import CallDetailRecord, OtpAnswer

    values = json.loads(RECORD)
    yield Piece("json.loads of the answer", "post", lambda: json.loads(ANSWER))
    yield Piece("json.loads of the record", "get", lambda: json.loads(RECORD))
    yield Piece("the generated model alone", "post", lambda: OtpAnswer.from_dict(json.loads(ANSWER)))
    yield Piece("the generated model alone", "get", lambda: CallDetailRecord.from_dict(values))
    yield Piece("the record with its datetimes", "get", lambda: read_cdr(values, VIETNAM))


def datetimes() -> Iterator[Piece]:
    """The four times of a record."""
    from autocall_otp._config import VIETNAM
    from autocall_otp._operations import _moment

    yield Piece("four datetimes alone", "get", lambda: [_moment("2023-03-07 10:06:53", VIETNAM) for _ in range(4)])


def watch() -> Iterator[Piece]:
    """The deadline of a sync call."""
    from autocall_otp._watch import Watch

    class Target:
        def cut_off(self) -> None: ...

    watched, target, until = Watch(), Target(), time.monotonic() + 1e6

    def run() -> None:
        watched.arm(target, until)
        watched.disarm(target)

    yield Piece("deadline watch (sync)", "both", run)


async def _nothing() -> None:
    pass


def timeouts() -> Iterator[Piece]:
    """The deadline of an async call."""
    from autocall_otp._watch import AsyncWatch

    watch, until = AsyncWatch(), time.monotonic() + 1e6

    async def bounded() -> None:
        bound = asyncio.timeout(None)
        watch.arm(bound, until)
        async with bound:
            await _nothing()
        watch.disarm(bound)

    yield Piece("deadline watch (async)", "both", bounded, _nothing, awaited=True)


def lanes() -> Iterator[Piece]:
    """The free list, over a transport that does nothing."""
    import httpx

    from autocall_otp._lanes import Lanes

    free = Lanes(httpx.BaseTransport, size=100, keep=100, expiry=30.0)
    request = httpx.Request("GET", "http://127.0.0.1/", extensions={"timeout": {"pool": 5.0}, "deadline": 1e12})

    def run() -> None:
        free.give_back(free.take(request), whole=True)

    yield Piece("lanes: a free connection, its watch, and back (sync)", "both", run)


def all_but_http() -> Iterator[Piece]:
    """Whole calls over a transport that does nothing: all that is ours."""
    import httpx

    class Nothing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            body = RECORD if request.method == "GET" else ANSWER
            return httpx.Response(200, headers=_HEADERS, stream=httpx.ByteStream(body))

    client = _client(transport=Nothing())
    yield Piece("**everything but HTTP**", "post", lambda: client.run_otp(SAMPLE["phone_number"], SAMPLE["code_otp"]))
    yield Piece("**everything but HTTP**", "get", lambda: client.get_cdr("ABC123"))


GROUPS = (arguments, judging, redaction, log_filter, requests, models, datetimes, watch, timeouts, lanes, all_but_http)
