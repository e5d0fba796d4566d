"""The page in a real browser: Debian's Chromium, headless, driven by Playwright."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from autocall_otp import Client
from autocall_otp.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Place = Callable[..., httpx.Response]

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
AXE = Path(os.environ.get("AUTOCALL_REPO_TOOLS", ROOT)) / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESKTOP, PHONE = (1280, 800), (360, 740)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = subprocess.run([ROOT / "scripts" / "browser.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"NO BROWSER TEST RUNS: {found.stderr.strip()}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found.stdout.strip(), args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    """The page, live; any error in it, or anything that its policy stopped, fails the test."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, color_scheme="light")
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.goto(sandbox.url)
    expect(opened.locator("#link")).to_have_text("Live")
    yield opened
    context.close()
    assert [fault for fault in faults if "ERR_" not in fault and "Failed to load resource" not in fault] == []


def card(page: Page, number: int = 0) -> Any:
    return page.locator("#calls > li").nth(number)


def test_a_call_appears_is_answered_by_a_click_and_its_record_is_fetched(
    browser: Browser, otp_request: dict[str, str], figure: Callable[[str], None]
) -> None:
    with (
        Sandbox(auto_answer=False) as live,
        Client(live.url, live.token, campaign_uuid=otp_request["campaign_uuid"], template="otp_script_01") as client,
    ):
        page = browser.new_page()
        page.goto(live.url)
        expect(page.locator("#empty")).to_contain_text(f"export AUTOCALL_API_HOST={live.url}")
        expect(page.locator("#empty")).to_contain_text("export AUTOCALL_TOKEN=sandbox")
        begun = time.monotonic()
        call = client.run_otp("0332665711", "LUAN001")
        page.locator("#calls .code").wait_for()
        figure(f"a call shows on the page after {1000 * (time.monotonic() - begun):.0f} ms")
        expect(page.locator("#calls .code")).to_have_text("LUAN001")
        expect(page.locator("#news")).to_have_text("New call 1 to 0332665711. Code L U A N 0 0 1")
        expect(card(page).locator(".badge")).to_have_text("Ringing", timeout=5000)
        expect(card(page).locator(".seconds")).to_have_text("1 s", timeout=5000)
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(card(page).locator(".badge")).to_have_text("Talking")
        live.advance(8)
        record = client.wait_for_cdr(call.ref_id, timeout=30)
        assert (record.answered, record.billsec) == (True, 8)
        expect(card(page).locator(".badge")).to_have_text("Ended")
        page.get_by_text("Record", exact=True).click()
        assert json.loads(card(page).locator("pre").inner_text()) == record.raw
        page.close()


def test_a_call_shows_within_a_second(page: Page, place: Place) -> None:
    # One of a few calls, so that a machine that is busy for a moment does not decide.
    took: list[float] = []
    for number in range(1, 6):
        begun = time.monotonic()
        place()
        expect(page.locator("#calls > li")).to_have_count(number, timeout=20_000)
        took.append(time.monotonic() - begun)
    assert min(took) < 1


@pytest.mark.parametrize(
    ("button", "badge", "status"), [("Reject", "Busy", "busy"), ("Leave unanswered", "Not answered", "no-answered")]
)
def test_a_call_is_rejected_or_left(
    page: Page, sandbox: Sandbox, place: Place, button: str, badge: str, status: str
) -> None:
    place()
    sandbox.advance(3)
    page.get_by_role("button", name=button).click()
    expect(card(page).locator(".badge")).to_have_text(badge)
    expect(page.get_by_role("button", name=button)).to_have_count(0)
    assert sandbox.calls[0].status == status


@pytest.mark.parametrize(
    "text", ["<script>document.title='run'</script>", "<img src=x onerror=\"document.title='run'\">", "&lt;b&gt;"]
)
def test_markup_is_shown_and_not_run(page: Page, sandbox: Sandbox, place: Place, text: str) -> None:
    place(text, code_otp=text, template=text, ref_id=text)
    sandbox.advance(30)
    expect(card(page).locator(".code")).to_have_text(text)
    for part in (".number", ".template", ".reference"):
        expect(card(page).locator(part)).to_have_text(text)
    card(page).get_by_text("Record", exact=True).click()
    assert json.loads(card(page).locator("pre").inner_text())["additional"]["code_otp"] == text
    assert page.locator("#calls script, #calls img").count() == 0
    assert page.title() == "Autocall OTP sandbox"


def test_an_injected_script_is_stopped_by_the_policy(browser: Browser, sandbox: Sandbox) -> None:
    page = browser.new_page()
    page.goto(sandbox.url)
    page.evaluate(
        """() => {
            addEventListener("securitypolicyviolation", (event) => {
                document.body.dataset.stopped = event.effectiveDirective;
            });
            const script = document.createElement("script");
            script.append("document.title = 'run'");
            try { document.body.append(script); } catch (error) { document.body.dataset.stopped = String(error); }
        }"""
    )
    expect(page.locator("body")).to_have_attribute("data-stopped", re.compile("script|trusted-types"))
    assert page.title() == "Autocall OTP sandbox"
    page.close()


def test_the_newest_is_first_and_a_number_is_searched(page: Page, place: Place) -> None:
    for number in ("0332665711", "+84912345678", "0900000002"):
        place(number)
    expect(page.locator("#calls .number")).to_have_text(["0900000002", "+84912345678", "0332665711"])
    expect(page.locator("#count")).to_have_text("3 calls")
    page.get_by_label("Search by number").fill("0912 345")
    expect(page.locator("#calls .number")).to_have_text(["+84912345678"])
    page.get_by_label("Search by number").fill("555")
    expect(page.locator("#nothing")).to_have_text("No call to a number with 555")
    page.get_by_label("Search by number").fill("")
    expect(page.locator("#calls .number")).to_have_count(3)


def test_clearing_brings_the_empty_page_back(page: Page, sandbox: Sandbox, place: Place) -> None:
    place()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#empty")).to_be_visible()
    expect(page.get_by_role("button", name="Clear")).to_be_disabled()
    assert sandbox.calls == []


def test_a_record_stays_open_and_the_focus_stays_when_calls_come(page: Page, sandbox: Sandbox, place: Place) -> None:
    place()
    sandbox.advance(30)
    page.get_by_text("Record", exact=True).click()
    place(code_otp="NEXT")
    expect(page.locator("#calls > li")).to_have_count(2)
    expect(card(page, 1).locator("pre")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_keyboard_is_enough(page: Page, sandbox: Sandbox, place: Place) -> None:
    place()
    sandbox.advance(3)
    expect(page.locator("#calls .badge")).to_have_text("Ringing")
    reached: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.textContent || document.activeElement.id).trim()"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"the focus shows on {reached[-1]}"
        if reached[-1] == "Answer":
            break
    assert {"search", "Clear", "Answer"} <= set(reached)
    page.keyboard.press("Enter")
    expect(page.locator("#calls .badge")).to_have_text("Talking")
    expect(page.locator("#news")).to_have_text("Call 1 answered")
    assert page.evaluate("document.activeElement.tagName") == "LI", "the focus moves to the call, not to nowhere"
    sandbox.advance(30)
    expect(page.locator(".record")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".record pre")).to_be_visible()


def test_a_lost_connection_is_told_and_comes_back(browser: Browser, otp_request: dict[str, str]) -> None:
    page = browser.new_page()
    first = Sandbox(speed=0).start()
    port = int(first.url.rpartition(":")[2])
    headers = {"Authorization": "Bearer sandbox"}
    httpx.post(f"{first.url}/v3/autocall/otp", json=otp_request, headers=headers)
    page.goto(first.url)
    expect(page.locator("#calls > li")).to_have_count(1)
    first.stop()
    expect(page.locator("#link")).to_have_text("Connection lost, trying again…")
    expect(page.get_by_role("button", name="Answer", exact=True)).to_be_disabled()
    with Sandbox(speed=0, port=port):
        expect(page.locator("#link")).to_have_text("Live", timeout=15_000)
        expect(page.locator("#empty")).to_be_visible()
    page.close()


def test_a_refused_click_is_told(page: Page, sandbox: Sandbox, place: Place) -> None:
    place()
    expect(card(page)).to_be_visible()
    page.route("**/answer", lambda route: route.fulfill(status=409, json={"error": "call 1 is not ringing"}))
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("call 1 is not ringing")
    assert sandbox.calls[0].status == "queued"


def test_a_flood_of_calls_keeps_the_page_small(page: Page, sandbox: Sandbox, otp_request: dict[str, str]) -> None:
    board = vars(sandbox)["_board"]
    for number in range(300):
        board.place(otp_request | {"code_otp": str(number)})
    expect(page.locator("#count")).to_have_text("newest 100 of 300")
    assert page.locator("#calls > li").count() == 100
    expect(page.locator("#calls .code").first).to_have_text("299")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("state", ["empty", "calls", "lost"])
def test_axe_finds_no_serious_fault_and_nothing_overflows(
    browser: Browser, sandbox: Sandbox, place: Place, scheme: Any, size: tuple[int, int], state: str
) -> None:
    if not AXE.is_file():
        pytest.skip("NO ACCESSIBILITY TEST RUNS: axe-core is missing, run `npm ci`")
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(sandbox.url)
    if state != "empty":
        place("0900000002", code_otp="1" * 60)
        place(code_otp="482915", ref_id="same")
        sandbox.advance(20)
        place("+84 912 345 678", ref_id="same")
        sandbox.advance(3)
        expect(page.locator("#calls .badge").first).to_have_text("Ringing")
        page.locator("summary:visible").first.click()
    page.get_by_text("Numbers that mean something").click()
    page.locator("#numbers tr").first.wait_for()
    if state == "lost":
        sandbox.stop()
        expect(page.locator("#link")).to_contain_text("Connection lost")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run()")
    grave = [
        f"{fault['impact']}: {fault['id']} at {fault['nodes'][0]['html']}"
        for fault in result["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
    assert grave == []
    assert len(result["passes"]) > 15, "axe looked"
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.close()


def test_a_reference_of_any_kind_can_be_looked_up_as_shown(
    page: Page, http: httpx.Client, place: Place, sandbox: Sandbox
) -> None:
    place(ref_id="mã/số 1")
    sandbox.advance(30)
    shown = card(page).locator(".reference").inner_text()
    assert http.get(f"/v3/autocall/log/{quote(shown, safe='')}/ref_id").status_code == 200
