"""Secrets that nobody may find, every way to write them, and a service that sends them back."""

from __future__ import annotations

import gzip
import json
import logging
import pickle
import re
import traceback
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote_plus

from autocall_otp import Cdr, OtpCall
from faults import scripts
from faults.clients import Secrets
from faults.kinds import Fault, success
from faults.observe import Row
from faults.scripts import answers, head, says, whole
from faults.server import Script, Seen

AWKWARD = Secrets(token="tok-C4n4ry/7f3e+9a51d2=", number="0332987711", code='c0"d\\é-81c5')
"""Each of them is written otherwise in JSON, in Python's repr or in a URL."""
PLAIN = Secrets(token="tok-p1a1n-55c1", number="0332987711", code="81553042")
CANARIES = (AWKWARD, PLAIN)
_COMMON = (
    *("0332987711", "84332987711", "+84332987711", "0332 987 711", "0332.987.711", "0332-987-711", "033 298 7711"),
    *("(033) 298-7711", "+84 332 987 711", "(+84) 332.987.711"),
)
_KNOWN_ONLY = (
    *("332987711", "332 987 711", "0332/987/711", "0332_987_711", "0332,987,711", "0332   987   711"),
    *("0332\N{NO-BREAK SPACE}987\N{NO-BREAK SPACE}711", "0332\N{NON-BREAKING HYPHEN}987\N{NON-BREAKING HYPHEN}711"),
    "".join(chr(ord(digit) + 0xFEE0) for digit in "0332987711"),
)
"""Ways to write a number in which only a caller who dialled it can know it for one."""
_LOGGERS = ("httpx", "httpx2", "httpcore", "httpcore2", "hpack", "asyncio", "aiohttp", "autocall_otp")


def found(text: str, secrets: Secrets) -> list[str]:
    """The secrets in a text, however they are written there."""
    readings = {text}
    for _ in range(2):
        readings |= {read(each) for each in readings for read in (unquote_plus, _unescaped, _as_utf8)}
    plain = [unicodedata.normalize("NFKC", each).casefold() for each in readings]
    number = re.compile("[^0-9a-z]{0,3}".join(secrets.number[1:]))
    hits = [name for name in ("token", "code") if any(getattr(secrets, name).casefold() in each for each in plain)]
    return hits + ["number"] * any(map(number.search, plain))


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"'\\/]))",
        lambda match: match[3] or chr(int(match[1] or match[2], 16)),
        text,
    )


def _as_utf8(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


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
        "notes": repr(getattr(error, "__notes__", None)),
    }
    for each in chain(error):
        name = type(each).__name__
        texts |= {f"repr of {name}": repr(each), f"str of {name}": str(each), f"attributes of {name}": repr(vars(each))}
    return texts


def shown_by_result(result: OtpCall | Cdr | None) -> dict[str, str]:
    """The same for a result."""
    assert result is not None
    return {
        "repr": repr(result),
        "str": str(result),
        "repr of raw": repr(getattr(result, "raw", None)),
        "repr of additional": repr(getattr(result, "additional", None)),
        "pickle": pickle.dumps(result).decode("latin-1"),
        "to_dict": json.dumps(result.to_dict(masked=True)),
    }


def shown_by(row: Row, secrets: Secrets) -> dict[str, list[str]]:
    """What shows a secret, and which."""
    shown = shown_by_error(row.error) if row.error else shown_by_result(row.result)
    hits = {where: found(text, secrets) for where, text in shown.items()}
    return {f"{row.fault}, {row.shell} {row.operation}: {where}": names for where, names in hits.items() if names}


def shown_by_log(lines: list[str], secrets: Secrets) -> dict[str, list[str]]:
    """The same of what was logged."""
    if not found("\n".join(lines), secrets):
        return {}
    return {f"log, {line[:300]}": names for line in lines if (names := found(line, secrets))}


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


def _secrets(entry: Seen) -> Secrets:
    return next(secrets for secrets in CANARIES if secrets.token == entry.token)


def _echo(entry: Seen) -> str:
    """All that the service was told, in words. A look-up tells it a token; the call's number it remembers."""
    secrets = _secrets(entry)
    token = f"token {secrets.token} {secrets.token.upper()} {quote(secrets.token, safe='')}"
    if entry.method == "GET":
        return f"{token} number {', '.join(_COMMON)}"
    codes = (secrets.code, json.dumps(secrets.code), quote(secrets.code), repr(secrets.code.encode()))
    return f"{token} code {' '.join(codes)} number {'; '.join((*_COMMON, *_KNOWN_ONLY))}"


def _in(text: str) -> scripts.Body:
    """A body, or a head, that holds the echo where the text says HERE."""
    return lambda entry: text.replace("HERE", _echo(entry)).encode()


def _filled(value: Any, echo: str) -> Any:
    if isinstance(value, dict):
        return {_filled(name, echo): _filled(item, echo) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, echo) for item in value]
    return value.replace("HERE", echo) if isinstance(value, str) else value


def _json(value: object, *, ascii_only: bool = True) -> scripts.Body:
    return lambda entry: json.dumps(_filled(value, _echo(entry)), ensure_ascii=ascii_only).encode()


def _in_answer(**fields: Any) -> scripts.Body:
    """A success that repeats the secrets in more fields."""
    return lambda entry: json.dumps(_filled({**scripts.answer_to(entry), **fields}, _echo(entry))).encode()


def _record(change: Callable[[dict[str, Any], Secrets], object]) -> scripts.Body:
    """A success with the secrets where the page has them, and elsewhere too; changed further."""

    def body(entry: Seen) -> bytes:
        secrets = _secrets(entry)
        numbers = "; ".join((*_COMMON, *_KNOWN_ONLY))
        private = {"phone_number": secrets.number, "code_otp": secrets.code}
        answer = {**scripts.answer_to(entry), "to_number": "84332987711", "additional": private}
        answer |= dict.fromkeys(("digits", "note", "cause", "lead_uuid", "status"), f"{secrets.code} {numbers}")
        answer |= {"id": f"{secrets.code}-{secrets.number}", "call_id": f"{secrets.number}/{secrets.code}"}
        answer["press_key"] = {"1": secrets.code, secrets.code: [secrets.number]}
        change(answer, secrets)
        return json.dumps(answer).encode()

    return body


def _as_text(answer: dict[str, Any], _: Secrets) -> None:
    """As JSON in texts, as the page shows some."""
    answer["additional"], answer["press_key"] = json.dumps(answer["additional"]), json.dumps(answer["press_key"])


def _as_figures(answer: dict[str, Any], secrets: Secrets) -> None:
    answer["to_number"] = 84332987711
    answer["additional"]["phone_number"] = 332987711
    answer["additional"]["code_otp"] = answer["press_key"]["1"] = int(secrets.code)


_400 = "400 Bad Request"


def _echoing(name: str, script: Script) -> Fault:
    """What the caller is told does not matter here: what shows does."""
    return Fault(name, script, **success())


ECHOES = (
    _echoing("a text in a 400", answers(_json({"error": "HERE"}), _400)),
    _echoing("error and message in a 400", answers(_json({"error": "no", "message": "HERE"}), _400)),
    _echoing("fields in a 400", answers(_json({"error": [{"phone_number": "HERE"}, "HERE"]}), _400)),
    _echoing("names of fields in a 400", answers(_json({"error": [{"HERE": "invalid"}]}), _400)),
    _echoing("deep in a 400", answers(_json({"error": [{"a": [{"HERE": ["HERE", {"b": "HERE"}]}]}]}), _400)),
    _echoing("deep in a 400, beyond ASCII", answers(_json({"error": [{"a": [["HERE"]]}]}, ascii_only=False), _400)),
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
    _echoing(
        "cut gzip",
        says(lambda entry: whole(gzip.compress(_echo(entry).encode())[:-9], "200 OK", "Content-Encoding: gzip")),
    ),
    _echoing("1xx", says(_in("HTTP/1.1 103 HERE\r\nLink: HERE\r\n\r\nHTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}"))),
    _echoing("the message of a 200", answers(_in_answer(message="HERE"))),
    _echoing("unknown fields of a 200", answers(_in_answer(remark="HERE", HERE="HERE", deep=[{"HERE": ["HERE"]}]))),
    _echoing("a note of a 200", answers(_in_answer(note="HERE"))),
    _echoing("a refusal in words in a 200", answers(_json({"status": "fail", "message": "HERE"}))),
    _echoing("the documented fields of a 200", answers(_record(lambda *_: None))),
    _echoing("the documented fields of a 200, in texts", answers(_record(_as_text))),
)
AS_FIGURES = _echoing("the documented fields of a 200, as figures", answers(_record(_as_figures)))
