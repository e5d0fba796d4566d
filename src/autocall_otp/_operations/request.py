"""From the generated code to the requests that are sent; nothing else knows the generated code."""

from __future__ import annotations

import functools
import importlib
import json
from typing import TYPE_CHECKING, Any

import httpx

from autocall_otp._sansio.body import NewRequest, Request
from autocall_otp._version import __version__

if TYPE_CHECKING:
    from uuid import UUID

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_HEADERS = [("Accept", "application/json"), ("User-Agent", f"autocall-otp/{__version__}")]


def load_generated_code() -> None:
    """Import what requests are made of.

    With the first client, not with the package: it takes longer than all the rest. Not with the first call: a process
    that forks while another thread imports leaves its child waiting for ever.
    """
    importlib.import_module("autocall_otp_api.api.voice_otp.get_cdr_by_ref_id")
    importlib.import_module("autocall_otp_api.api.voice_otp.run_otp")


def run_otp_request(  # noqa: PLR0913 - the documented parameters
    base_url: str, *, campaign_uuid: UUID, phone_number: str, template: str, code_otp: str, ref_id: str
) -> NewRequest:
    """What makes the request for a call, anew for each attempt."""
    from autocall_otp_api.api.voice_otp.run_otp import _get_kwargs  # noqa: PLC0415 - its only pure half
    from autocall_otp_api.models import OtpRequest  # noqa: PLC0415 - as above

    body = OtpRequest(
        campaign_uuid=campaign_uuid, phone_number=phone_number, template=template, code_otp=code_otp, ref_id=ref_id
    )
    return _maker(base_url, _get_kwargs(body=body))


def get_cdr_request(base_url: str, ref_id: str) -> NewRequest:
    """What makes the request for a record, anew for each attempt."""
    from autocall_otp_api.api.voice_otp.get_cdr_by_ref_id import _get_kwargs  # noqa: PLC0415 - as above

    return _maker(base_url, _get_kwargs(ref_id))


def read_otp_answer(values: dict[str, Any]) -> dict[str, str | None]:
    """The texts of an answer to `run_otp`; what is missing, empty or no text is None."""
    from autocall_otp_api.models import OtpAnswer  # noqa: PLC0415 - as above

    answer = OtpAnswer.from_dict(values)
    texts = {name: getattr(answer, name) for name in ("call_id", "lead_uuid", "message", "ref_id")}
    return {name: text if isinstance(text, str) and text else None for name, text in texts.items()}


def _maker(base_url: str, kwargs: dict[str, Any]) -> NewRequest:
    """A request of the generated code, addressed to this client's host.

    With complete headers and a stream, httpx has nothing left to work out, which takes it longer than our rules do.
    """
    method, url = kwargs["method"], _url(base_url + kwargs["url"])
    headers, content = _headers(base_url, *kwargs.get("headers", {}).items()), b""
    if "json" in kwargs:
        content = _JSON.encode(kwargs["json"]).encode()
        headers = httpx.Headers(headers)
        headers["Content-Length"] = str(len(content))
    return functools.partial(Request, method, url, headers, content)


@functools.lru_cache(maxsize=64)
def _headers(base_url: str, *more: tuple[str, str]) -> httpx.Headers:
    """The headers that every request of an operation to a host has."""
    return httpx.Headers([("Host", httpx.URL(base_url).netloc.decode("ascii")), *_HEADERS, *more], "ascii")


@functools.lru_cache(maxsize=1024)
def _url(text: str) -> httpx.URL:
    """Parsed once for the many look-ups of one wait, and for all calls of a client."""
    return httpx.URL(text)
