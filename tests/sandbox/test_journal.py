from __future__ import annotations

from datetime import datetime

import pytest

from autocall_otp.sandbox.clock import HANOI
from autocall_otp.sandbox.journal import KEPT, Exchange, Journal, without

NOW = datetime(2026, 3, 7, 10, 0, tzinfo=HANOI)


def exchange(*, ok: bool = True, status: int | None = 200, reason: str = "") -> Exchange:
    return Exchange("GET", "/v3/0332665711", "/v3/***", status, reason, ok)


def test_look_ups_do_not_push_out_what_went_wrong() -> None:
    journal = Journal()
    wrong = journal.add(NOW, exchange(ok=False))
    fine = [journal.add(NOW, exchange()) for _ in range(2 * KEPT)]
    assert journal.all() == [wrong, *fine[-KEPT:]]
    assert journal.all(after=fine[-2].id) == fine[-1:]
    journal.clear()
    assert journal.all() == []
    assert journal.add(NOW, exchange()).id == 2 * KEPT + 2, "no id is given twice"


def test_a_request_is_told_in_words_without_its_path() -> None:
    journal = Journal()
    assert repr(journal.add(NOW, exchange())) == "<ReceivedRequest 1: GET, 200>"
    lost = journal.add(NOW, exchange(ok=False, status=None, reason="chaos"))
    assert repr(lost) == "<ReceivedRequest 2: GET, no answer, chaos>"
    assert lost.as_json() == {
        "id": 2,
        "at": "2026-03-07T10:00:00+07:00",
        "method": "GET",
        "path": "/v3/0332665711",
        "status": None,
        "reason": "chaos",
        "ok": False,
    }


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v3/s3cret/x", "/v3/***/x"),
        ("/v3/s%33cret%2Fx", "/v3/***/x"),
        ("/v3/m%C3%A3/x", "/v3/m%C3%A3/x"),
        ("/v3/abc/x", "/v3/abc/x"),
    ],
)
def test_a_token_in_a_path_is_not_kept(path: str, shown: str) -> None:
    assert without(path, "s3cret", "", "abc") == shown, "a text as short as abc is no token"
