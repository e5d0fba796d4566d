"""What is secret, and the one function that masks it: tokens, codes and phone numbers, in every form.

A service, a library or a log may write a secret otherwise than it was sent: a number in groups, a code in a JSON text
within a JSON text, a token percent-encoded. `Secrets` knows the values; `Secrets.redact` finds all of these forms.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_HEAD, _HIDDEN, _TAIL = 4, 3, 3
_SHORT = 4
_SHORTEST_NUMBER = 8
_MASK = "***"
_NONE: frozenset[str] = frozenset()
_CODES = frozenset({"code_otp"})
NUMBER_FIELDS = frozenset({"from_number", "phone_number", "to_number"})
_NAMED = _CODES | NUMBER_FIELDS
_MASKED = r"(?:\+?\w{3,4})?\*{3}(?:\w{3})?"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DIGIT = "[0-9\uff10-\uff19]"
# Between the digits of a number people write up to three of these.
_GAP = r"[\W_]{0,3}"
# The same where bytes in Python, JSON or a URL escape some: up to three bytes each. What escapes is taken whole, and an
# escaped digit never: a text that could be split in many ways would be searched without end.
_WIDE_DIGIT = r"\\{1,8}+(?:xef\\{1,8}+xbc\\{1,8}+x9|uff1)[0-9]"
_ESCAPED_GAP = (
    r"(?>(?!%ef%bc%9[0-9])%[0-9a-f]{2}"
    rf"|(?!{_WIDE_DIGIT})\\{{1,8}}+(?:x[0-9a-f]{{2}}|u[0-9a-f]{{4}}|[nrt])?"
    r"|[^\w\\]|_){0,9}"
)
_ESCAPED_WIDE = r"\\{1,8}xef\\{1,8}xbc\\{1,8}x9|\\{1,8}uff1|%ef%bc%9"
# A phone number in running text; not a piece of a UUID or of a time, which word characters and dashes surround.
# It begins with plain characters and looks behind afterwards: so it is searched for ten times as fast.
_ANY_NUMBER = r"(?:0(?<![\w\-+]0)|\+(?<![\w\-+]\+)[0-9]|8(?<![\w\-+]8)4)(?:[ .\-()\u00a0]{0,2}[0-9]){7,13}(?![\w-])"


def mask_number(number: str) -> str:
    """The form of a phone number that may stand in a log: ``0332***711``.

    Three digits at least are hidden: of a short number only the end is shown, of a very short one nothing.
    """
    if re.fullmatch(_MASKED, number):
        return number
    digits = re.sub(r"[^\w+]|_", "", number)
    if len(digits) <= _HEAD + _TAIL:
        return _MASK
    head = digits[:_HEAD] if len(digits) >= _HEAD + _HIDDEN + _TAIL else ""
    return f"{head}{_MASK}{digits[-_TAIL:]}"


class Secrets:
    """The secrets of one call, and what may be shown in the place of each."""

    def __init__(
        self, *, codes: Iterable[str] = _NONE, numbers: Iterable[str] = _NONE, tokens: Iterable[str] = _NONE
    ) -> None:
        """Keep the values; the search for them is prepared at the first use, which most calls never come to."""
        self.codes: frozenset[str] = frozenset(codes)
        self.numbers: frozenset[str] = frozenset(numbers)
        self.tokens: frozenset[str] = frozenset(tokens)

    @classmethod
    def named_in(cls, value: Json) -> Secrets:
        """The codes and numbers that a JSON value holds under their documented names."""
        named = [*_named(value)]
        return cls(
            codes=(item for name, item in named if name in _CODES),
            numbers=(item for name, item in named if name in NUMBER_FIELDS),
        )

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(
            codes=self.codes | other.codes, numbers=self.numbers | other.numbers, tokens=self.tokens | other.tokens
        )

    def __repr__(self) -> str:
        return f"<Secrets: {len(self.codes)} codes, {len(self.numbers)} numbers, {len(self.tokens)} tokens>"

    def __reduce__(self) -> tuple[type[Secrets], tuple[()]]:
        return Secrets, ()

    def add_token(self, token: str) -> None:
        """Count a token among the secrets."""
        self.tokens |= {token}

    def redact(self, text: str, *, guess: bool = True) -> str:
        """The text with the secrets masked; with `guess`, everything else that looks like a phone number, too."""
        if re.search(_DIGIT, text):
            for usual, any_form, shown in self._numbers:
                is_usual = text.isascii() and "\\" not in text and "%" not in text
                text = (usual if is_usual else any_form).sub(shown, text)
        lower = text.lower()
        # No form of a secret is shorter than the secret, and most texts are shorter than a token.
        forms = {form for value in self.codes | self.tokens if len(value) <= len(text) for form in _forms(value)}
        # The longest first: a short one must not break up what contains it.
        for form in sorted(forms, key=len, reverse=True):
            if form.lower() in lower:
                text = _text_pattern(form).sub(_MASK, text)
        if not guess or len(text) < _SHORTEST_NUMBER:
            return text
        return re.sub(_ANY_NUMBER, lambda match: mask_number(match[0]), text)

    def redact_identifier(self, text: str) -> str:
        """The same for what finds a call again. A UUID stays: digits of it that are a code, too, are so by chance."""
        return text if re.fullmatch(_UUID, text) else self.redact(text, guess=False)

    def redact_object(self, values: dict[str, Json]) -> dict[str, Json]:
        """The same JSON object with every text in it redacted, names included."""
        return {
            self.redact(name): self._masked(name, item) if name in _NAMED else self.redact_json(item)
            for name, item in values.items()
        }

    def redact_json(self, value: Json) -> Json:
        """The same JSON value with every text in it redacted."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return self.redact_object(value)
        if isinstance(value, list):
            return [self.redact_json(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._redact_figure(value)
        return value

    def _masked(self, name: str, value: Json) -> Json:
        """What stands under a documented name, in an object or a list, too."""
        if isinstance(value, dict):
            return {self.redact(each): self._masked(name, item) for each, item in value.items()}
        if isinstance(value, list):
            return [self._masked(name, item) for item in value]
        if value is None or value == "" or isinstance(value, bool):
            return value
        return _MASK if name in _CODES else mask_number(_figure(value))

    def _redact_figure(self, value: float) -> Json:
        """A code or number that came as a JSON number is masked; any other figure stays one."""
        text = _figure(value)
        # A number has lost the zeros that a code begins with.
        if any(text in {code, code.lstrip("0")} for code in self.codes):
            return _MASK
        cores = {core for number in self.numbers if len(core := _core(number)) >= _SHORT}
        return self.redact(text) if _core(text) in cores else value

    @cached_property
    def _numbers(self) -> list[tuple[re.Pattern[str], re.Pattern[str], str]]:
        """The patterns of each number, the usual and that of any form, and what to show in its place."""
        whole = [number for number in self.numbers if _MASK not in number]
        cores = [core for number in whole if len(core := _core(number)) >= _SHORT]
        return [(re.compile(_GAP.join(core)), _any_form(core), _masked_core(core)) for core in cores]


@lru_cache(maxsize=256)
def _text_pattern(form: str) -> re.Pattern[str]:
    # A very short code is masked as a word only; else it would be found in half of all words.
    pattern = rf"(?<!\w){re.escape(form)}(?!\w)" if len(form) < _SHORT else re.escape(form)
    return re.compile(pattern, re.IGNORECASE)


def _core(number: str) -> str:
    """The digits that every way to write a number has: without a leading 0 or Vietnam's country code."""
    digits = "".join(filter(str.isdecimal, number)).removeprefix("00")
    return digits.removeprefix("84").removeprefix("0")


def _masked_core(core: str) -> str:
    return f"{core[: _HEAD - 1]}{_MASK}{core[-_TAIL:]}" if len(core) > _HEAD + _TAIL else _MASK


def _any_form(core: str) -> re.Pattern[str]:
    """The digits in any grouping, full-width ones and escapes included; five times as slow to search for."""
    digits = (f"(?:[{digit}{chr(0xFF10 + int(digit))}]|(?:{_ESCAPED_WIDE}){digit})" for digit in core)
    return re.compile(_ESCAPED_GAP.join(digits), re.IGNORECASE)


@lru_cache(maxsize=256)
def _forms(secret: str) -> set[str]:
    """The ways in which JSON, Python, HTTP and URLs write a text, one within another included."""
    if secret.isascii() and secret.isalnum():
        return {secret}
    once = {secret, *_written(secret)}
    return {form for each in once for form in (each, *_written(each)) if form}


def _written(text: str) -> Iterator[str]:
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    data = text.encode("utf-8", "surrogatepass")
    yield repr(text)[1:-1]
    yield repr(data)[2:-1]
    # Beside a double quote, Python escapes a single one.
    yield repr(f'"{text}')[2:-1]
    yield repr(b'"' + data)[3:-1]
    yield quote(data, safe="")
    yield quote(data)
    yield quote_plus(data)


def _figure(value: str | float) -> str:
    """As text; some services write a whole number with a decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif value is not None and value != "" and not isinstance(value, bool):
        yield _figure(value)


def _named(value: Json) -> Iterator[tuple[str, str]]:
    """The secrets under their documented names, in a JSON text within the value, too."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in _NAMED:
                yield from ((name, text) for text in _leaves(item))
            else:
                yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, str) and any(name in value for name in _NAMED):
        # What is nested too deeply to be read is passed over.
        with suppress(ValueError, RecursionError):
            yield from _named(json.loads(value))


_PARTS = (Mapping, list, tuple)


def redact_error(error: BaseException | None, secrets: Secrets) -> BaseException | None:
    """Redact the words of an error and of everything that led to it: a library may quote what was sent or answered.

    Returns the error; or a plain one in its place, where one of them still shows a secret.
    """
    # What the application was handling when it called us stays as it is.
    seen = {id(sys.exception())}
    odd: BaseException | None = None
    found = [error]
    while found:
        if (one := found.pop()) is None or id(one) in seen:
            continue
        seen.add(id(one))
        found += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        try:
            _redact_parts(one, secrets)
            if any(_shows(text, secrets) for text in (str(one), repr(one))):
                odd = one
        except Exception:  # noqa: BLE001 - an odd error of a library must not take the place of what is known of the call
            one.args = ()
    return error if odd is None else Exception(f"{type(odd).__name__}, whose words hold a secret")


def _shows(text: str, secrets: Secrets) -> bool:
    return secrets.redact(text, guess=False) != text


def _redact_parts(error: BaseException, secrets: Secrets) -> None:
    # An argument may be another error, or anything that shows a secret: then its text takes its place.
    error.args = tuple(
        _redact_all(part if isinstance(part, _PARTS) else _shown(part, secrets), secrets) for part in error.args
    )
    if isinstance(error, OSError):
        # It shows these in place of its arguments; one that is set shows, even where it is None.
        for name in ("strerror", "filename"):
            if (part := getattr(error, name)) is not None:
                setattr(error, name, _redact_all(part, secrets))
    for name, value in vars(error).items():
        error.__dict__[name] = _redact_all(value, secrets)


def _shown(part: Any, secrets: Secrets) -> Any:  # noqa: ANN401 - whatever a library keeps in an error
    return part if (redacted := secrets.redact(str(part))) == str(part) else redacted


def _redact_all(value: Any, secrets: Secrets) -> Any:  # noqa: ANN401 - whatever a library keeps in an error
    """The same with every text in it redacted, such as the headers of a request."""
    if isinstance(value, Mapping):
        return _redact_mapping(value, secrets)
    if isinstance(value, list | tuple):
        return _redact_sequence(value, secrets)
    return _shown(value, secrets) if isinstance(value, str | bytes | bytearray) else value


def _redact_mapping(value: Any, secrets: Secrets) -> Any:  # noqa: ANN401 - the same
    return {_redact_all(name, secrets): _redact_all(item, secrets) for name, item in value.items()}


def _redact_sequence(value: Any, secrets: Secrets) -> Any:  # noqa: ANN401 - the same
    # A named tuple takes its parts one by one, but for this method of its class.
    make: Any = getattr(value, "_make", value.__class__)
    return make([_redact_all(item, secrets) for item in value])
