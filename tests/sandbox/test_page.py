from __future__ import annotations

import json
import re
from importlib import resources

import httpx
import pytest

from autocall_otp.sandbox.contract import testing_contract as contract_of_testing
from autocall_otp.sandbox.numbers import NUMBERS

FOLDER = resources.files("autocall_otp.sandbox") / "pages"
SOURCES = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
KINDS = {"css": "text/css", "js": "text/javascript"}
PATHS = {"/": "calls.html", "/testing-api": "testing-api.html"} | {
    f"/pages/{name}": name for name in SOURCES if not name.endswith("html")
}
SCRIPTS = "".join(text for name, text in SOURCES.items() if name.endswith("js"))


HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


def test_a_file_comes_with_headers_that_allow_nothing_else(http: httpx.Client) -> None:
    for path, name in PATHS.items():
        answer = http.get(path)
        assert (answer.status_code, answer.text) == (200, SOURCES[name])
        assert answer.headers["content-type"] == f"{KINDS.get(path.rpartition('.')[2], 'text/html')}; charset=utf-8"
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_there_is_no_other_file_and_none_can_be_changed(http: httpx.Client) -> None:
    for path in ("/pages/", "/pages/calls.html", "/pages/..%2fpage.py", "/page.js", "/favicon.ico"):
        assert http.get(path).status_code == 404
    for path in (*PATHS, "/sandbox/calls"):
        assert http.get("/v3" + path).json() == {"error": "Not Found"}, "the provider's paths are its own"
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = http.request(method, "/", headers={"X-Autocall-Sandbox": "1"})
        assert (answer.status_code, answer.text, answer.headers["allow"]) == (405, "Method Not Allowed", "GET, HEAD")


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_comes_from_elsewhere_and_nothing_is_markup(name: str) -> None:
    text = SOURCES[name].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]+\.|@import", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=\"", text)


def vietnamese(table: str) -> set[str]:
    (body,) = re.findall(rf"const {table} = {{\n(.*?)^}};", SOURCES["words.js"], re.MULTILINE | re.DOTALL)
    return {json.loads(key) for key in re.findall(r'^  ("(?:[^"\\]|\\.)+"):', body, re.MULTILINE)}


def english() -> set[str]:
    """Every word that the pages put through the translation."""
    html = SOURCES["calls.html"] + SOURCES["testing-api.html"]
    found = set(re.findall(r"data-t(?:=\"\")?(?: hidden)?>([^<]+)<", html))
    found |= set(re.findall(r'(?:aria-label|placeholder)="([^"]+)"[^>]*data-t-(?:label|placeholder)', html))
    found |= {json.loads(text) for text in re.findall(r'\bt\(("[^"]+")', SCRIPTS)}
    for one, many in re.findall(r'\bn\([^,()]+(?:\([^)]*\))?, ("[^"]+"), ("[^"]+")', SCRIPTS):
        found |= {json.loads(one), json.loads(many)}
    (labels,) = re.findall(r"const LABELS = {(.*?)};", SOURCES["words.js"], re.DOTALL)
    found |= set(re.findall(r': "([^"]+)"', labels))
    (actions,) = re.findall(r"const ACTIONS = \[(.*?)^\];", SOURCES["detail.js"], re.MULTILINE | re.DOTALL)
    found |= set(re.findall(r'\["[a-z-]+", "([^"]+)"', actions))
    (done,) = re.findall(r"const DONE = {(.*?)};", SOURCES["detail.js"], re.DOTALL)
    found |= set(re.findall(r': "([^"]+)"', done))
    (keys,) = re.findall(r"const KEYS = \[(.*?)^\];", SOURCES["app.js"], re.MULTILINE | re.DOTALL)
    return found | set(re.findall(r'\["[^"]", "([^"]+)"', keys))


def test_every_word_is_there_in_vietnamese_and_no_other() -> None:
    assert len(english()) > 100
    assert english() ^ vietnamese("VI") == set()


def test_every_special_number_is_there_in_vietnamese() -> None:
    assert vietnamese("HAPPENS_VI") == {number.name for number in NUMBERS}


def test_every_status_has_a_name_on_the_page() -> None:
    (labels,) = re.findall(r"const LABELS = {(.*?)};", SOURCES["words.js"], re.DOTALL)
    named = re.findall(r'^  "?([a-z-]+)"?:', labels, re.MULTILINE)
    assert named == contract_of_testing().document["components"]["schemas"]["Call"]["properties"]["status"]["enum"]
