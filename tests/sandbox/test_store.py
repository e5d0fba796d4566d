from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import httpx
import pytest
from sandbox.conftest import REQUEST

from autocall_otp.sandbox import Sandbox, calls
from autocall_otp.sandbox.calls import PlacedCall, Plan
from autocall_otp.sandbox.clock import HANOI
from autocall_otp.sandbox.store import Store
from autocall_otp.sandbox.switchboard import Switchboard

START = datetime(2026, 3, 7, 10, 0, tzinfo=HANOI)


def put(store: Store, plan: Plan = calls.ANSWERED, at: float = 0, ref_id: str = "r") -> PlacedCall:
    request = {"phone_number": "0332665711", "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001"}
    call = PlacedCall(store.next_id(), "c", "l", "s", ref_id, START + timedelta(seconds=at), plan, request)
    store.add(call)
    return call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@contextmanager
def opened(path: Path, limit: int = 10) -> Iterator[Store]:
    with closing(Store(limit, path)) as store:
        yield store


def test_a_thousand_are_kept_unless_told_and_the_oldest_goes_when_none_has_ended() -> None:
    one, many = Store(1), Store()
    for _ in range(1001):
        put(one)
        put(many)
    assert [call.id for call in one] == [1001]
    assert (len(many), next(iter(many)).id) == (1000, 2)
    with pytest.raises(ValueError, match="at least 1"):
        Store(0)


def test_the_call_that_ended_first_goes_first_from_the_moment_of_its_end_on() -> None:
    for at, kept in ((2.9, 1), (3, 0)):
        store = Store(2)
        before = [put(store, calls.NO_ANSWER), put(store, calls.BUSY)]
        new = put(store, at=at)
        assert list(store) == [before[kept], new]


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
    put(store, at=33.5)
    assert store.get(rejected.id) is None


def test_memory_stays_bounded_under_decisions_and_many_calls() -> None:
    store = Store(10)
    for second in range(500):
        call = put(store, at=second * 0.01, ref_id=f"r{second}")
        store.replace(calls.answered(call, call.placed_at))
    assert len(store) == 10
    inside = vars(store)
    assert len(inside["_by_ref"]) == 10
    assert len(inside["_ends"]) <= 30


def test_a_file_keeps_calls_decisions_and_ids_over_a_restart(path: Path) -> None:
    with opened(path) as store:
        put(store)
        last = put(store)
        store.clear()
        kept, gone = put(store, ref_id="x"), put(store)
        decided = calls.rejected(kept, START + timedelta(seconds=3))
        store.replace(decided)
        assert [store.delete(gone.id) for _ in range(2)] == [True, False]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with opened(path) as store:
        assert (list(store), store.next_id()) == ([decided], last.id + 3)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def test_files_that_others_could_read_are_closed_to_them(path: Path) -> None:
    private = {"calls.db": 0o600, "calls.db-wal": 0o600}
    path.touch()
    path.chmod(0o644)
    with opened(path) as store:
        put(store)
        assert modes(path.parent) == private
        crashed = copytree(path.parent, path.parent / "crashed")
    for file in crashed.iterdir():
        file.chmod(0o644)
    with opened(crashed / path.name) as store:
        assert (len(store), modes(crashed)) == (1, private)


def test_a_limit_holds_over_a_restart_and_what_went_does_not_come_back(path: Path) -> None:
    with opened(path) as store:
        for second in range(12):
            put(store, at=second)
    for limit in (4, 10):
        with opened(path, limit) as store:
            assert [call.id for call in store] == [9, 10, 11, 12]


def test_a_foreign_file_is_named_refused_and_left_alone(tmp_path: Path, path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database, and long enough to be read as one" * 50)
    with closing(sqlite3.connect(other)) as database, database:
        database.execute("CREATE TABLE mine (x)")
    other.chmod(0o644)
    before = other.read_bytes()
    with opened(path):
        for each, words in ((text, "not a database"), (other, "another program"), (tmp_path, "dir"), (path, "locked")):
            with pytest.raises(ValueError, match=f"^.*{each}.*{words}"):
                Store(10, each)
    assert (other.read_bytes(), modes(tmp_path)[other.name]) == (before, 0o644)
    assert text.read_text().startswith("not a database")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (2567,)


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE calls SET call = '{}'",
        "UPDATE calls SET call = '[]'",
        'UPDATE calls SET call = \'{"placed_at": "LUAN001"}\'',
        "UPDATE calls SET call = CAST(call || x'ff' AS TEXT)",
        "UPDATE calls SET call = json_remove(call, '$.request.phone_number')",
        "UPDATE calls SET call = json_set(call, '$.plan.ended', 'LUAN001')",
        "ALTER TABLE calls RENAME COLUMN call TO other",
        "INSERT INTO clock (id, now) VALUES (2, 'noon')",
    ],
)
def test_what_cannot_be_read_is_refused_without_showing_it_and_not_held_open(path: Path, statement: str) -> None:
    with opened(path) as store:
        put(store)
    change(path, statement)
    with pytest.raises(ValueError, match=f"^cannot use {path} as the sandbox's database: ") as refused:
        Sandbox(db=path)
    assert "LUAN001" not in str(refused.value)
    change(path, "DELETE FROM calls")  # it is not locked, while the error is still held


def test_damaged_pages_are_refused(path: Path) -> None:
    with opened(path, 1000) as store:
        for _ in range(100):
            put(store)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(ValueError, match=f"^cannot use {path} as .*malformed"):
        Store(10, path)


def test_a_sandbox_keeps_its_calls_in_a_file_and_goes_on_after_a_restart(
    path: Path, otp_request: dict[str, str]
) -> None:
    with Sandbox(speed=0, db=path) as sandbox:
        sandbox.advance(3600)
        headers = {"Authorization": "Bearer sandbox"}
        assert httpx.post(f"{sandbox.url}/v3/autocall/otp", json=otp_request, headers=headers).status_code == 200
    again = Sandbox(speed=0, db=path)
    (call,) = again.calls
    assert (call.status, call.code_otp) == ("queued", "LUAN001"), "the clock does not fall back behind the call"
    again.advance(30)
    assert call.status == "ended"
    again.stop()


def states(path: Path) -> list[str]:
    """How the calls in a file stand after a restart."""
    board = Switchboard(speed=0, path=path)
    try:
        return [calls.status(call, board.clock.now()) for call in board.all()]
    finally:
        board.close()


def states_after_a_crash(path: Path) -> list[str]:
    with TemporaryDirectory() as folder:
        return states(copytree(path.parent, Path(folder, "copy")) / path.name)


def test_no_call_is_younger_after_a_restart(path: Path) -> None:
    board = Switchboard(speed=0, path=path)
    board.clock.advance(3600)  # as time goes by, without a write
    call = board.place(REQUEST)
    board.clock.advance(5)
    board.act(call.id, "answer")
    assert states_after_a_crash(path) == ["answered"]
    board.advance(8)
    assert states_after_a_crash(path) == ["ended"]
    board.place(REQUEST)
    board.clock.advance(7)
    board.close()
    assert states(path) == states(path) == ["ended", "answered"]
    change(path, "DROP TABLE clock")
    assert states(path) == ["ended", "queued"], "a file of before times were kept is read as ever"
