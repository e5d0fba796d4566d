"""What a refusal says: which argument, what is wrong with it, what to do. Users read this, and search for it."""

from collections.abc import Callable
from typing import Any

import pytest
from support.flows import settings

from autocall_otp import AutocallError, ConfigurationError, InvalidRequestError, Outcome, Retry
from autocall_otp import _arguments as arguments
from autocall_otp._config import read_host, read_timeout
from autocall_otp._token import TokenSource

UNKNOWN, NOT_PLACED = Outcome.UNKNOWN, Outcome.NOT_PLACED
VIETNAMESE = "phone_number: must be a Vietnamese number: 0…, 84… or +84… with 8 to 10 digits after it"


def number(value: Any) -> Callable[[], object]:
    return lambda: arguments.phone_number(value, allow_international=False)


ARGUMENTS: list[tuple[Callable[[], object], str]] = [
    (number(332665711), "phone_number: must be text, since a number would lose its leading 0"),
    (number("+14155550123"), "phone_number: is of another country; allow_international=True permits it"),
    (number("12"), VIETNAMESE),
    (lambda: arguments.phone_number("+841", allow_international=True), VIETNAMESE),
    (lambda: arguments.code_otp(1234), "code_otp: must be text, since a number would lose its leading zeros"),  # type: ignore[arg-type] # bad input
    (lambda: arguments.code_otp(""), "code_otp: must have 1 to 64 characters"),
    (lambda: arguments.code_otp("1\n2"), "code_otp: must be printable, without control characters"),
    (lambda: arguments.campaign_uuid(None), "campaign_uuid: give it here, to the client, or in AUTOCALL_CAMPAIGN_UUID"),
    (lambda: arguments.campaign_uuid("x"), "campaign_uuid: must be a UUID"),
    (lambda: arguments.template(None), "template: give it here, to the client, or in AUTOCALL_TEMPLATE"),
    (lambda: arguments.template(" "), "template: must be a non-empty, printable text"),
    (lambda: arguments.ref_id(""), "ref_id: must be a non-empty text"),
    (lambda: arguments.ref_id("x" * 129), "ref_id: must have at most 128 characters"),
    (lambda: arguments.ref_id(".."), "ref_id: must not be '.' or '..', which walk out of the URL's path"),
    (lambda: arguments.ref_id("a\nb"), "ref_id: must not hold control characters or lone surrogates"),
    (lambda: arguments.seconds("timeout", 0), "timeout: must be a number of seconds above 0"),
]


@pytest.mark.parametrize(("refused", "words"), ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_an_argument_s_refusal_names_it_and_says_why(refused: Callable[[], object], words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        refused()
    assert str(caught.value) == words
    # A wait with a wrong time-out says nothing of the call that it would have waited for.
    assert caught.value.outcome is (UNKNOWN if words.startswith("timeout") else NOT_PLACED)


BY_NAME = "host: must be a host name, or a URL that starts with https://"
EXTRAS = "host: must not carry credentials, a query or a fragment"
SETTINGS: list[tuple[Callable[[], object], str]] = [
    (lambda: read_host(" "), "host: give the host of your API, or set AUTOCALL_API_HOST"),
    (lambda: read_host("http://[::1"), "host: is not a host name or a URL"),
    (lambda: read_host("api..vn"), "host: is not a host name or a URL"),
    (lambda: read_host(f"https://{'a' * 64}.vn"), "host: is not a host name or a URL"),
    (lambda: read_host("ftp://x"), BY_NAME),
    (lambda: read_host("https://a b"), BY_NAME),
    (lambda: read_host("https://user@api.example.vn"), EXTRAS),
    (lambda: read_host("https://:pw@api.example.vn"), EXTRAS),
    (lambda: read_host("https://api.example.vn?a"), EXTRAS),
    (lambda: read_host("https://api.example.vn#x"), EXTRAS),
    (
        lambda: read_host("http://api.example.vn"),
        "host: plain http would send the token in clear; it is allowed to a loopback address only",
    ),
    (lambda: settings(timezone="Mars/Olympus"), "timezone: is neither a tzinfo nor the name of a known zone"),
    (lambda: settings(retry=3), "retry: must be a Retry"),
    (lambda: settings(max_response_bytes=0), "max_response_bytes: must be a whole number above 0"),
    (lambda: settings(max_response_bytes=True), "max_response_bytes: must be a whole number above 0"),
    (lambda: settings(deadline=0), "deadline: must be a number of seconds above 0"),
    (lambda: settings(timeout=0), "timeout: must be a number of seconds above 0"),
    (lambda: TokenSource(7), "token: must be a text, or a callable that returns one"),  # type: ignore[arg-type] # bad input
    (lambda: TokenSource(""), "token: must not be empty or begin or end with white space"),
    (lambda: TokenSource("a\nb"), "token: must be printable ASCII, without a line break"),
    (lambda: TokenSource(None), "token: give a token, or set AUTOCALL_TOKEN"),
]


@pytest.mark.parametrize(("refused", "words"), SETTINGS, ids=range(len(SETTINGS)))
def test_a_setting_s_refusal_names_it_and_says_why(
    refused: Callable[[], object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTOCALL_TOKEN", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        refused()
    assert str(caught.value) == words
    assert caught.value.outcome is NOT_PLACED


@pytest.mark.parametrize("name", ["attempts", "base", "cap"])
def test_a_rule_s_refusal_names_it_and_says_why(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: must be a number of at least {int(name == 'attempts')}$"):
        Retry(**{name: -1})


def test_the_root_of_all_refusals_is_ours() -> None:
    with pytest.raises(AutocallError, match="^timeout: "):
        read_timeout(-1.0)
