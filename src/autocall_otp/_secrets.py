"""Keeping tokens, codes and phone numbers out of everything that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_SEPARATORS = str.maketrans("", "", " .-()")
_HEAD, _TAIL = 4, 3
_SHORT = 4
_SHORTEST_NUMBER = 8
# A phone number in running text; not a piece of a UUID or of a time, which word characters and dashes surround.
# It is compiled at its first use, which most programs never come to.
_NUMBER_LIKE = r"(?<![\w\-+])(?:\+\d|0|84)(?:[ .\-()]{0,2}\d){7,13}(?![\w-])"
_CODES = frozenset({"code_otp"})
_NUMBERS = frozenset({"phone_number", "to_number"})


def mask_number(number: str) -> str:
    """The form of a phone number that may stand in a log: ``0332***711``.

    A text too short to leave anything hidden is hidden whole.
    """
    digits = number.translate(_SEPARATORS)
    if len(digits) <= _HEAD + _TAIL:
        return "***"
    return f"{digits[:_HEAD]}***{digits[-_TAIL:]}"


def mask_number_in(value: str | None) -> str:
    """A repr of a phone number with its middle hidden."""
    return repr(value and mask_number(value))


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """The text with every secret replaced by what may be shown in its place."""
    there = [secret for secret in secrets if secret and secret in text]
    # The longest first, so that a short code does not break up a number that contains it.
    for secret in sorted(there, key=len, reverse=True):
        if len(secret) < _SHORT:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _: secrets[secret], text)  # noqa: B023 - called at once
        else:
            text = text.replace(secret, secrets[secret])
    return text


def hide_in_words(text: str, secrets: Mapping[str, str]) -> str:
    """The same for a sentence of the service, where a number may stand in any form."""
    text = hide(text, secrets)
    return text if len(text) < _SHORTEST_NUMBER else re.sub(_NUMBER_LIKE, lambda match: mask_number(match[0]), text)


def hide_deeply(value: Json, secrets: Mapping[str, str]) -> Json:
    """The same JSON value with the secrets hidden in every text, names included."""
    if isinstance(value, str):
        return hide_in_words(value, secrets)
    if isinstance(value, dict):
        return {hide_in_words(name, secrets): hide_deeply(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [hide_deeply(item, secrets) for item in value]
    return value


def secrets_of(value: Json) -> dict[str, str]:
    """The codes and numbers that a JSON value holds under their documented names, and what to show for each."""
    return dict(_named_secrets(value))


def _named_secrets(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and name in _CODES:
                yield item, "***"
            elif isinstance(item, str) and name in _NUMBERS:
                yield item, mask_number(item)
            else:
                yield from _named_secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named_secrets(item)


def scrub(error: BaseException | None, secrets: Mapping[str, str]) -> None:
    """Hide the secrets in the words of an error and of everything that led to it.

    A library's error may quote what the service sent, and the service may send a secret back.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.args = tuple(hide_in_words(str(part), secrets) if _speaks(part) else part for part in error.args)
        error = error.__cause__ or error.__context__


def _speaks(part: object) -> bool:
    return isinstance(part, str | bytes | bytearray)
