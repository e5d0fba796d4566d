"""The example records as stories: what one of them says of a call must not contradict itself, nor the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from support.agree.elements import Json, at_path
from support.agree.tree import plain
from support.agree.verdict import AFTER, PAGE, SPEC, Disagreement
from support.page import FACTS, INFERRED, operations, payload

_FORM = "%Y-%m-%d %H:%M:%S"


def records(document: Json) -> list[Disagreement]:
    """Examples of answers that are records, each held to the rules that the page's sample keeps."""
    tree = plain(document)
    found: list[Disagreement] = []
    for fact in operations().values():
        at = ("paths", fact["path"], fact["method"], "responses", INFERRED["success"], "content", FACTS["content_type"])
        try:
            examples = at_path(tree, (*at, "examples"))
        except (KeyError, TypeError):
            continue
        for name, example in examples.items() if isinstance(examples, dict) else ():
            value = example.get("value") if isinstance(example, dict) else None
            if isinstance(value, dict) and "time_started" in value:
                found += [_broken(name, what) for what in _contradictions(value)]
    return found


def _contradictions(value: dict[str, Any]) -> Iterator[str]:
    try:
        started, answered, ended, rang = (_time(value[f"time_{name}"]) for name in _TIMES)
        talked = (ended - answered).total_seconds() if answered and ended else 0.0
        lasted = (ended - started).total_seconds() if started and ended else 0.0
        if value["duration"] != lasted:
            yield f"duration is {value['duration']}, and from start to end it is {lasted:g} s"
        if value["billsec"] != talked:
            yield f"billsec is {value['billsec']}, and from answer to end it is {talked:g} s"
        if (value["status"] == "answered") != bool(answered):
            yield f"status is {value['status']}, and time_answered is {value['time_answered']!r}"
        times = [time for time in (started, rang, answered, ended) if time]
        if times != sorted(times):
            yield "its times are not in the order start, ringing, answer, end"
        if value["id"] != value["parent_id"]:
            yield "id and parent_id differ"
    except (KeyError, ValueError, TypeError) as error:
        # A field that is missing or of another type is the business of the comparison with the page.
        yield f"it cannot be read ({type(error).__name__}: {error})"


_TIMES = ("started", "answered", "ended", "ringging")


def _time(text: str) -> datetime | None:
    return datetime.strptime(text, _FORM) if text else None  # noqa: DTZ007 - the page's times carry no zone


def _broken(name: str, what: str) -> Disagreement:
    return Disagreement(
        PAGE, SPEC, f"the example {name}", f"{what}, unlike in the page's sample", f"correct it; {AFTER}"
    )


def sample_keeps_the_rules() -> list[str]:
    """What is wrong with the page's own sample: nothing, or the rules would be wrong."""
    return list(_contradictions(payload("get_cdr.answer")))
