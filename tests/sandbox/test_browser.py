"""The pages in a real browser: Debian's Chromium, headless, driven by Playwright."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from autocall_otp import Client
from autocall_otp.sandbox import Chaos, Sandbox

if TYPE_CHECKING:
    from sandbox.conftest import Place

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
AXE = Path(os.environ.get("AUTOCALL_REPO_TOOLS", ROOT)) / "node_modules" / "axe-core" / "axe.min.js"
BROWSER = ("sh", str(ROOT / "scripts" / "debian.sh"), "AUTOCALL_CHROMIUM", "chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "tablet": {"width": 768, "height": 1000},
    "phone": {"width": 320, "height": 700},
}
TITLE = "Autocall OTP sandbox"
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # The fonts are Debian's, too, where it has none.
    command = [*BROWSER, "fonts-noto-core", "fonts-dejavu-core"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"NO BROWSER TEST RUNS: {found.stderr.strip()}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found.stdout.strip(), args=list(FLAGS))
        yield launched
        launched.close()


faults: list[str] = []
"""Errors in a page, and what its policy stopped."""
NewPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    faults.clear()
    yield
    assert [fault for fault in faults if "ERR_" not in fault and "Failed to load resource" not in fault] == []


@pytest.fixture(scope="module")
def new_page(browser: Browser) -> NewPage:
    def make(size: str = "desktop", **options: Any) -> Page:
        page = browser.new_page(viewport=SIZES[size], **options)
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        return page

    return make


@pytest.fixture(scope="module")
def tab(new_page: NewPage) -> Page:
    """One for all: each sandbox has an address of its own, so a page finds nothing that an earlier one stored."""
    return new_page()


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.locator('#link[data-state="live"]')).to_be_visible()
    return page


@pytest.fixture
def page(tab: Page, sandbox: Sandbox) -> Iterator[Page]:
    tab.mouse.move(0, 0)
    yield opened(tab, sandbox.url)
    tab.unroute_all()


def row(page: Page, place: int = 0) -> Locator:
    return page.locator("#calls .row").nth(place)


def numbers(page: Page) -> Locator:
    return page.locator("#calls .number")


def detail(page: Page, part: str) -> Locator:
    return page.locator(f"#detail {part}")


def leave(page: Page) -> None:
    """Neither point at a call nor have the focus in one."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")


def close(page: Page) -> None:
    """Close what is open, and let the focus go to where the keys are heard again."""
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    leave(page)


def test_a_call_appears_is_answered_by_a_click_and_its_record_is_fetched(
    tab: Page, otp_request: dict[str, str]
) -> None:
    with (
        Sandbox(auto_answer=False) as live,
        Client(live.url, live.token, campaign_uuid=otp_request["campaign_uuid"], template="otp_script_01") as client,
    ):
        page = opened(tab, live.url)
        expect(page.locator("#empty")).to_contain_text(f"export AUTOCALL_API_HOST={live.url}")
        expect(page.locator("#empty")).to_contain_text("export AUTOCALL_TOKEN=sandbox")
        call = client.run_otp("0332665711", "LUAN001")
        expect(detail(page, ".code")).to_have_text("LUAN001")
        expect(page.locator("#news")).to_have_text("New call 1 to 0332665711. Code L U A N 0 0 1")
        expect(row(page).locator("b")).to_have_text("Ringing")
        expect(page).to_have_title(f"(1) {TITLE}")
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(detail(page, ".state b")).to_have_text("Talking")
        expect(page).to_have_title(TITLE)
        live.advance(8)
        record = client.wait_for_cdr(call.ref_id, timeout=60)
        assert record.answered
        expect(row(page).locator("b")).to_have_text("Answered")
        page.get_by_text("Record and identifiers").click()
        assert json.loads(detail(page, "pre").inner_text()) == record.raw


def test_a_click_rejects_leaves_or_hangs_up_or_says_why_not(page: Page, sandbox: Sandbox, place: Place) -> None:
    for at, name, label, status in (
        (3, "Reject", "Busy", "busy"),
        (3, "Leave unanswered", "Not answered", "no-answered"),
        (8, "Hang up", "Answered", "ended"),
    ):
        place(code_otp=name)
        expect(detail(page, ".code")).to_have_text(name)
        sandbox.advance(at)
        button = page.get_by_role("button", name=name, exact=True)
        button.click()
        expect(row(page).locator("b")).to_have_text(label)
        expect(button).to_be_disabled()
        assert sandbox.calls[-1].status == status
        leave(page)
    place()
    page.route("**/answer", lambda route: route.fulfill(status=409, json={"error": "call 4 is not ringing"}))
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("call 4 is not ringing")
    assert sandbox.calls[-1].status == "queued"


def test_markup_is_shown_and_not_run(page: Page, sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    text = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">&lt;b&gt;"
    place(text, code_otp=text, template=text, ref_id=text)
    http.get(f"/{quote(text)}")
    sandbox.advance(30)
    for part in (".code", "h2", ".reference"):
        expect(detail(page, part)).to_have_text(text)
    page.get_by_text("Record and identifiers").click()
    assert json.loads(detail(page, "pre").inner_text())["additional"]["code_otp"] == text
    page.locator("#tab-requests").click()
    expect(page.locator("#requests")).to_contain_text(quote(text))
    assert page.locator("main script, main img").count() == 0
    assert page.title() == TITLE


@pytest.mark.parametrize("held_by", ["pointer", "focus"])
def test_nothing_moves_under_the_pointer_or_the_focus(page: Page, sandbox: Sandbox, place: Place, held_by: str) -> None:
    place(code_otp="FIRST")
    sandbox.advance(3)
    expect(numbers(page)).to_have_count(1)
    answer = page.get_by_role("button", name="Answer", exact=True)
    if held_by == "pointer":
        answer.hover()
    else:
        answer.focus()
    place("0912345678", code_otp="SECOND")
    place("0387004321", code_otp="THIRD")
    expect(page.locator("#let-in")).to_have_text("2 new calls")
    expect(numbers(page)).to_have_count(1)
    if held_by == "pointer":
        page.mouse.down()
        page.mouse.up()
    else:
        page.keyboard.press("Enter")
    expect(detail(page, ".state b")).to_have_text("Talking")
    assert [call.answered for call in sandbox.calls] == [True, False, False], "the click met the call that was shown"
    if held_by == "pointer":
        page.locator("#let-in").click()
    else:
        leave(page)
    expect(numbers(page)).to_have_text(["0387004321", "0912345678", "0332665711"])
    expect(page.locator("#let-in")).to_be_hidden()
    expect(detail(page, ".code")).to_have_text("FIRST")  # a call that goes on stays open


def test_a_call_that_is_gone_or_fits_no_more_stays_until_the_pointer_leaves(
    page: Page, sandbox: Sandbox, place: Place
) -> None:
    place()
    place("0912345678")
    expect(numbers(page)).to_have_count(2)
    row(page, 1).hover()
    sandbox.clear()
    expect(row(page)).to_contain_text("Deleted")
    leave(page)
    expect(page.locator("#empty")).to_be_visible()


def test_the_newest_call_opens_unless_one_goes_on_or_was_chosen(page: Page, sandbox: Sandbox, place: Place) -> None:
    place(code_otp="FIRST")
    expect(detail(page, ".code")).to_have_text("FIRST")
    place(code_otp="SECOND")
    expect(numbers(page)).to_have_count(2)
    expect(detail(page, ".code")).to_have_text("FIRST")
    sandbox.advance(30)
    expect(row(page, 1)).to_contain_text("Answered")
    place(code_otp="THIRD")
    expect(detail(page, ".code")).to_have_text("THIRD")
    row(page, 2).click()
    leave(page)
    sandbox.advance(30)
    place(code_otp="FOURTH")
    expect(numbers(page)).to_have_count(4)
    expect(detail(page, ".code")).to_have_text("FIRST")


def test_a_call_is_found_by_whatever_is_known_of_it(page: Page, sandbox: Sandbox, place: Place) -> None:
    a, b, c = "0332665711", "+84 912-345-678", "0900000002"
    place(a, code_otp="LUAN001", ref_id="ref-a", template="A")
    place(b, code_otp="555001", ref_id="ref-b", template="B")
    place(c, code_otp="777001", ref_id="ref-c", template="login_vi C")
    sandbox.advance(5)
    expect(numbers(page)).to_have_count(3)
    spellings = ("0912 345", "+84 912", "0084 91", "84912345678", "\uff10\uff19\uff11\uff12", "+84 (0) 912", "ref-b")
    found = {typed: [b] for typed in spellings} | {typed: [c] for typed in ("login_vi", "busy", "login c")}
    for typed, shown in (found | {"luan": [a], "nothing of that kind": [], "": [c, b, a]}).items():
        page.locator("#search").fill(typed)
        expect(numbers(page)).to_have_text(shown)
        expect(page.locator("#count")).to_have_text(f"{len(shown)} of 3 calls" if len(shown) < 3 else "3 calls")
        expect(page.locator("#nothing")).to_be_visible(visible=not shown)
    for choice, shown in (("Going on", [b, a]), ("Busy", [c])):
        page.locator("#status").select_option(choice)
        expect(numbers(page)).to_have_text(shown)


def test_what_is_shown_is_exported_or_cleared_and_nothing_else(page: Page, sandbox: Sandbox, place: Place) -> None:
    for number in ("0332665711", "0912345678", "0332665712"):
        place(number)
    expect(numbers(page)).to_have_count(3)
    page.locator("#search").fill("0332")
    with page.expect_download() as download:
        page.locator("#export").click()
    exported = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [call["phone_number"] for call in exported["calls"]] == ["0332665711", "0332665712"], "oldest first"
    page.locator("#clear").click()
    expect(page.locator("#confirm")).to_contain_text("Delete 2 calls?")
    expect(page.locator("#confirm")).to_contain_text("2 of them still go on.")
    page.get_by_role("button", name="Cancel").click()
    assert len(sandbox.calls) == 3
    page.locator("#clear").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#news")).to_have_text("2 calls deleted")
    assert [call.phone_number for call in sandbox.calls] == ["0912345678"]
    page.locator("#search").fill("")
    expect(numbers(page)).to_have_text(["0912345678"])


def test_one_call_is_deleted_and_the_next_one_opens(page: Page, sandbox: Sandbox, place: Place) -> None:
    for code in ("ONE", "TWO"):
        place(code_otp=code)
    expect(numbers(page)).to_have_count(2)
    row(page).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(detail(page, ".code")).to_have_text("ONE")
    assert [call.code_otp for call in sandbox.calls] == ["ONE"]
    assert page.evaluate("document.activeElement.id") == "detail", "the focus is not lost"


def test_an_open_record_and_the_focus_stay_when_calls_come(page: Page, sandbox: Sandbox, place: Place) -> None:
    place()
    sandbox.advance(30)
    page.get_by_text("Record and identifiers").click()
    place(code_otp="NEXT")
    expect(page.locator("#let-in")).to_be_visible()
    expect(detail(page, "pre")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_requests_that_failed_are_shown(page: Page, http: httpx.Client, place: Place) -> None:
    httpx.post(f"{http.base_url}/v3/autocall/otp", headers={"Authorization": "Bearer secret-token"})
    place(campaign_uuid="none")
    http.get("/otp")
    expect(page.locator("#arrived")).to_have_text("3 requests have arrived, 3 failed.")
    expect(page.locator("#arrived-failed li")).to_have_count(3)
    place(ref_id="r")
    http.get("/v3/autocall/log/r/ref_id")
    expect(page.locator("#failed-count")).to_have_text("3 failed")
    page.get_by_role("tab", name="Requests").click()
    shown = page.locator("#requests li")
    expect(shown).to_have_count(3)
    expect(shown.nth(2)).to_contain_text("401POST /v3/autocall/otp")
    expect(shown.nth(2)).to_contain_text("the token is not the sandbox's")
    expect(shown.nth(1)).to_contain_text("campaign_uuid: Does not match format 'uuid'")
    expect(shown.nth(0)).to_contain_text("no such path")
    page.get_by_label("Only requests that failed").uncheck()
    expect(shown).to_have_count(5)
    expect(shown.nth(0)).to_contain_text("the record is not there yet")
    assert "secret-token" not in page.content()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#no-requests")).to_have_text("No request has come yet.")


def test_a_call_is_placed_from_the_page_which_says_what_came_of_it(page: Page, sandbox: Sandbox) -> None:
    for number, words, rings in (
        ("0900000401", '401 {"error":"Unauthorized"}', []),
        ("0900000200", "Số dư không đủ", []),
        ("0900000032", "No answer came.", [1]),
        ("0900000031", "No answer came. The phone may ring all the same.", [1]),
    ):
        page.keyboard.press("s")
        page.get_by_role("button", name=number).click()
        page.get_by_role("button", name="Place the call").click()
        expect(page.locator("#place-result")).to_contain_text(words)
        assert [call.rings for call in sandbox.calls] == rings, "the browser has not sent it again"
        sandbox.clear()
        close(page)
    page.locator("#empty-place").click()
    form = page.locator("#place")
    form.get_by_label("Phone number").fill("0912 345 678")
    form.get_by_label("Code").fill("4711")
    form.get_by_text("The same with curl").click()
    expect(page.locator("#curl")).to_contain_text('"phone_number":"0912 345 678"')
    form.get_by_role("button", name="Place the call").click()
    expect(form).to_be_hidden()
    expect(detail(page, ".code")).to_have_text("4711")
    assert sandbox.latest("0912345678").template == "otp_script_01"


def test_settings_are_changed_in_the_drawer(page: Page, sandbox: Sandbox) -> None:
    begun = sandbox.clock.now()
    page.get_by_role("button", name="Settings").click()
    drawer = page.locator("#settings")
    drawer.get_by_role("button", name="30 s").click()
    drawer.get_by_label("Ordinary numbers are answered").uncheck()
    drawer.get_by_label("A ref_id that was used before").select_option("refuse")
    drawer.get_by_label("Errors, %").fill("25")
    drawer.get_by_label("Seed").fill("7")
    drawer.get_by_role("button", name="Start chaos").click()
    expect(page.locator("#chaos-on")).to_be_visible()
    drawer.get_by_role("button", name=re.compile("^10 [^s]$")).click()
    expect(page.locator("#speed")).to_contain_text("runs at 10")
    assert (sandbox.auto_answer, sandbox.repeated_ref_id) == (False, "refuse")
    assert (sandbox.clock.now() - begun).total_seconds() >= 30
    assert sandbox.chaos == Chaos(error_probability=0.25, seed=7)
    drawer.get_by_role("button", name="End chaos").click()
    expect(page.locator("#chaos-on")).to_be_hidden()
    drawer.get_by_role("button", name="Start afresh").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#speed")).to_have_text("stands still")
    assert sandbox.auto_answer


def test_new_calls_are_notified_of_when_asked_for(page: Page, place: Place) -> None:
    page.evaluate("""() => {
        window.notes = [];
        document.hasFocus = () => false;
        window.Notification = class extends EventTarget {
            constructor(title, options) { super(); window.notes.push([title, options.body]); }
            static permission = "granted";
            static async requestPermission() { return "granted"; }
        };
    }""")
    page.keyboard.press("s")
    page.get_by_label("Notify me").check()
    page.keyboard.press("Escape")
    place(code_otp="LUAN001")
    expect(numbers(page)).to_have_count(1)
    assert page.evaluate("window.notes") == [["New call to 0332665711", "LUAN001"]]


def test_the_keyboard_alone_is_enough(page: Page, sandbox: Sandbox, place: Place) -> None:
    for code in ("ONE", "TWO"):
        place(code_otp=code)
        # The first that is drawn is the one that is opened.
        expect(row(page)).to_be_visible()
    sandbox.advance(3)
    expect(row(page)).to_contain_text("Ringing")
    reached: list[str] = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.action || document.activeElement.id"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"the focus shows on {reached[-1]}"
        if reached[-1] == "answer":
            break
    assert {"search", "status", "export", "clear", "answer"} <= set(reached)
    page.keyboard.press("Enter")
    expect(page.locator("#news")).to_have_text("Call 1 answered")
    assert page.evaluate("document.activeElement.dataset.action") == "answer", "the focus stays"
    leave(page)
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(detail(page, ".code")).to_have_text("TWO")
    page.keyboard.press("ArrowDown")
    expect(detail(page, ".code")).to_have_text("ONE")
    page.keyboard.press("h")
    expect(row(page, 1)).to_contain_text("Answered")
    page.keyboard.press("/")
    page.keyboard.type("j2")
    expect(page.locator("#count")).to_have_text("0 of 2 calls")  # keys type where text is typed
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator("#requests-panel")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Leave unanswered")
    page.get_by_label("Shortcuts are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#settings")).to_be_hidden()


def test_a_lost_connection_is_told_and_comes_back(tab: Page, otp_request: dict[str, str]) -> None:
    first = Sandbox(speed=0).start()
    port = int(first.url.rpartition(":")[2])
    headers = {"Authorization": "Bearer sandbox"}
    httpx.post(f"{first.url}/v3/autocall/otp", json=otp_request, headers=headers)
    page = opened(tab, first.url)
    expect(numbers(page)).to_have_count(1)
    first.stop()
    expect(page.locator("#link")).to_have_text("Connection lost, trying again…")
    expect(page.get_by_role("button", name="Answer", exact=True)).to_be_disabled()
    with Sandbox(speed=0, port=port):
        expect(page.locator("#link")).to_have_text("Live")
        expect(page.locator("#empty")).to_be_visible()


def test_the_testing_api_is_a_page_to_read(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("link", name="Testing API").click()
    expect(page.get_by_role("heading", name="Wait for a call")).to_be_visible()
    waiting = page.locator("#waitForCall")
    expect(waiting).to_contain_text("phone_number")
    expect(waiting.locator("pre")).to_have_text(f"curl -s '{sandbox.url}/sandbox/calls/wait'")
    for line in page.locator(".snippet pre").all_inner_texts():
        if "events" not in line and "wait" not in line:
            command = ["/bin/sh", "-c", f"{line} --fail-with-body"]
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
            assert done.returncode == 0 or b"Not Found" in done.stdout, line


@pytest.mark.parametrize(
    ("locale", "lang", "ringing", "answer"),
    [("vi-VN", "vi", "Đang đổ chuông", "Nghe máy"), ("fr-FR", "en", "Ringing", "Answer")],
)
def test_the_page_speaks_the_browser_s_language(
    new_page: NewPage, sandbox: Sandbox, place: Place, locale: str, lang: str, ringing: str, answer: str
) -> None:
    place()
    sandbox.advance(3)
    page = opened(new_page(locale=locale), sandbox.url)
    expect(row(page).locator("b")).to_have_text(ringing)
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.get_by_role("button", name=answer, exact=True)).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("#numbers")).to_contain_text("máy bận ở giây 3" if lang == "vi" else "is busy at 3 s")
    page.close()


def check_looks(page: Page, state: str, sizes: Iterable[str], enter: Callable[[], object] = lambda: None) -> None:
    """Hold a state of a page against axe's rules in each size, by day and by night."""
    for size in sizes:
        page.set_viewport_size(SIZES[size])
        enter()
        # The two differ in their colours alone.
        for scheme, rules, passed in (("light", "", 15), ("dark", 'runOnly: ["color-contrast"],', 1)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            violations, passes = page.evaluate(f"""async () => {{
                const found = await axe.run({{ {rules} resultTypes: ["violations"] }});
                const named = ({{ id, impact, nodes }}) => `${{impact}}: ${{id}} at ${{nodes[0].html}}`;
                return [found.violations.map(named), found.passes.length];
            }}""")
            assert violations == [], f"{state}, {size}, {scheme}"
            assert passes >= passed, "axe looked"
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], f"{state}, {size}"
        close(page)


@pytest.mark.parametrize(("locale", "sizes"), [("en", ["desktop", "tablet"]), ("vi-VN", ["phone"])])
def test_axe_finds_no_fault_of_any_level_and_nothing_overflows(
    new_page: NewPage, sandbox: Sandbox, place: Place, locale: str, sizes: list[str]
) -> None:
    if not AXE.is_file():
        pytest.skip("NO ACCESSIBILITY TEST RUNS: axe-core is missing, run `npm ci`")
    page = new_page(sizes[0], locale=locale)
    page.add_init_script(path=AXE)
    sandbox.chaos = Chaos(error_probability=1)
    place()
    opened(page, sandbox.url)
    check_looks(page, "empty", sizes)
    sandbox.chaos = Chaos()
    for number in ("0900000008", "0900000002", "0332665711"):
        place(number, code_otp="1" * 60, ref_id="same")
        sandbox.advance(30)
    place("+84 912 345 678", ref_id="same")
    place(campaign_uuid="x" * 200)
    sandbox.advance(8)
    place("0387004321")
    sandbox.advance(3)
    opened(page, sandbox.url)

    def press(key: str, shown: str) -> None:
        page.keyboard.press(key)
        expect(page.locator(shown)).to_be_visible()

    def hold() -> None:
        row(page).hover()
        place()
        expect(page.locator("#let-in")).to_be_visible()

    check_looks(page, "calls", sizes, lambda: detail(page, "details").evaluate("(each) => { each.open = true; }"))
    check_looks(page, "requests", sizes, lambda: press("2", "#requests-panel"))
    page.keyboard.press("1")
    check_looks(page, "settings", sizes, lambda: press("s", "#settings"))
    check_looks(page, "place", sizes, lambda: press("p", "#place"))
    check_looks(page, "keys", sizes, lambda: press("?", "#keys"))
    check_looks(page, "confirm", sizes, page.locator("#clear").click)
    check_looks(page, "held", sizes, hold)
    page.goto(f"{sandbox.url}/testing-api")
    expect(page.locator(".operation").last).to_be_visible()
    check_looks(page, "testing API", sizes)
    opened(page, sandbox.url)
    sandbox.stop()
    expect(page.locator('#link[data-state="lost"]')).to_be_visible()
    check_looks(page, "lost", sizes)
    page.close()


def test_a_thousand_calls_are_there_a_hundred_at_a_time(
    page: Page, sandbox: Sandbox, otp_request: dict[str, str]
) -> None:
    board = vars(sandbox)["_board"]
    for index in range(990):
        board.place(otp_request | {"code_otp": f"code-{index}", "ref_id": f"r-{index}"})
    expect(page.locator("#count")).to_have_text("990 calls")
    expect(numbers(page)).to_have_count(100)
    page.get_by_role("button", name="Show older calls (890)").click()
    expect(numbers(page)).to_have_count(200)
    assert "code-889" in page.evaluate("document.activeElement.textContent"), "the focus is on the first of the older"
    page.locator("#search").fill("code-77 ")
    expect(page.locator("#calls .code").last).to_have_text("code-77")


@pytest.mark.skipif("AUTOCALL_PICTURES" not in os.environ, reason="make pictures takes those that the docs show")
@pytest.mark.parametrize(
    ("panel", "scheme", "size"),
    [("calls", "light", "desktop"), ("calls", "dark", "phone"), ("requests", "light", "desktop")],
)
def test_pictures_for_the_docs(
    new_page: NewPage, http: httpx.Client, sandbox: Sandbox, place: Place, panel: str, scheme: Any, size: str
) -> None:
    if panel == "requests":
        http.post("/otp", json={})
        place(campaign_uuid="none")
    for number, code, seconds in [
        ("0900000008", "551920", 0),
        ("0900000002", "771203", 15),
        ("0332665711", "LUAN001", 16),
        ("0387004321", "482915", 9),
        ("+84 912 345 678", "K7M2Q9", 5),
    ]:
        place(number, code_otp=code)
        sandbox.advance(seconds)
    page = opened(new_page(size, color_scheme=scheme, device_scale_factor=2 if size == "phone" else 1), sandbox.url)
    page.locator(f"#tab-{panel}").click()
    page.screenshot(path=ROOT / "docs" / "images" / f"sandbox-{panel}-{scheme}-{size}.png")
    page.close()
