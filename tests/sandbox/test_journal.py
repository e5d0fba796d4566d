from __future__ import annotations

from datetime import datetime

import pytest

from autocall_otp.sandbox.clock import HANOI
from autocall_otp.sandbox.journal import KEPT, Exchange, Journal, without

NOW = datetime(2026, 3, 7, 10, 0, tzinfo=HANOI)
FINE = Exchange("GET", "/v3/0332665711", "/v3/***", 200, "", ok=True)
LOST = Exchange("GET", "/v3/0332665711", "/v3/***", None, "chaos", ok=False)


def test_look_ups_do_not_push_out_what_went_wrong() -> None:
    journal = Journal()
    wrong = journal.add(NOW, LOST)
    fine = [journal.add(NOW, FINE) for _ in range(2 * KEPT)]
    assert journal.all() == [wrong, *fine[-KEPT:]]
    assert journal.all(after=fine[-2].id) == fine[-1:]
    journal.clear()
    assert journal.all() == []
    assert journal.add(NOW, FINE).id == 2 * KEPT + 2, "no id is given twice"


def test_a_request_is_told_in_words_without_its_path() -> None:
    journal = Journal()
    assert repr(journal.add(NOW, FINE)) == "<ReceivedRequest 1: GET, 200>"
    lost = journal.add(NOW, LOST)
    assert repr(lost) == "<ReceivedRequest 2: GET, no answer, chaos>"
    request = {"method": "GET", "path": "/v3/0332665711", "status": None, "reason": "chaos", "ok": False}
    assert lost.as_json() == {"id": 2, "at": "2026-03-07T10:00:00+07:00"} | request


@pytest.mark.parametrize(
    ("path", "shown"),
    [("s3cret/x", "***/x"), ("s%33cret%2Fx", "***/x"), ("m%C3%A3/x", "m%C3%A3/x"), ("abc/x", "abc/x")],
)
def test_a_token_in_a_path_is_not_kept(path: str, shown: str) -> None:
    assert without(f"/v3/{path}", "s3cret", "", "abc") == f"/v3/{shown}", "a text as short as abc is no token"
