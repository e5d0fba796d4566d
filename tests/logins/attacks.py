"""What is tried on a login, over HTTP: each attack asserts what must hold whichever recipe it is tried on.

Each has browsers, addresses and numbers of its own, so that no limit which another reached is in its way.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import httpx

from autocall_otp import mask_number
from logins.sites import Site, decoded, retry_after, words


def an_honest_login(site: Site) -> None:
    """Spaces and full-width digits cost no attempt, and the number that heard the code is logged in."""
    user, number = site.browser(), site.number()
    assert user.user() == ""
    assert words(user.ask(f"+84 {number[1:4]} {number[4:]}")) == "We are calling you."
    code = site.code(number)
    answers = {words(user.enter(typed)) for typed in ("", "12345", "abcdef")}
    assert ["You may try" in answer for answer in answers] == [True]
    typed = f" {code[:3]}\u00a0{code[3:]} ".translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    user.expect_login(number, typed)


def parallel_guesses(site: Site) -> None:
    user, number = site.called()
    form, guess, twins = user.form("/login/code"), site.wrong(number), [user.copy() for _ in range(32)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda turn: twins[turn].post("/login/code", turn, code=guess, **form), range(32)))
    assert sum("not the code" in words(answer) for answer in answers) == 5
    user.enter(site.code(number))
    assert user.user() == ""


def replay(site: Site) -> None:
    user, number = site.called()
    thief = user.copy()
    form = thief.form("/login/code")
    user.expect_login(number, site.code(number))
    for process in (0, 1):
        thief.post("/login/code", process, code=site.code(number), **form)
        assert thief.user() == ""


def one_code_at_many_places(site: Site) -> None:
    """The right code at once from many who hold the same cookies: one of them is logged in."""
    user, number = site.called()
    code, form, twins = site.code(number), user.form("/login/code"), [user.copy() for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda turn: twins[turn].post("/login/code", turn, code=code, **form), range(16)))
    assert [twin.user() for twin in twins if twin.user()] == [mask_number(number)]


def double_click(site: Site) -> None:
    """More clicks while the call that the first one asked for is placed."""
    user, number = site.browser(), site.number()
    form = user.form("/login")
    with site.slow(), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda turn: user.post("/login", turn, number=number, **form), range(8)))
    assert ['name="code"' in answer.text for answer in answers] == [True] * 8
    assert [call.rings for call in site.calls(number)] == [1]
    user.expect_login(number, site.code(number))


def two_browsers(site: Site) -> None:
    (user, number), stranger = site.called(), site.browser()
    assert 0 < retry_after(stranger.ask(number)) <= 80
    site.later(35)
    assert retry_after(stranger.ask(number)) > 0
    assert len(site.calls(number)) == 1
    stranger.enter(site.code(number))
    assert stranger.user() == ""
    user.expect_login(number, site.code(number))


def spellings(site: Site) -> None:
    user, number = site.browser(), site.number()
    for spelling in (number, f"+84{number[1:]}", f"0084 (0){number[1:]}", f"84.{number[1:4]}-{number[4:]}\u200b"):
        assert 'name="code"' in user.ask(spelling).text
    assert len(site.calls(number)) == 1
    assert retry_after(site.browser().ask(f"+84 {number[1:]}")) > 0


def pumping(site: Site) -> None:
    """One address asks for many numbers, each time with a new browser."""
    address, numbers = site.browser().address, [site.number() for _ in range(15)]
    answers = [site.browser(address).ask(number) for number in numbers]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 5
    assert 3000 < retry_after(answers[-1]) <= 3620
    assert sum(len(site.calls(number)) for number in numbers) == 10


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


def lock_out(site: Site) -> None:
    """Strangers use the calls of a number up; a browser that was verified for it before is called all the same."""
    user, number = site.called()
    user.expect_login(number, site.code(number))
    for _ in range(3):
        site.browser().ask(number)
        site.later(85)
    assert site.browser().ask(number).status_code == 429
    assert user.ask(number).status_code == 200
    user.expect_login(number, site.code(number))


def enumeration(site: Site) -> None:
    """Whether a number has an account shows nowhere."""
    (member, number), other = site.called(), site.number()
    member.expect_login(number, site.code(number))
    site.later(85)
    known, unknown = site.browser().ask(number), site.browser().ask(other)
    assert (known.status_code, known.headers.keys()) == (unknown.status_code, unknown.headers.keys())
    assert words(known) == words(unknown)


def session_fixation(site: Site) -> None:
    """Whoever planted cookies in a browser is not logged in with it."""
    thief, number = site.browser(), site.number()
    thief.get("/login")
    thief.ask(site.number())
    victim = thief.copy()
    victim.ask(number)
    victim.expect_login(number, site.code(number))
    assert thief.user() == ""


def forms_of_other_sites(site: Site) -> None:
    user, number = site.browser(), site.number()
    user.get("/login")
    headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    assert user.http.post(user.url("/login"), data={"number": number}, headers=headers).status_code == 403
    assert site.calls(number) == []
    user.ask(number)
    entered = user.http.post(user.url("/login/code"), data={"code": site.code(number)}, headers=headers)
    assert (entered.status_code, user.user()) == (403, "")


def lost_answer(site: Site) -> None:
    """The phone rings, but the browser never gets its answer, and asks again."""
    user, number = site.browser(), site.number()
    form = user.form("/login")
    with site.slow():
        with contextlib.suppress(httpx.ReadTimeout):
            user.http.post(user.url("/login"), data={"number": number, **form}, timeout=httpx.Timeout(60.0, read=0.1))
        site.sandbox.wait_for_call(number, timeout=60)
    assert 'name="code"' in user.ask(number).text
    assert len(site.calls(number)) == 1
    user.expect_login(number, site.code(number))


def busy_then_again(site: Site) -> None:
    user, number = site.called()
    site.sandbox.advance(3)
    site.sandbox.reject(site.calls(number)[-1])
    site.sandbox.advance(5)
    assert "Nobody answered" in words(user.get("/login/code"))
    assert 'name="code"' in user.ask(number).text
    assert len(site.calls(number)) == 2
    user.expect_login(number, site.code(number))


def call_in_doubt(site: Site) -> None:
    """The service is reached and dials, and its answer is lost: nobody calls again, and the code is good."""
    for number in ("0900000031", "0900000033", "0900000502"):
        user = site.browser()
        assert "may be ringing" in words(user.ask(number))
        assert "may be ringing" in words(user.ask(number))
        assert [call.rings for call in site.calls(number)] == [1]
        user.expect_login(number, site.code(number))


def call_that_was_not_placed(site: Site) -> None:
    """The user is asked to come back, and the log says why."""
    user = site.browser()
    for _ in range(4):
        answer = user.ask("0900000403")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "the service answered 403" in site.log.read_text("utf-8")
    for number in ("12", "+1 202 555 0100", "1900 1234", ""):
        assert user.ask(number).status_code == 422


def expired_code(site: Site) -> None:
    user, number = site.called()
    site.later(325)
    assert "good no more" in words(user.enter(site.code(number)))
    assert user.user() == ""


def stolen_reference(site: Site) -> None:
    """Neither page nor cookie holds the reference or the code, and no cookie can be read by a script."""
    user, number = site.browser(), site.number()
    seen = user.ask(number).text
    (call,) = site.calls(number)
    for name, value in user.http.cookies.items():
        seen += f"{name}={value}" + "".join(str(decoded(part)) for part in value.strip('"').split("."))
    assert call.ref_id not in seen
    assert call.code_otp not in seen
    for path in ("/login", "/"):
        for cookie in site.browser().http.get(user.url(path)).headers.get_list("Set-Cookie"):
            assert "csrf" in cookie or "httponly" in cookie.lower()
            assert "samesite=" in cookie.lower()


def clocks_that_differ(site: Site) -> None:
    """One process is 20 s behind the other."""
    for first, second in ((0, 1), (1, 0)):
        user, number = site.browser(), site.number()
        user.ask(number, first)
        assert 'name="code"' in user.ask(number, second).text
        assert len(site.calls(number)) == 1
        assert user.enter(site.code(number), second).status_code == 200
        assert user.user() == mask_number(number)


def code_of_another_number(site: Site) -> None:
    """Whatever else a form says: the number that heard the code is logged in, also in place of another."""
    user, first, second, victim = site.browser(), site.number(), site.number(), site.number()
    for number in (first, second):
        user.ask(number)
        user.enter(site.code(number), number=victim, phone_number=victim, user=victim)
        assert user.user() == mask_number(number)


ATTACKS = {name: attack for name, attack in vars().items() if getattr(attack, "__module__", "") == __name__}
