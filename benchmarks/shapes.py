"""What the bench server answers: the page's two answers, and in answers.json what other providers send for a call.

The values there are made up. The fields are those that each provider's SDK reads into its richest object for a call.
"""

import json
from typing import Any

from benchmarks.machine import ROOT

CALL = "d6142fb6-6b3a-48fb-bd21-30f83ccb28c9"
SID = "CA" + "0" * 32
ACCOUNT = "AC" + "0" * 32
PLIVO_ACCOUNT = "MA" + "Z" * 18
_OTHERS: dict[str, dict[str, Any]] = json.loads((ROOT / "benchmarks" / "answers.json").read_text(encoding="utf-8"))


def page(name: str) -> dict[str, Any]:
    """A payload of the provider's page."""
    shape: dict[str, Any] = json.loads((ROOT / "tests" / "page" / f"{name}.json").read_text(encoding="utf-8"))
    return shape


def record(*, finished: bool = True) -> bytes:
    """The page's record as JSON."""
    going_on = {} if finished else {"status": "ringing", "time_ended": "", "time_answered": ""}
    return json.dumps(page("get_cdr.answer") | going_on).encode()


def answer(method: str, path: str) -> tuple[int, bytes]:
    """Status and JSON body for a request, the page's records apart; 404 where the path is nobody's."""
    if path.startswith("/v3/"):
        return 200, json.dumps(page("run_otp.answer")).encode()
    # The longest first: one provider's paths begin as another's do.
    for prefix in sorted(_OTHERS, key=len, reverse=True):
        if path.startswith(prefix):
            made = _OTHERS[prefix]
            return made["status"] if method == "POST" else 200, json.dumps(made[method.lower()]).encode()
    return 404, b'{"error": "no such path"}'
