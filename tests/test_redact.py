"""What is secret, in every form in which it may come back."""

import json
import random
import re
import string
import time
import timeit
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flows import CODE, NUMBER

from autocall_otp import mask_number
from autocall_otp._redact import Secrets, redact_error

TOKEN = "s3cret/token+x="
SECRETS = Secrets(codes=[CODE], numbers=[NUMBER], tokens=[TOKEN])
PRINTABLE = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Co", "Cn"])
CODES = st.text(PRINTABLE, min_size=4, max_size=12).filter(lambda code: any(map(str.isalnum, code)))
TOKENS = st.text(st.sampled_from(string.ascii_letters + string.digits + "-._~+/="), min_size=6, max_size=40)
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps({"x": text}),
    "JSON, not escaped": lambda text: json.dumps({"x": text}, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"x": text})),
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "repr of JSON": lambda text: repr(json.dumps(text)),
    "percent": lambda text: quote(text, safe=""),
    "a path": quote,
    "a form": quote_plus,
    "within words": lambda text: f"x{text}x",
}


@given(code=CODES, token=TOKENS)
def test_codes_and_tokens_are_masked_in_every_form(code: str, token: str) -> None:
    secrets = Secrets(codes=[code], tokens=[token])
    for form in FORMS.values():
        for secret in (code, token):
            shown = secrets.redact(form(secret))
            assert secret.lower() not in shown.lower()
            assert form(secret) != shown


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_another_case_is_masked_too(change: Callable[[str], str]) -> None:
    assert SECRETS.redact(change(f"{CODE} {TOKEN} {quote(TOKEN, safe='')}")) == "*** *** ***"


SEPARATORS = ["", " ", "-", ".", "/", "_", ",", "   ", "\u00a0", "\u2011", "\u202f", "\u200b", "\t", ") ", " - "]
NUMBERS = st.from_regex(r"0([35789][0-9]{8}|2[0-9]{9})", fullmatch=True)


@given(
    NUMBERS,
    st.sampled_from(["0", "84", "+84", "0084", "+84 (0)", ""]),
    st.sampled_from([0x30, 0xFF10]),
    st.randoms(use_true_random=False),
)
def test_a_known_number_is_masked_in_any_grouping_and_form(
    number: str, prefix: str, zero: int, chance: random.Random
) -> None:
    groups = list(number[1:])
    for place in chance.sample(range(1, len(groups)), 3):
        groups[place] = chance.choice(SEPARATORS) + groups[place]
    written = (prefix + "".join(groups)).translate({0x30 + digit: zero + digit for digit in range(10)})
    secrets, (before, after) = Secrets(numbers=[number]), chance.choice([("call ", " now"), ("x", "x"), ("", "")])
    for form in FORMS.values():
        shown = secrets.redact(f"{before}{form(written)}{after}")
        assert shown.count(f"{number[1:4]}***{number[-3:]}") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 0900000001 now", "call 0900***001 now"), ("call +84 (332) 665.711 now", "call +843***711 now"),
        ("call 84332665712 now", "call 8433***712 now"), ("call +14155550123 now", "call +141***123 now"),
        ("01234567", "***567"), ("0 1 2 3 4 5 6 7", "***567"),
        # No number of a phone: too short, too long, or a piece of something else.
        ("0123456", None), ("1234567890", None), ("012345678901234", None), ("x0900000001", None),
        ("0900000001-x", None),
        ("f77dfcf4-0759-4179-93cb-741f481a776e", None), ("2023-03-07 10:06:53", None),
        ("00000000-0000-4000-8000-000000000001", None),
    ],
)  # fmt: skip
def test_whatever_looks_like_a_number_is_masked_though_nobody_knows_it(text: str, shown: str | None) -> None:
    assert Secrets().redact(text) == (shown or text)


def test_a_short_code_is_masked_as_a_word_and_spares_the_rest() -> None:
    assert Secrets(codes=["12"]).redact("code 12, at 10:12:20 in 2012") == "code ***, at 10:***:20 in 2012"
    assert Secrets(codes=["a.c"]).redact("a.c abc") == "*** abc"


def test_a_code_that_is_part_of_a_number_or_token_leaves_none_of_it() -> None:
    secrets = Secrets(codes=["3326", "token"], numbers=[NUMBER], tokens=["my-token-x"])
    assert secrets.redact(f"{NUMBER} 3326 my-token-x token") == "0332***711 *** *** ***"


def test_nothing_is_masked_where_there_is_no_secret() -> None:
    text = "the service answered 400: mã số không đúng, R1, 2023-03-07 10:06:53"
    assert SECRETS.redact(text) == Secrets(codes=[""]).redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = SECRETS.redact(text)
    assert SECRETS.redact(once) == once


@given(st.text() | NUMBERS | NUMBERS.map(lambda number: f"+84{number[1:]}"))
def test_a_masked_number_shows_its_ends_at_most_and_is_not_masked_again(text: str) -> None:
    shown = mask_number(text)
    assert "***" in shown
    assert len(shown) <= 11
    assert mask_number(shown) == shown
    assert mask_number(NUMBER) == mask_number("(0332)-665.711") == "0332***711"
    assert (mask_number("1234567"), mask_number("12345678"), mask_number("")) == ("***", "***678", "***")


def test_objects_name_their_own_secrets_at_any_depth() -> None:
    values: dict[str, Any] = {
        "to_number": NUMBER,
        "additional": json.dumps({"code_otp": CODE, "list": [{"phone_number": 84900000001}]}),
        "from_number": 19001234,
        "code": "1234",
        "code_otp": 123456,
    }
    secrets = Secrets.named_in(values)
    assert (secrets.codes, secrets.numbers) == ({CODE, "123456"}, {NUMBER, "84900000001", "19001234"})
    found = secrets.redact_object(values | {CODE: [f"said {CODE}", 123456, 332665711, 7, None, True]})
    assert found["***"] == ["said ***", "***", "332***711", 7, None, True]
    assert found["code"] == "1234"
    assert Secrets(codes=["01230", "0", "x"]).redact_json([1230, 0, 7, 1.5]) == ["***", "***", 7, 1.5]
    assert not re.search(f"{CODE}|123456|332665711|900000001", json.dumps(found))


@pytest.mark.parametrize(
    "value", ["x", [], [1], None, 7.5, {"code_otp": None}, '{"code_otp": ', "code_otp", "[" * 10_000]
)
def test_an_object_without_secrets_names_none(value: Any) -> None:
    found = Secrets.named_in({"x": value, "deep": "[" * 5000 + '"code_otp"' + "]" * 5000})
    assert repr(found) == "<Secrets: 0 codes, 0 numbers, 0 tokens>"


def test_secrets_show_and_pickle_none_of_themselves() -> None:
    assert repr(SECRETS) == "<Secrets: 1 codes, 1 numbers, 1 tokens>"
    assert SECRETS.__reduce__() == (Secrets, ())


def test_a_token_that_comes_later_is_masked_from_then_on() -> None:
    secrets = Secrets(codes=[CODE])
    assert secrets.redact(f"{CODE} {TOKEN}") == f"*** {TOKEN}"
    secrets.add_token(TOKEN)
    assert (secrets | Secrets(codes=["other"])).redact(f"{CODE} {TOKEN} other") == "*** *** ***"


@pytest.mark.parametrize("digit", ["%33", r"\uff13", r"\xef\xbc\x93", "%ef%bc%93"])
def test_a_text_that_repeats_a_digit_of_the_number_is_searched_in_no_time(digit: str) -> None:
    Secrets(numbers=["0333333334"]).redact(digit * 50_000)


@pytest.mark.parametrize("other", ["anonymous", "101", "0"])
def test_figures_are_left_alone_beside_a_number_without_digits(other: str) -> None:
    values = {"from_number": other, "billsec": 0, "duration": 84}
    assert Secrets.named_in(values).redact_object(values) | {"from_number": ""} == values | {"from_number": ""}


def test_an_odd_error_of_a_library_is_emptied_where_it_cannot_be_masked() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    class Pair(tuple[str, ...]):
        __slots__ = ()

        def __new__(cls, one: str, two: str) -> Self:
            return super().__new__(cls, (one, two))

    for error in (ValueError(OddError(CODE)), ValueError(Pair(CODE, "x"))):
        redact_error(error, SECRETS)
        assert error.args == ()


def test_no_part_of_an_error_shows_a_secret() -> None:
    class SentRequest(NamedTuple):
        headers: Mapping[str, str]
        size: int

    said = f"{CODE} for {NUMBER} with {TOKEN}"
    error = OSError(5, said)
    error.add_note(said)
    error.sent = SentRequest({"Authorization": f"Bearer {TOKEN}"}, 7), [CODE.encode()]  # type: ignore[attr-defined] # as libraries do
    error.__cause__ = ExceptionGroup("all failed", [ValueError([said], {"x": said}), OSError(111, "refused", said)])
    error.__cause__.__context__ = KeyError(RuntimeError(said), 7, None)
    error.__cause__.__context__.__context__ = error  # a circle must not hang it
    redact_error(error, SECRETS)
    redact_error(None, SECRETS)
    shown = "".join(traceback.format_exception(error)) + repr(error.__cause__.exceptions)
    assert not re.search(f"{CODE}|{NUMBER[1:]}|{TOKEN}", shown)
    assert (error.errno, str(error)) == (5, "[Errno 5] *** for 0332***711 with ***")
    assert error.__cause__.__context__.args[1:] == (7, None)
    assert vars(error)["sent"] == (SentRequest({"Authorization": "Bearer ***"}, 7), ["b'***'"])


@pytest.mark.parametrize("letter", ["x", "é"], ids=["ascii", "unicode"])
def test_masking_a_megabyte_takes_about_as_long_as_reading_it(letter: str) -> None:
    """It was 180 times as long as decoding it, and the event loop waited; now it is about 5 times as long."""
    text = json.dumps([{"id": f"{n:032x}", "note": letter * 20, "n": n} for n in range(10_000)], ensure_ascii=False)

    def best(work: Callable[[str], object]) -> float:
        return min(timeit.repeat(lambda: work(text), timer=time.process_time, repeat=4, number=1))

    assert best(SECRETS.redact) < 60 * best(json.loads)


def test_what_is_almost_a_number_is_passed_over_quickly() -> None:
    texts = [
        between.join(NUMBER[:-2]) * 20 for between in ("\\" * 8 + "n", "\\" * 8 + "u0020", "\\" * 40, "%20%", "_" * 30)
    ]
    texts += ["0 " * 200_000 + "+1-" * 100_000 + "3\\" * 200_000 + "\\" * 200_000 + "%e2\\x"]
    start = time.process_time()
    for text in texts:
        SECRETS.redact(text)
    # What escapes may be read as a sign and digits of the number, if that repeats one.
    for digit in ("%33", r"\uff13", r"\xef\xbc\x93", "%ef%bc%93"):
        Secrets(numbers=["0333333334"]).redact(digit * 20_000)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("gap", ["\uff0d", "\uff0e", "\uff1a", "\ufeff"])
def test_wide_signs_between_the_digits_hide_no_number(gap: str) -> None:
    written = f"{NUMBER[:4]}{gap}{NUMBER[4:]}"
    for text in (written, repr(written.encode()), quote(written), json.dumps(written)):
        assert "***" in SECRETS.redact(text)


def test_an_error_whose_words_cannot_be_changed_is_left_out() -> None:
    for odd in (ExceptionGroup(f"no call to {NUMBER}", [OSError()]), UnicodeDecodeError("ascii", b"x", 0, 1, CODE)):
        error = ValueError("failed")
        error.__cause__ = odd
        assert repr(redact_error(error, SECRETS)) == f"Exception('{type(odd).__name__}, whose words hold a secret')"
