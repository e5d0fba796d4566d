from __future__ import annotations

import sqlite3
import stat
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from autocall_otp.sandbox import Sandbox, calls
from autocall_otp.sandbox.calls import PlacedCall, Plan
from autocall_otp.sandbox.clock import HANOI
from autocall_otp.sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 7, 10, 0, tzinfo=HANOI)


def put(store: Store, plan: Plan = calls.ANSWERED, at: float = 0, ref_id: str = "r") -> PlacedCall:
    request = {"phone_number": "0332665711", "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001"}
    call = PlacedCall(store.next_id(), "c", "l", "s", ref_id, START + timedelta(seconds=at), plan, request)
    store.add(call)
    return call


def test_the_call_that_ended_first_goes_first() -> None:
    store = Store(3)
    put(store)
    busy = put(store, calls.BUSY)
    put(store)
    put(store, at=10)
    assert busy.id not in [call.id for call in store]
    assert len(store) == 3


def test_the_oldest_goes_when_none_has_ended() -> None:
    store = Store(3)
    for _ in range(5):
        put(store)
    assert [call.id for call in store] == [3, 4, 5]


def test_memory_stays_bounded_under_decisions_and_many_calls() -> None:
    store = Store(10)
    for second in range(500):
        call = put(store, at=second * 0.01, ref_id=f"r{second}")
        store.replace(calls.answered(call, call.placed_at))
    assert len(store) == 10
    inside = vars(store)
    assert len(inside["_by_ref"]) == 10
    assert len(inside["_ends"]) <= 30


def test_a_repeated_reference_is_counted_and_the_latest_is_found() -> None:
    store = Store()
    put(store, calls.BUSY)
    latest = put(store, calls.NO_ANSWER, at=1)
    assert store.rings("r") == 2
    assert store.by_reference("r") == latest


def test_a_file_keeps_calls_and_ids_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    first = Store(10, path)
    kept, gone = put(first), put(first)
    decided = calls.answered(kept, START + timedelta(seconds=3))
    first.replace(decided)
    first.clear()
    put(first, ref_id="x")
    first.close()

    second = Store(10, path)
    assert [(call.id, call.ref_id) for call in second] == [(gone.id + 1, "x")]
    assert second.next_id() == gone.id + 2
    second.close()


def test_a_decision_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    first = Store(10, path)
    decided = calls.rejected(put(first), START + timedelta(seconds=3))
    first.replace(decided)
    first.close()
    second = Store(10, path)
    assert list(second) == [decided]
    second.close()


def test_a_smaller_limit_holds_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    first = Store(10, path)
    for second_of in range(10):
        put(first, at=second_of)
    first.close()
    second = Store(4, path)
    assert [call.id for call in second] == [7, 8, 9, 10]
    second.close()


def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    Store(10, path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database, and long enough to be read as one" * 50)
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    before = other.read_bytes()
    for path, complaint in ((text, "not a database"), (other, "another program"), (tmp_path, "directory")):
        with pytest.raises(ValueError, match=complaint):
            Store(10, path)
    assert other.read_bytes() == before
    assert text.read_text().startswith("not a database")


def test_a_file_in_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    first = Store(10, path)
    with pytest.raises(ValueError, match="locked"):
        Store(10, path)
    first.close()


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Store(0)


def test_a_sandbox_goes_on_after_a_restart(tmp_path: Path, otp_request: dict[str, str]) -> None:
    path = tmp_path / "calls.db"
    first = Sandbox(speed=0, db=path)
    first.advance(3600)
    board = vars(first)["_board"]
    board.place(otp_request)
    first.stop()
    second = Sandbox(speed=0, db=path)
    (call,) = second.calls
    assert (call.status, call.code_otp) == ("queued", "LUAN001"), "the clock does not fall back behind the call"
    second.advance(30)
    assert call.status == "ended"
    second.stop()


def test_a_store_may_keep_one_call_and_keeps_a_thousand_unless_told() -> None:
    one, many = Store(1), Store()
    for _ in range(1001):
        put(one)
        put(many)
    assert [call.id for call in one] == [1001]
    assert (len(many), next(iter(many)).id) == (1000, 2)


def test_what_has_not_ended_yet_does_not_go_before_the_oldest() -> None:
    store = Store(2)
    put(store, calls.NO_ANSWER)
    busy = put(store, calls.BUSY)
    new = put(store, at=2.9)
    assert list(store) == [busy, new]


def test_a_call_has_ended_from_the_moment_of_its_end_on() -> None:
    store = Store(2)
    ringing, _ = put(store, calls.NO_ANSWER), put(store, calls.BUSY)
    new = put(store, at=3)
    assert list(store) == [ringing, new]


def test_an_end_given_by_hand_is_what_counts() -> None:
    store = Store(2)
    first = put(store, calls.NO_ANSWER)
    second = put(store, at=15)
    answered = calls.answered(first, START + timedelta(seconds=26))
    store.replace(answered)
    third = put(store, at=31)
    assert list(store) == [answered, third], "it ends at 34, the second one did at 30"
    assert store.get(second.id) is None
    rejected = calls.rejected(third, START + timedelta(seconds=33))
    store.replace(rejected)
    assert list(store) == [answered, rejected]
    put(store, at=33.5)
    assert store.get(rejected.id) is None


def test_an_unknown_reference_has_no_call_and_no_rings() -> None:
    assert Store().by_reference("unknown") is None
    assert Store().rings("unknown") == 0


def test_a_deleted_call_is_gone_from_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    first = Store(10, path)
    gone, kept = put(first), put(first)
    assert first.delete(gone.id)
    assert not first.delete(gone.id)
    assert first.by_reference("r") == kept
    first.close()
    second = Store(10, path)
    assert list(second) == [kept]
    second.close()


def test_the_newest_calls_come_first_down_to_one() -> None:
    store = Store()
    first, second, third = (put(store) for _ in range(3))
    assert list(store.newest()) == [third, second, first]
    assert list(store.newest(first.id)) == [third, second]


def test_a_call_that_went_does_not_come_back_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    first = Store(1, path)
    put(first)
    kept = put(first)
    first.close()
    second = Store(10, path)
    assert list(second) == [kept]
    second.close()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (2567,)
    database.close()


def test_the_foreign_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    with pytest.raises(ValueError, match=f"^{path} is a database of another program$"):
        Store(10, path)


def test_a_file_can_be_used_by_every_thread(tmp_path: Path, otp_request: dict[str, str]) -> None:
    with Sandbox(db=tmp_path / "calls.db", speed=0) as sandbox:
        headers = {"Authorization": "Bearer sandbox"}
        assert httpx.post(f"{sandbox.url}/v3/autocall/otp", json=otp_request, headers=headers).status_code == 200
        assert [call.code_otp for call in sandbox.calls] == ["LUAN001"]
