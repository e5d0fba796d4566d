"""Whatever a service sends, and wherever it puts them: no token, code, number, reference or name is in a recording."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import Any

import httpx
import pytest
from faults.canaries import ECHOES
from faults.kinds import Fault
from faults.server import Server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from autocall_otp import AutocallError, Client, Retry
from autocall_otp._cli.recording import files
from autocall_otp._cli.recording.recorder import Recorder, Recording
from autocall_otp._cli.recording.shapes import bare

# Of letters alone, which are the hardest: they could be the names of fields.
TOKEN, CODE, REF_ID, NUMBER = "zephyrtokenquark", "xylograph", "quixotry", "0332987711"
SENT = (TOKEN, CODE, REF_ID, NUMBER)
# What the recorder cannot know, and a service may hold of somebody.
NAME, EMAIL, CALLER = "Nguyễn Thị Wyvern", "nguyen.wyvern@example.vn", "02873007357"
EVERYTHING = (*SENT, NAME, EMAIL, CALLER, "Wyvern")
VALIDATOR = Draft202012Validator(files.schema())


def leaks(text: str) -> list[str]:
    """The secrets in a text, whatever case and separators they are written with."""
    core = bare(text)
    return [secret for secret in EVERYTHING if bare(secret).removeprefix("0") in core]


def recording_of(answer: Any, url: str = "https://api.example.vn") -> str:
    """What is recorded of a call and a look-up that are answered so."""
    recording = Recording()
    transport = Recorder(httpx.MockTransport(answer), recording, url)
    ask_all(url, transport)
    assert sum(each["times"] for each in recording.exchanges) == 2, "a failure of the recorder itself"
    return files.as_text(recording)


def ask_all(url: str, transport: httpx.BaseTransport, **secrets: str) -> None:
    sent = {"token": TOKEN, "number": NUMBER, "code": CODE, "ref_id": REF_ID} | secrets
    campaign = "5ff0d5b1-4ca8-4a5a-a0d4-1fd3e5e5d0b9"
    with Client(
        url, sent["token"], campaign_uuid=campaign, template="otp", retry=Retry.none(), transport=transport
    ) as client:
        with suppress(AutocallError):
            client.run_otp(sent["number"], sent["code"], ref_id=sent["ref_id"])
        with suppress(AutocallError):
            client.get_cdr(sent["ref_id"])


def spelt(secret: str) -> st.SearchStrategy[str]:
    """A secret in one of the ways in which a program may write it, within other words or not."""
    forms = [secret, secret.upper(), secret.title(), "_".join(secret), f"{secret[:4]}-{secret[4:]}", f"{secret}1"]
    if secret.isdigit():
        forms += [f"84{secret[1:]}", f"+84 {secret[1:4]} {secret[4:]}", f"n{secret}"]
    around = st.sampled_from(["", "", "my", "a_", "X", "call for "])
    return st.tuples(around, st.sampled_from(forms), around).map("".join)


words = st.sampled_from(["error", "message", "status", "additional", "code_otp", "to_number", "press_key", "note"])
names = st.sampled_from(SENT).flatmap(spelt) | words | st.text(max_size=6)
texts = st.sampled_from(EVERYTHING).flatmap(spelt) | st.text(max_size=6)
parts: st.SearchStrategy[Any] = st.recursive(
    texts | st.integers() | st.none() | st.just(int(NUMBER)) | st.just(float(CALLER)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5) | inner.map(json.dumps),
    max_leaves=15,
)
# Names of people: where they stand as a value, too, or within JSON in a text, they are not taken for names of fields.
people = st.sampled_from(
    [{"Wyvern": 1, "fullname": "Wyvern"}, {"press_key": json.dumps({"Wyvern": [{"Wyvern": 1}]})}, {"note": "wyvern"}]
)
bodies = parts | st.builds(lambda one, other: one | other, st.dictionaries(names, parts, min_size=1), people)
MANY = settings(
    max_examples=int(os.environ.get("AUTOCALL_EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@MANY
@given(bodies, st.sampled_from([200, 400, 404, 500, 999]), texts)
def test_no_body_brings_a_secret_into_a_recording(body: Any, status: int, header: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        plain = header.encode("ascii", "ignore").decode()
        headers = {"Retry-After": plain, "Location": plain, "Content-Type": f"text/{plain}", f"X-{bare(plain)}": plain}
        return httpx.Response(status, headers=headers, content=json.dumps(body).encode())

    text = recording_of(answer)
    assert leaks(text) == []
    VALIDATOR.validate(json.loads(text))


@MANY
@given(texts, st.sampled_from(["text/html", "application/json"]))
def test_no_text_brings_a_secret_into_a_recording(body: str, kind: str) -> None:
    content = body.encode("utf-8", "surrogatepass")
    text = recording_of(lambda _: httpx.Response(200, headers={"Content-Type": kind}, content=content))
    assert leaks(text) == []
    VALIDATOR.validate(json.loads(text))


def test_the_search_would_find_a_secret() -> None:
    for secret in EVERYTHING:
        assert secret in leaks(f'{{"a": "{secret.upper()}"}}')
    assert leaks('"+84 332 987-711"') == [NUMBER]
    assert leaks('"x_y_l_o_g_r_a_p_h"') == [CODE]


def test_every_text_of_a_recording_is_of_a_closed_list() -> None:
    values = {name: name.upper() for name in ("note", "fullname", "cause")} | {"status": "busy", "email": EMAIL}
    text = recording_of(lambda _: httpx.Response(200, json=values))
    assert "string, the word busy" in text
    for path, secret in (("NOTE", "NOTE"), ("FULLNAME", "FULLNAME"), ("CAUSE", "CAUSE"), (EMAIL, EMAIL)):
        assert path not in text, secret


@pytest.mark.dev
@pytest.mark.parametrize("fault", ECHOES, ids=lambda fault: fault.name)
def test_a_server_that_sends_back_what_it_was_told(fault: Fault) -> None:
    from faults.canaries import CANARIES, found  # noqa: PLC0415 - where the faults are

    recording = Recording()
    with Server(fault.script) as server:
        secrets = {"token": CANARIES.token, "number": CANARIES.number, "code": CANARIES.code}
        ask_all(server.url, recording.transport(server.url), **secrets)
    text = files.as_text(recording)
    assert recording.exchanges
    assert found(text) == []
    assert not re.search(r"\d{5}", text)
    VALIDATOR.validate(json.loads(text))
