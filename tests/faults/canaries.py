"""Secrets that nobody may find, every way to write them, and a service that sends them back."""

from __future__ import annotations

import gzip
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from faults import scripts
from faults.kinds import Fault, success
from faults.observe import Secrets
from faults.scripts import answers, head, says, whole
from faults.server import Script, Seen

CANARIES = Secrets(token="tok-c4n4ry-7f3e9a51d2", number="0332987711", code="c0de-81c55f")
_SPELLINGS = (
    "0332987711",
    "84332987711",
    "+84332987711",
    "0332 987 711",
    "0332.987.711",
    "0332-987-711",
    "033 298 7711",
    "(033) 298-7711",
    "+84 332 987 711",
    "(+84) 332.987.711",
)
_BARE = "332987711"
_SEPARATORS = str.maketrans("", "", " .-()\N{NO-BREAK SPACE}")
_LOGGERS = ("httpx", "httpcore", "hpack", "asyncio", "autocall_otp")


def found(text: str) -> list[str]:
    """The secrets in a text, numbers in whatever spelling."""
    hits = [name for name in ("token", "code") if getattr(CANARIES, name) in text]
    return hits + ["number"] * (CANARIES.number[1:] in text.translate(_SEPARATORS))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that led to it, what is kept out of tracebacks included."""
    seen: list[BaseException | None] = [None]
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each not in seen and each is not None:
            seen.append(each)
            yield each
            waiting += [each.__cause__, each.__context__]


def shown_by_error(error: BaseException) -> dict[str, str]:
    """Everything that people or programs print or store of an error."""
    texts = {
        "str": str(error),
        "traceback": "".join(traceback.format_exception(error)),
        "pickle": pickle.dumps(error).decode("latin-1"),
        "attributes": repr(vars(error)),
    }
    for each in chain(error):
        name = type(each).__name__
        texts |= {f"repr of {name}": repr(each), f"str of {name}": str(each), f"attributes of {name}": repr(vars(each))}
    return texts


def shown_by_result(result: object) -> dict[str, str]:
    """The same for a result."""
    return {
        "repr": repr(result),
        "str": str(result),
        "repr of raw": repr(getattr(result, "raw", None)),
        "repr of additional": repr(getattr(result, "additional", None)),
        "pickle": pickle.dumps(result).decode("latin-1"),
    }


class _Keeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {logging.Formatter().format(record)} {record.args!r}")


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """All records of all loggers at DEBUG."""
    keeper, root = _Keeper(), logging.getLogger()
    loggers = [root, *map(logging.getLogger, _LOGGERS)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(keeper)
    try:
        yield keeper.lines
    finally:
        root.removeHandler(keeper)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _echo(entry: Seen) -> str:
    """All that the service was told, in words. A look-up tells it a token; the call's number it remembers."""
    if entry.method == "POST":
        return f"token {entry.token} code {CANARIES.code} number {', '.join((_BARE, *_SPELLINGS))}"
    # Nine digits alone cannot be known for a number by a caller who did not say it now, nor can a code.
    return f"token {entry.token} number {', '.join(_SPELLINGS)}"


def _in(text: str) -> scripts.Body:
    """A body, or a head, that holds the echo where the text says HERE."""
    return lambda entry: text.replace("HERE", _echo(entry)).encode()


def _json(value: object) -> scripts.Body:
    return lambda entry: json.dumps(value).replace("HERE", _echo(entry)).encode()


def _each_spelling(_: Seen) -> bytes:
    return json.dumps({"error": [{"phone_number": f"{spelling} is odd"} for spelling in _SPELLINGS]}).encode()


def _in_answer(name: str) -> scripts.Body:
    """A success that repeats the secrets in one more field."""
    return lambda entry: json.dumps(
        {**scripts.answer_to(entry), name.replace("HERE", _echo(entry)): _echo(entry)}
    ).encode()


def _cut_gzip(entry: Seen) -> bytes:
    return gzip.compress(_echo(entry).encode())[:-9]


def _record(entry: Seen) -> bytes:
    """A success with the secrets where the page has them."""
    private = {"phone_number": CANARIES.number, "code_otp": CANARIES.code}
    answer = {**scripts.answer_to(entry), "to_number": "84332987711", "additional": private, "digits": CANARIES.number}
    return json.dumps(answer).encode()


_400 = "400 Bad Request"


def _echoing(name: str, script: Script) -> Fault:
    """What the caller is told does not matter here: what shows does."""
    return Fault(name, script, **success())


ECHOES = (
    _echoing("a text in a 400", answers(_json({"error": "HERE"}), _400)),
    _echoing("error and message in a 400", answers(_json({"error": "no", "message": "HERE"}), _400)),
    _echoing("fields in a 400", answers(_json({"error": [{"phone_number": "HERE"}, "HERE"]}), _400)),
    _echoing("every spelling in a 400", answers(_each_spelling, _400)),
    _echoing("names of fields in a 400", answers(_json({"error": [{"HERE": "invalid"}]}), _400)),
    _echoing("deep in a 400", answers(_json({"error": [{"a": [{"HERE": ["HERE", {"b": "HERE"}]}]}]}), _400)),
    _echoing("escaped in a 400", answers(_json({"error": [{"a": ['"HERE"\n\té']}]}), _400)),
    _echoing("across lines in a 400", answers(_json({"error": "line\r\nHERE\x00"}), _400)),
    _echoing("HTML in a 502", answers(_in("<html>HERE</html>"), "502 Bad Gateway")),
    _echoing("HTML in a 200", answers(_in("<html>HERE</html>"))),
    _echoing("invalid UTF-8 in a 200", answers(lambda entry: b'{"call_id": "\xff' + _echo(entry).encode())),
    _echoing("broken JSON in a 200", answers(_in('{"call_id": "HERE'))),
    _echoing("a list in a 200", answers(_json(["HERE"]))),
    _echoing("an error in a 200", answers(_json({"error": "HERE"}))),
    _echoing("no status line", says(_in("HERE\r\n\r\n"))),
    _echoing("a status line that cannot be read", says(_in("HTTP/1.1 2xx HERE\r\n\r\n"))),
    _echoing("a reason phrase", says(_in("HTTP/1.1 400 HERE\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("a reason phrase of a 200", says(_in("HTTP/1.1 200 HERE\r\nContent-Length: 2\r\n\r\n[]"))),
    _echoing("a header", says(_in("HTTP/1.1 400 No\r\nX-Echo: HERE\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("a header's name", says(_in("HTTP/1.1 400 No\r\nHERE: 1\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("Retry-After", says(_in("HTTP/1.1 400 No\r\nRetry-After: HERE\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("Location", says(_in("HTTP/1.1 302 Go\r\nLocation: /HERE\r\nContent-Length: 0\r\n\r\n"))),
    _echoing("a coding", says(_in("HTTP/1.1 200 OK\r\nContent-Encoding: HERE\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("a length", says(_in("HTTP/1.1 200 OK\r\nContent-Length: HERE\r\n\r\n{}"))),
    _echoing("a chunk's size", says(_in("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHERE\r\n"))),
    _echoing("half a body", says(lambda entry: head(size=9999) + _echo(entry).encode())),
    _echoing("cut gzip", says(lambda entry: whole(_cut_gzip(entry), "200 OK", "Content-Encoding: gzip"))),
    _echoing("1xx", says(_in("HTTP/1.1 103 HERE\r\nLink: HERE\r\n\r\nHTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("the message of a 200", answers(_in_answer("message"))),
    _echoing("an unknown field of a 200", answers(_in_answer("remark"))),
    _echoing("the name of a field of a 200", answers(_in_answer("HERE"))),
    _echoing("a note of a 200", answers(_in_answer("note"))),
    _echoing("the documented fields of a 200", answers(_record)),
)
