"""What the bench server answers: the page's two answers, and what other providers send for a comparable call.

The values are made up. The fields are those that each provider's SDK reads into its richest object for a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.machine import ROOT

Shape = dict[str, Any]
CALL = "d6142fb6-6b3a-48fb-bd21-30f83ccb28c9"
SID = "CA" + "0" * 32
ACCOUNT = "AC" + "0" * 32
PLIVO_ACCOUNT = "MA" + "Z" * 18
_MOMENT = "Tue, 07 Mar 2023 10:06:53 +0000"
_ENTRY = 64


def page(name: str) -> Shape:
    """A payload of the provider's page."""
    shape: Shape = json.loads((ROOT / "tests" / "page" / f"{name}.json").read_text(encoding="utf-8"))
    return shape


def record(size: int = 0, *, finished: bool = True) -> bytes:
    """The page's record as JSON, padded to a size in bytes with entries of its free part, `additional`."""
    shape = page("get_cdr.answer")
    if not finished:
        shape |= {"status": "ringing", "time_ended": "", "time_answered": ""}
    bare = len(json.dumps(shape))
    for number in range(max(0, size - bare) // _ENTRY):
        shape["additional"][f"field_{number:06}"] = "x" * (_ENTRY - 18)
    return json.dumps(shape).encode()


def _telnyx() -> Shape:
    call = {
        "call_control_id": CALL,
        "call_leg_id": CALL,
        "call_session_id": CALL,
        "is_alive": False,
        "record_type": "call",
        "call_duration": 6,
        "client_state": "aGF2ZSBhIG5pY2UgZGF5ID1d",
        "end_time": "2023-03-07T10:06:59Z",
        "start_time": "2023-03-07T10:06:53Z",
    }
    return {"data": call}


def _twilio() -> Shape:
    home = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{SID}"
    texts = ("answered_by", "forwarded_from", "group_sid", "caller_name", "parent_call_sid", "trunk_sid")
    parts = ("notifications", "recordings", "payments", "events", "siprec", "streams", "transcriptions")
    return dict.fromkeys(texts) | {
        "sid": SID,
        "date_created": _MOMENT,
        "date_updated": _MOMENT,
        "account_sid": ACCOUNT,
        "to": "+84332665711",
        "to_formatted": "+84332665711",
        "from": "+842873003586",
        "from_formatted": "+842873003586",
        "phone_number_sid": "PN" + "0" * 32,
        "status": "completed",
        "start_time": _MOMENT,
        "end_time": _MOMENT,
        "duration": "6",
        "price": "-0.03000",
        "price_unit": "USD",
        "direction": "outbound-api",
        "api_version": "2010-04-01",
        "queue_time": "1000",
        "stir_verstat": None,
        "uri": f"{home}.json",
        "subresource_uris": {part: f"{home}/{part}.json" for part in parts},
    }


def _vonage_fetched() -> Shape:
    return {
        "uuid": CALL,
        "conversation_uuid": f"CON-{CALL}",
        "to": {"type": "phone", "number": "84332665711"},
        "from": {"type": "phone", "number": "842873003586"},
        "status": "completed",
        "direction": "outbound",
        "rate": "0.02400000",
        "price": "0.00240000",
        "duration": "6",
        "start_time": "2023-03-07 10:06:53",
        "end_time": "2023-03-07 10:06:59",
        "network": "45204",
        "_links": {"self": {"href": f"/v1/calls/{CALL}"}},
    }


def _plivo_fetched() -> Shape:
    return {
        "api_id": CALL,
        "answer_time": "2023-03-07 10:06:58+07:00",
        "bill_duration": 1,
        "billed_duration": 60,
        "call_direction": "outbound",
        "call_duration": 6,
        "call_state": "ANSWER",
        "call_uuid": CALL,
        "conference_uuid": None,
        "end_time": "2023-03-07 10:06:59+07:00",
        "from_number": "842873003586",
        "hangup_cause_code": 4000,
        "hangup_cause_name": "Normal Hangup",
        "hangup_source": "Callee",
        "initiation_time": "2023-03-07 10:06:53+07:00",
        "parent_call_uuid": None,
        "resource_uri": f"/v1/Account/{PLIVO_ACCOUNT}/Call/{CALL}/",
        "to_number": "84332665711",
        "total_amount": "0.02400",
        "total_rate": "0.02400",
    }


_CREATED: dict[str, tuple[int, Callable[[], Shape]]] = {
    "/v3/": (200, lambda: page("run_otp.answer")),
    "/telnyx/": (200, _telnyx),
    "/2010-04-01/": (201, _twilio),
    "/v1/calls": (
        201,
        lambda: {"uuid": CALL, "status": "started", "direction": "outbound", "conversation_uuid": f"CON-{CALL}"},
    ),
    "/v1/Account/": (201, lambda: {"api_id": CALL, "message": "call fired", "request_uuid": CALL}),
}
_FETCHED: dict[str, Callable[[], Shape]] = {
    "/telnyx/": _telnyx,
    "/2010-04-01/": _twilio,
    "/v1/calls": _vonage_fetched,
    "/v1/Account/": _plivo_fetched,
}


def answer(method: str, path: str) -> tuple[int, bytes]:
    """Status and JSON body for a request, the page's records apart; 404 where the path is nobody's."""
    for prefix, (status, make) in _CREATED.items():
        if path.startswith(prefix):
            if method == "POST":
                return status, json.dumps(make()).encode()
            if prefix in _FETCHED:
                return 200, json.dumps(_FETCHED[prefix]()).encode()
    return 404, b'{"error": "no such path"}'
