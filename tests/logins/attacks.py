"""What is tried on a login, over HTTP: each attack asserts what must hold whichever recipe it is tried on."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from autocall_otp import mask_number
from autocall_otp.sandbox import Chaos
from logins.sites import Browser, Site, words

ATTACKS: dict[str, Callable[[Site], None]] = {}


def attack(function: Callable[[Site], None]) -> Callable[[Site], None]:
    ATTACKS[function.__name__] = function
    return function


def wrong(site: Site, number: str) -> str:
    codes = {call.code_otp for call in site.calls(number)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in codes)


def retry_after(answer: httpx.Response) -> int:
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"])


def expect_login(browser: Browser, number: str, code: str) -> None:
    entered = browser.enter(code)
    assert (entered.status_code, words(entered)) == (200, "")
    assert browser.user() == mask_number(number)


@attack
def an_honest_login(site: Site) -> None:
    """Spaces and full-width digits cost no attempt, and the number that heard the code is logged in."""
    user, number = site.browser(), site.number()
    assert user.user() == ""
    assert words(user.ask(f"+84 {number[1:4]} {number[4:]}")) == "We are calling you."
    code = site.code(number)
    answers = {words(user.enter(typed)) for typed in ("", "12345", "abcdef")}
    assert ["You may try" in answer for answer in answers] == [True]
    typed = f" {code[:3]}\u00a0{code[3:]} ".translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    expect_login(user, number, typed)


@attack
def parallel_guesses(site: Site) -> None:
    user, number = site.browser(), site.number()
    user.ask(number)
    form, guess = user.form("/login/code"), wrong(site, number)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda turn: user.copy().post("/login/code", turn, code=guess, **form), range(32)))
    assert sum("not the code" in words(answer) for answer in answers) == 5
    user.enter(site.code(number))
    assert user.user() == ""


@attack
def replay(site: Site) -> None:
    user, number = site.browser(), site.number()
    user.ask(number)
    thief = user.copy()
    form = thief.form("/login/code")
    expect_login(user, number, site.code(number))
    for process in (0, 1):
        thief.post("/login/code", process, code=site.code(number), **form)
        assert thief.user() == ""


@attack
def double_click(site: Site) -> None:
    """A second click 0.4 s after the first, while the service is slow."""
    user, number = site.browser(), site.number()
    form = user.form("/login")
    site.sandbox.chaos = Chaos(latency_probability=1.0, latency_seconds=2.0)
    try:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(user.post, "/login", 0, number=number, **form)
            time.sleep(0.4)
            second = pool.submit(user.post, "/login", 1, number=number, **form)
            answers = [first.result(), second.result()]
    finally:
        site.sandbox.chaos = Chaos()
    assert ['name="code"' in answer.text for answer in answers] == [True, True]
    assert [call.rings for call in site.calls(number)] == [1]
    expect_login(user, number, site.code(number))


@attack
def two_browsers(site: Site) -> None:
    user, stranger, number = site.browser(), site.browser(), site.number()
    user.ask(number)
    assert 0 < retry_after(stranger.ask(number)) <= 80
    site.later(35)
    assert retry_after(stranger.ask(number)) > 0
    assert len(site.calls(number)) == 1
    stranger.enter(site.code(number))
    assert stranger.user() == ""
    expect_login(user, number, site.code(number))


@attack
def spellings(site: Site) -> None:
    user, number = site.browser(), site.number()
    for spelling in (number, f"+84{number[1:]}", f"0084 (0){number[1:]}", f"84.{number[1:4]}-{number[4:]}\u200b"):
        assert 'name="code"' in user.ask(spelling).text
    assert len(site.calls(number)) == 1
    assert retry_after(site.browser().ask(f"+84 {number[1:]}")) > 0


@attack
def pumping(site: Site) -> None:
    """One address asks for many numbers, each time with a new browser."""
    address, numbers = site.address(), [site.number() for _ in range(15)]
    answers = [site.browser(address).ask(number) for number in numbers]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 5
    assert 3000 < retry_after(answers[-1]) <= 3620
    assert sum(len(site.calls(number)) for number in numbers) == 10


@attack
def many_calls_to_one_number(site: Site) -> None:
    number = site.number()
    for _ in range(3):
        assert site.browser().ask(number).status_code == 200
        site.later(85)
    wait = retry_after(site.browser().ask(number))
    site.later(wait - 60)
    assert site.browser().ask(number).status_code == 429
    site.later(85)
    assert site.browser().ask(number).status_code == 200
    assert len(site.calls(number)) == 4


@attack
def lock_out(site: Site) -> None:
    """Strangers use the calls of a number up; a browser that was verified for it before is called all the same."""
    user, number = site.browser(), site.number()
    user.ask(number)
    expect_login(user, number, site.code(number))
    for _ in range(3):
        site.browser().ask(number)
        site.later(85)
    assert site.browser().ask(number).status_code == 429
    assert user.ask(number).status_code == 200
    expect_login(user, number, site.code(number))


@attack
def enumeration(site: Site) -> None:
    """Whether a number has an account shows nowhere."""
    member, number, other = site.browser(), site.number(), site.number()
    member.ask(number)
    expect_login(member, number, site.code(number))
    site.later(85)
    known, unknown = site.browser().ask(number), site.browser().ask(other)
    assert (known.status_code, known.headers.keys()) == (unknown.status_code, unknown.headers.keys())
    assert words(known) == words(unknown)


@attack
def session_fixation(site: Site) -> None:
    """Whoever planted cookies in a browser is not logged in with it."""
    thief, number = site.browser(), site.number()
    thief.get("/login")
    thief.ask(site.number())
    victim = thief.copy()
    victim.ask(number)
    expect_login(victim, number, site.code(number))
    assert thief.user() == ""


@attack
def forms_of_other_sites(site: Site) -> None:
    user, number = site.browser(), site.number()
    user.get("/login")
    headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    assert user.http.post(user.url("/login"), data={"number": number}, headers=headers).status_code == 403
    assert site.calls(number) == []
    user.ask(number)
    entered = user.http.post(user.url("/login/code"), data={"code": site.code(number)}, headers=headers)
    assert (entered.status_code, user.user()) == (403, "")


@attack
def lost_answer(site: Site) -> None:
    """The phone rings, but the browser never gets its answer, and asks again."""
    user, number = site.browser(), site.number()
    form = user.form("/login")
    site.sandbox.chaos = Chaos(latency_probability=1.0, latency_seconds=2.0)
    try:
        user.http.post(user.url("/login"), data={"number": number, **form}, timeout=httpx.Timeout(60.0, read=0.5))
    except httpx.ReadTimeout:
        pass
    finally:
        site.sandbox.wait_for_call(number, timeout=60)
        site.sandbox.chaos = Chaos()
    assert 'name="code"' in user.ask(number).text
    assert len(site.calls(number)) == 1
    expect_login(user, number, site.code(number))


@attack
def busy_then_again(site: Site) -> None:
    user, number = site.browser(), site.number()
    user.ask(number)
    site.sandbox.advance(3)
    site.sandbox.reject(site.calls(number)[-1])
    site.sandbox.advance(5)
    assert "Nobody answered" in words(user.get("/login/code"))
    assert 'name="code"' in user.ask(number).text
    assert len(site.calls(number)) == 2
    expect_login(user, number, site.code(number))


@attack
def call_in_doubt(site: Site) -> None:
    """The service is reached and dials, and its answer is lost: nobody calls again, and the code is good."""
    for number in ("0900000031", "0900000033", "0900000502"):
        user = site.browser()
        assert "may be ringing" in words(user.ask(number))
        assert "may be ringing" in words(user.ask(number))
        assert [call.rings for call in site.calls(number)] == [1]
        expect_login(user, number, site.code(number))


@attack
def call_that_was_not_placed(site: Site) -> None:
    """The user is asked to come back, and the log says why."""
    user = site.browser()
    for _ in range(4):
        answer = user.ask("0900000403")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert any("the service answered 403" in log.read_text("utf-8") for log in site.clock.parent.glob("log*"))
    for number in ("12", "+1 202 555 0100", "1900 1234", ""):
        assert user.ask(number).status_code == 422


@attack
def expired_code(site: Site) -> None:
    user, number = site.browser(), site.number()
    user.ask(number)
    site.later(325)
    assert "good no more" in words(user.enter(site.code(number)))
    assert user.user() == ""


@attack
def stolen_reference(site: Site) -> None:
    """Neither page nor cookie holds the reference or the code, and no cookie can be read by a script."""
    user, number = site.browser(), site.number()
    seen = user.ask(number).text
    (call,) = site.calls(number)
    for name, value in user.http.cookies.items():
        seen += f"{name}={value}" + "".join(str(_decoded(part)) for part in value.strip('"').split("."))
    assert call.ref_id not in seen
    assert call.code_otp not in seen
    for path in ("/login", "/"):
        for cookie in site.browser().http.get(user.url(path)).headers.get_list("Set-Cookie"):
            assert "csrf" in cookie or "httponly" in cookie.lower()
            assert "samesite=" in cookie.lower()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part.encode() + b"=" * (-len(part) % 4)) if part.isascii() else b""


@attack
def clocks_that_differ(site: Site) -> None:
    """One process is 20 s behind the other."""
    for first, second in ((0, 1), (1, 0)):
        user, number = site.browser(), site.number()
        user.ask(number, first)
        assert 'name="code"' in user.ask(number, second).text
        assert len(site.calls(number)) == 1
        assert user.enter(site.code(number), second).status_code == 200
        assert user.user() == mask_number(number)


@attack
def code_of_another_number(site: Site) -> None:
    """Whatever else a form says: the number that heard the code is logged in, also in place of another."""
    user, first, second, victim = site.browser(), site.number(), site.number(), site.number()
    for number in (first, second):
        user.ask(number)
        user.enter(site.code(number), number=victim, phone_number=victim, user=victim)
        assert user.user() == mask_number(number)
