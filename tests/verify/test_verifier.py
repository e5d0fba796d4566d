"""A login as an app sees it, with a verifier for threads and with one for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import pickle
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.page import payload

from autocall_otp import (
    AsyncClient,
    AutocallError,
    Cdr,
    Client,
    ConfigurationError,
    FieldError,
    InvalidRequestError,
    InvalidResponseError,
    Outcome,
)
from autocall_otp.verify import (
    AsyncVerifier,
    Challenge,
    Check,
    Limits,
    MemoryStore,
    TooManyCallsError,
    Verdict,
    Verifier,
)
from verify.phones import KEY, NUMBER, OWNER, STRANGER, AsyncCalls, Calls

ENDED = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = Cdr(status="busy", time_ended=ENDED)


class Login:
    """A verifier of either kind, its phones, and a clock that the test sets."""

    def __init__(self, *, asynchronous: bool, store: Any = None, deadline: float = 8.0, **settings: Any) -> None:
        self.phones = AsyncCalls() if asynchronous else Calls()
        vars(self.phones).update(deadline=deadline)
        self.store = store or MemoryStore()
        self.runner = asyncio.Runner() if asynchronous else None
        self.verifier: Any = (AsyncVerifier if asynchronous else Verifier)(self.phones, self.store, KEY, **settings)  # type: ignore[arg-type] # clients of the test's own
        self.later = 0.0
        began = time.time()
        self.verifier._now = lambda: began + self.later

    def do(self, name: str, *arguments: Any, **named: Any) -> Any:
        done = getattr(self.verifier, name)(*arguments, **named)
        return self.runner.run(done) if self.runner else done

    def start(self, number: str = NUMBER, owner: str = OWNER, caller: str | None = None) -> Challenge:
        challenge: Challenge = self.do("start", number, owner=owner, caller=caller)
        return challenge

    def check(self, code: str, number: str = NUMBER, owner: str = OWNER) -> Check:
        check: Check = self.do("check", number, code, owner=owner)
        return check


@pytest.fixture(params=[False, True], ids=["threads", "asyncio"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Login]]:
    made: list[Login] = []

    def login(**settings: Any) -> Login:
        made.append(Login(asynchronous=request.param, **settings))
        return made[-1]

    yield login
    for each in made:
        if each.runner:
            each.runner.close()


@pytest.fixture
def login(make: Callable[..., Login]) -> Login:
    return make()


def refused(login: Login, limit: str, **asked: Any) -> TooManyCallsError:
    calls = len(login.phones.calls)
    with pytest.raises(TooManyCallsError) as caught:
        login.start(**asked)
    assert (caught.value.limit, caught.value.outcome) == (limit, Outcome.NOT_PLACED)
    assert len(login.phones.calls) == calls
    return caught.value


def test_who_asks_twice_within_a_minute_is_called_once_and_the_code_is_right_once(login: Login) -> None:
    challenge = login.start("+84 332 665 711")
    assert (challenge.phone_number, challenge.outcome, challenge.rang) == (NUMBER, Outcome.PLACED, True)
    assert challenge.ref_id == login.phones.calls[0].ref_id
    assert challenge.expires_at.timestamp() - login.verifier._now() == pytest.approx(300)
    assert challenge.ring_again_at + timedelta(seconds=240) == challenge.expires_at
    again = login.start("0332 665 711")
    assert (again.ref_id, again.rang, again.outcome) == (challenge.ref_id, False, Outcome.PLACED)
    assert again.expires_at == challenge.expires_at
    assert [len(call.code) for call in login.phones.calls] == [6]
    check = login.check(login.phones.code)
    assert (check.verdict, check.verified, check.phone_number) == (Verdict.VERIFIED, True, NUMBER)
    assert login.check(login.phones.code) == Check(verdict=Verdict.EXPIRED)


def test_another_owner_gets_neither_a_ring_nor_a_way_to_the_code(login: Login) -> None:
    login.start()
    error = refused(login, "ring_again_after", owner=STRANGER)
    assert error.retry_after == pytest.approx(60)
    assert login.check(login.phones.code, owner=STRANGER).verdict is Verdict.EXPIRED
    assert login.check(login.phones.code).verified


def test_a_call_that_was_not_placed_is_an_error_and_counts_nowhere(make: Callable[..., Login]) -> None:
    login = make(limits=Limits(calls_per_number=((1, 600.0),), calls_per_caller=((1, 600.0),)))
    login.phones.fail = raising(AutocallError("refused", outcome=Outcome.NOT_PLACED))
    for _ in range(3):
        with pytest.raises(AutocallError, match="refused"):
            login.start(caller="203.0.113.7")
    assert not login.check(login.phones.code).verified
    assert login.store._records == {}
    login.phones.fail = lambda: None
    assert login.start(owner=STRANGER, caller="203.0.113.7").rang


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError])
def test_whatever_else_a_client_raises_passes_and_gives_nothing_back(login: Login, error: type[BaseException]) -> None:
    login.phones.fail = raising(error())
    with pytest.raises(error):
        login.start()
    again = login.start()
    assert (again.rang, again.outcome) == (False, Outcome.UNKNOWN)
    assert login.check(login.phones.code).verified


@pytest.mark.parametrize("typed", ["{} ", "{:.3} {:.0}", "\u3000{}", "{:.3}-{:.0}", "\u200b{}\n", "{:.3}\u2212{:.0}"])
def test_what_people_type_around_a_code_does_not_matter(login: Login, typed: str) -> None:
    login.start()
    head, tail = login.phones.code[:3], login.phones.code[3:]
    written = typed.replace("{:.3}", head).replace("{:.0}", tail).replace("{}", login.phones.code)
    assert login.check(written.translate({48 + digit: 0xFF10 + digit for digit in range(10)})).verified


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "1" * 1000])
def test_what_cannot_be_a_code_costs_no_guess(login: Login, typed: str) -> None:
    login.start()
    for _ in range(10):
        assert login.check(typed) == Check(verdict=Verdict.WRONG, attempts_left=5)
    assert login.check(login.phones.code).verified


def test_guesses_end_and_another_call_brings_new_ones(login: Login) -> None:
    login.start()
    assert [login.check(login.phones.wrong).attempts_left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert login.check(login.phones.code).verdict is Verdict.LOCKED
    error = refused(login, "guesses")
    assert error.retry_after == pytest.approx(60)
    login.later = 60
    assert login.start().rang
    assert login.check(login.phones.code).verified


def test_a_code_of_one_purpose_is_none_of_another(make: Callable[..., Login]) -> None:
    login = make()
    payment = make(store=login.store, purpose="payment")
    login.start()
    assert payment.check(login.phones.code).verdict is Verdict.EXPIRED
    refused(payment, "ring_again_after")
    assert login.check(login.phones.code).verified


def test_verifiers_of_one_store_forget_nothing_that_another_counts(make: Callable[..., Login]) -> None:
    login = make()
    windows = ((9, 600.0),)
    short = Limits(calls_per_number=windows, calls_per_caller=windows, known_for=600.0)
    payment = make(store=login.store, purpose="payment", limits=short)
    login.start()
    login.check(login.phones.code)
    for turn in range(9):
        login.later = payment.later = 601 * (turn + 1)
        assert (payment if turn % 2 else login).start(owner=STRANGER).rang
    login.later = 601 * 10
    refused(login, "calls_per_number", owner=STRANGER)
    assert login.start().rang


def test_calls_of_a_caller_end_whatever_the_number(login: Login) -> None:
    numbers = [f"09000000{number:02}" for number in range(11)]
    for number in numbers[:10]:
        assert login.start(number, caller="2001:db8::1").rang
    for same in ("2001:db8::ffff", "[2001:db8::1]", "[2001:db8::1]:8080"):
        error = refused(login, "calls_per_caller", number=numbers[10], caller=same)
        assert error.retry_after == pytest.approx(3600)
    assert login.start(numbers[10], caller="2001:db8:0:1::1").rang


def test_calls_of_one_challenge_end(make: Callable[..., Login]) -> None:
    login = make(limits=Limits(calls_per_challenge=2, calls_per_number=((9, 600.0),), challenge_life=450.0))
    for turn in range(2):
        login.later = 61 * turn
        login.start()
    login.later = 122
    error = refused(login, "calls_per_challenge")
    assert error.retry_after == pytest.approx(450 - 300 - 122)
    login.later += error.retry_after or 0
    assert login.start().rang


def test_failures_are_not_reset_by_a_new_code_and_lock_the_number(make: Callable[..., Login]) -> None:
    login = make(limits=Limits(failures_per_number=10, calls_per_number=((100, 600.0),)))
    for turn in range(2):
        login.later = 61 * turn
        login.start()
        for _ in range(5):
            login.check(login.phones.wrong)
    assert login.check(login.phones.code).verdict is Verdict.LOCKED
    login.later = 200
    error = refused(login, "failures_per_number")
    assert (error.retry_after, error.retryable) == (None, False)
    refused(login, "failures_per_number", owner=STRANGER)
    login.do("unlock", "+84332665711")
    assert login.start().rang
    assert login.check(login.phones.code).verified


@pytest.mark.parametrize(("days", "is_known"), [(89, True), (91, False)])
def test_whoever_was_verified_is_known_for_ninety_days(login: Login, days: int, is_known: bool) -> None:  # noqa: FBT001 - a column
    login.start()
    login.check(login.phones.code)
    for turn in range(3):
        login.later = days * DAY + 61 * turn
        login.start(owner=STRANGER)
    login.later += 61
    if is_known:
        assert login.start().rang
    else:
        refused(login, "calls_per_number")


def test_of_the_owners_that_were_verified_the_newest_five_are_known(login: Login) -> None:
    owners = [f"{name}-{STRANGER}" for name in "abcdef"]
    for turn, owner in enumerate(owners):
        login.later = 601 * turn
        login.start(owner=owner)
        assert login.check(login.phones.code, owner=owner).verified
    for _ in range(4):
        login.later += 601
        assert login.start(owner=STRANGER).rang
    login.later += 601
    refused(login, "calls_per_number", owner=owners[0])
    for owner in owners[1:]:
        assert login.start(owner=owner).rang
        assert login.check(login.phones.code, owner=owner).verified


def test_the_record_of_the_newest_call(login: Login) -> None:
    assert login.do("record", NUMBER, owner=OWNER) is None
    challenge = login.start()
    assert login.do("record", NUMBER, owner=OWNER) is None
    login.phones.records[challenge.ref_id] = NOBODY
    assert login.do("record", NUMBER, owner=OWNER) is NOBODY
    assert login.do("record", NUMBER, owner=STRANGER) is None
    login.later = 61
    assert login.start().rang
    assert login.do("record", NUMBER, owner=OWNER) is None
    login.phones.look_up = raising(InvalidResponseError("there is no record in it"))
    assert login.do("record", NUMBER, owner=OWNER) is None
    for error in (AutocallError("no answer"), InvalidResponseError("no", errors=(FieldError(None, "no credit"),))):
        login.phones.look_up = raising(error)
        with pytest.raises(AutocallError, match="^no"):
            login.do("record", NUMBER, owner=OWNER)


@contextlib.contextmanager
def looking_up(login: Login, host: str, **settings: Any) -> Iterator[None]:
    """The records are looked up with a real client."""
    client: Any = (AsyncClient if login.runner else Client)(
        host, "token", campaign_uuid=str(UUID(int=1)), template="script", **settings
    )
    login.verifier._client.wait_for_cdr = client.wait_for_cdr
    yield
    if login.runner:
        login.runner.run(client.aclose())
    else:
        client.close()


DAY = 86_400.0
RECORD = payload("get_cdr.answer")


ANSWERS: dict[str, tuple[int, Any, bool]] = {
    "not found": (404, {"error": "no record"}, False),
    "none": (200, {"data": []}, False),
    "unfinished": (200, RECORD | {"status": "ringing", "time_ended": ""}, False),
    "answered": (200, RECORD, False),
    "busy": (200, RECORD | {"status": "busy"}, True),
    "no answer": (200, RECORD | {"status": "no-answered"}, True),
    "failed": (200, RECORD | {"status": "failed"}, True),
    "unauthorized": (401, {}, False),
    "unavailable": (503, {}, False),
    "down": (0, {}, False),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_call_is_looked_up_once_and_repeated_only_if_nobody_answered(login: Login, name: str) -> None:
    status, answer, rings = ANSWERS[name]
    login.start()
    look_ups: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        look_ups.append(request)
        if not status:
            raise httpx.ConnectError("down")
        return httpx.Response(status, json=answer)

    with looking_up(login, "api.example.vn", transport=httpx.MockTransport(reply)):
        assert login.start().rang is rings
    (look_up,) = look_ups
    assert max(look_up.extensions["timeout"].values()) <= 2.0


def test_a_service_that_does_not_answer_holds_no_login_up(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autocall_otp.verify._flows.LOOK_UP", 0.1)
    login.start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # Nothing but the bound on the look-up ends it.
        with looking_up(login, host, timeout=None, deadline=3600.0):
            assert not login.start().rang


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


DOWN, DONE = ConnectionError("the store is down"), 4
"""So many operations of the store come before the phone rings, and before a code has won."""


class Failing:
    """A store that fails at its n-th operation and at all that come later."""

    def __init__(self, works: int = 1000) -> None:
        self.store = MemoryStore()
        self.works = works

    def get(self, key: str) -> str | None:
        value: str | None = self.do(self.store.get, key)
        return value

    def swap(self, *arguments: Any) -> bool:
        return bool(self.do(self.store.swap, *arguments))

    def do(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        self.works -= 1
        if self.works < 0:
            raise DOWN
        return operation(*arguments)


@pytest.mark.parametrize("works", range(6))
def test_a_store_that_is_down_rings_no_phone_lets_nobody_in_and_says_so(make: Callable[..., Login], works: int) -> None:
    asks, enters = make(store=Failing(works)), make(store=Failing())
    enters.start()
    enters.store.works = works
    if works >= DONE:
        # What rang or was won is not taken back.
        assert asks.start(caller="203.0.113.7").rang
        assert enters.check(enters.phones.code).verified
        return
    for act in (lambda: asks.start(caller="203.0.113.7"), lambda: enters.check(enters.phones.code)):
        with pytest.raises(AutocallError, match="ConnectionError") as caught:
            act()
        assert (caught.value.outcome, caught.value.__cause__) == (Outcome.NOT_PLACED, DOWN)
    assert asks.phones.calls == []


RECORDS = [
    *('{"of_another_version":1}', "[]", "null", '"text"', "not JSON", "[" * 100_000),
    *('{"failures":"1"}', '{"failures":null}', '{"verified":[]}', '{"calls":null}', '{"calls":[{"at":"1"}]}'),
    *('{"calls":[{"at":"1","ref_id":"1"}]}', '{"calls":[{"at":NaN,"ref_id":"1"}]}'),
    *('{"calls":[{"at":1,"ref_id":"1","guesses":[1]}]}', '{"verified":{"x":"1"}}'),
]


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_what_the_store_holds_of_another_version_rings_no_phone(login: Login, record: str) -> None:
    login.start()
    (key,) = login.store._records
    login.store.swap(key, login.store.get(key), record, DAY)
    for act in (login.start, lambda: login.check("123456")):
        with pytest.raises(AutocallError, match="^store or look-up failed: ") as caught:
            act()
        assert caught.value.outcome is Outcome.NOT_PLACED
    assert len(login.phones.calls) == 1


@pytest.mark.parametrize("part", ["outcome", "code"])
def test_a_call_of_another_version_is_an_error_of_the_store(login: Login, part: str) -> None:
    login.start()
    (key,) = login.store._records
    record = json.loads(login.store.get(key))
    record["calls"][0][part] = ["odd"]
    login.store.swap(key, login.store.get(key), json.dumps(record), DAY)
    with pytest.raises(AutocallError, match="^store or look-up failed: "):
        login.start() if part == "outcome" else login.check("123456")


@pytest.mark.parametrize(("slow", "rings"), [(0.9, True), (1.1, False)])
def test_a_call_rings_before_the_next_one_may(make: Callable[..., Login], slow: float, rings: bool) -> None:  # noqa: FBT001 - a column
    login = make(limits=Limits(ring_again_after=3.0), deadline=2.0)
    swap = login.store.swap

    def swap_slowly(*arguments: Any) -> bool:
        login.later += slow
        return bool(swap(*arguments))

    login.store.swap = swap_slowly
    with contextlib.nullcontext() if rings else pytest.raises(AutocallError, match="too slow"):
        login.start()
    assert len(login.phones.calls) == rings


def test_a_call_is_joined_only_while_its_code_is_good(make: Callable[..., Login]) -> None:
    login = make(limits=Limits(code_life=30.0))
    login.start()
    login.later = 29
    assert not login.start().rang
    login.later = 31
    assert refused(login, "ring_again_after").retry_after == pytest.approx(29)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_clock_that_jumps_opens_nothing_and_locks_nobody_out(login: Login, jump: float) -> None:
    login.start()
    login.check(login.phones.wrong)
    first = login.phones.code
    login.later = jump
    assert login.check(first).verdict is Verdict.EXPIRED
    assert login.start().rang
    assert login.check(login.phones.code).verified


@pytest.mark.parametrize("skew", [-50.0, 50.0])
def test_clocks_of_two_machines_may_differ_by_a_minute(make: Callable[..., Login], skew: float) -> None:
    login = make()
    other = make(store=login.store)
    other.later = skew
    login.start()
    other.phones.calls = login.phones.calls
    assert not other.start().rang
    refused(other, "ring_again_after", owner=STRANGER)
    assert other.check(login.phones.code).verified


@pytest.mark.parametrize(("typed", "life"), [("", DAY), ("wrong", 365 * DAY), ("code", 90 * DAY)])
def test_nothing_outlives_its_time(login: Login, typed: str, life: float) -> None:
    login.store._now = login.verifier._now
    login.start(caller="203.0.113.7")
    if typed:
        login.check(getattr(login.phones, typed))
    keys = list(login.store._records)
    login.later = life - 1
    assert any(login.store.get(key) for key in keys)
    login.later = life + 1
    assert not any(login.store.get(key) for key in keys)


def test_with_another_key_nothing_of_before_is_known(make: Callable[..., Login]) -> None:
    login = make()
    login.start()
    other = type(login.verifier)(login.verifier._client, login.store, b"another key of thirty-two bytes!!")
    login.verifier = other
    assert login.check(login.phones.code).verdict is Verdict.EXPIRED


def test_nothing_is_in_clear_anywhere(login: Login, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    challenge = login.start(caller="203.0.113.7")
    wrong = login.check(login.phones.wrong)
    check = login.check(login.phones.code)
    login.start(owner=STRANGER)
    error = refused(login, "ring_again_after")
    stored = repr(login.store._records)
    shown = [repr(each) for each in (challenge, wrong, check, error, login.verifier)]
    pickled = [pickle.dumps(each).decode("latin-1") for each in (challenge, wrong, check, error)]
    secrets = [NUMBER, NUMBER[1:], OWNER, "203.0.113.7", *(call.code for call in login.phones.calls)]
    for text in (*shown, *pickled, caplog.text):
        assert [secret for secret in secrets if secret in text] == []
    # Six digits may stand by chance in a reference or an HMAC; a code stands between quotes or commas.
    assert [secret for secret in secrets if f'"{secret}"' in stored] == []
    assert NUMBER not in stored
    assert pickle.loads(pickle.dumps(error)).limit == error.limit  # noqa: S301 - our own
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(login.verifier)


@pytest.mark.parametrize(
    "owner",
    [
        *(None, 42, "", "  ", "\u200b", " none", "undefined"),
        *("127.0.0.1", "127.0.0.1:8080", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:8080"),
        *("0332665711", "+84 332 665 711", "01632665711", "1 (415) 555-0123", "332665711"),
        *("0332\u2013665\u2010711", "0332\u200b665711", "[0332] 665/711", "0332_665_711"),
        "x" * 4097,
    ],
)
def test_an_owner_that_many_share_or_anybody_guesses_is_refused(login: Login, owner: Any) -> None:
    for name, arguments in (("start", (NUMBER,)), ("check", (NUMBER, "123456")), ("record", (NUMBER,))):
        with pytest.raises(InvalidRequestError, match="^owner: ") as caught:
            login.do(name, *arguments, owner=owner)
        assert caught.value.outcome is Outcome.NOT_PLACED


@pytest.mark.parametrize(
    ("name", "asked", "argument"),
    [
        ("start", {"phone_number": "12", "owner": OWNER}, "phone_number"),
        ("start", {"phone_number": NUMBER, "owner": OWNER, "caller": ""}, "caller"),
        ("start", {"phone_number": NUMBER, "owner": OWNER, "caller": "x" * 4097}, "caller"),
        ("check", {"phone_number": NUMBER, "code": 123456, "owner": OWNER}, "code"),
        ("unlock", {"phone_number": "1900 1234"}, "phone_number"),
    ],
)
def test_what_cannot_be_is_refused_by_name(login: Login, name: str, asked: dict[str, Any], argument: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{argument}: "):
        login.do(name, **asked)
    assert login.phones.calls == []


def test_the_key_is_given_or_in_the_environment_and_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Any = Calls()
    monkeypatch.setenv("AUTOCALL_VERIFY_KEY", "k" * 32)
    assert Verifier(calls, MemoryStore())._key == b"k" * 32
    monkeypatch.delenv("AUTOCALL_VERIFY_KEY")
    for key in (None, "", b"x" * 31, "short", 32):
        with pytest.raises(ConfigurationError, match="^key: .*AUTOCALL_VERIFY_KEY"):
            Verifier(calls, MemoryStore(), key)  # type: ignore[arg-type] # one is no key


def a_client(**attributes: Any) -> Any:
    """A client with attributes of the SDK's own."""
    client = Calls()
    vars(client).update(attributes)
    return client


@pytest.mark.parametrize(
    ("kind", "settings", "argument"),
    [
        (Verifier, {"client": AsyncCalls()}, "client"),
        (AsyncVerifier, {"client": Calls()}, "client"),
        (Verifier, {"client": None}, "client"),
        (Verifier, {"client": Client}, "client"),
        (Verifier, {"store": MemoryStore}, "store"),
        (Verifier, {"client": a_client(deadline=60.0)}, "client"),  # it may outlast the minute
        (Verifier, {"store": object()}, "store"),
        (Verifier, {"store": SimpleNamespace(get=AsyncCalls.get_cdr, swap=print)}, "store"),
        (Verifier, {"limits": {"guesses": 3}}, "limits"),
        (Verifier, {"purpose": " "}, "purpose"),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_name(kind: Any, settings: dict[str, Any], argument: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{argument}: "):
        kind(**{"client": Calls(), "store": MemoryStore(), "key": KEY, **settings})


@pytest.mark.parametrize("host", ["api.example.vn", "https://api.example.vn", "http://[::1]:8025", "localhost"])
def test_a_store_in_memory_warns_where_calls_are_real(host: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Verifier(a_client(host=host, deadline=59.0), MemoryStore(), KEY)
    found = [(each.filename, "MemoryStore" in str(each.message)) for each in caught]
    assert found == ([(__file__, True)] if "example" in host else [])
