"""Take pictures of the sandbox's pages: those of the docs, or every state at three widths (--all DIR)."""

from __future__ import annotations

import argparse
import os
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from autocall_otp.sandbox import Chaos, Sandbox

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
CHROMIUM = os.environ.get("AUTOCALL_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SIZES = {"desktop": (1280, 820), "tablet": (768, 1000), "phone": (320, 700)}


def place(sandbox: Sandbox, phone_number: str, code: str, *, template: str = "otp_script_01", token: str = "") -> None:
    """Place a call as any program would."""
    request = {
        "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
        "phone_number": phone_number,
        "template": template,
        "code_otp": code,
        "ref_id": str(uuid.uuid5(uuid.NAMESPACE_URL, phone_number + code)),
    }
    headers = {"Authorization": f"Bearer {token or sandbox.token}"}
    httpx.post(f"{sandbox.url}/v3/autocall/otp", json=request, headers=headers)


def fail(sandbox: Sandbox) -> None:
    """Send what a program sends that is not set up yet."""
    place(sandbox, "0332665711", "LUAN001", token="the-live-token")  # noqa: S106 - made up
    httpx.post(f"{sandbox.url}/otp", json={})
    httpx.post(f"{sandbox.url}/v3/autocall/otp", json={}, headers={"Authorization": f"Bearer {sandbox.token}"})


def some_calls(sandbox: Sandbox) -> None:
    """Calls of several kinds, the newest of them ringing."""
    place(sandbox, "0900000008", "551920")
    place(sandbox, "0900000002", "771203")
    sandbox.advance(15)
    place(sandbox, "0332665711", "LUAN001")
    sandbox.advance(16)
    place(sandbox, "0387004321", "482915")
    sandbox.advance(9)
    place(sandbox, "+84 912 345 678", "K7M2Q9", template="login_vi")
    sandbox.advance(5)


def fail_and_call(sandbox: Sandbox) -> None:
    """First the failures, then the calls."""
    fail(sandbox)
    some_calls(sandbox)


def nothing(_: Page) -> None:
    """The page as it comes."""


def open_record(page: Page) -> None:
    """The record of a call that is over."""
    page.locator("#calls .row").nth(2).click()
    page.get_by_text("Record and identifiers").click()


def press(key: str) -> Callable[[Page], None]:
    """A key, pressed on the page."""
    return lambda page: page.keyboard.press(key)


def show_requests(page: Page) -> None:
    """The other tab."""
    page.locator("#tab-requests").click()


Picture = tuple[str, str, str]
State = tuple[Callable[[Sandbox], object], Callable[[Page], object]]
STATES: dict[str, State] = {
    "empty": (lambda _: None, nothing),
    "failed": (fail, nothing),
    "calls": (some_calls, nothing),
    "record": (some_calls, open_record),
    "settings": (some_calls, press("s")),
    "place": (some_calls, press("p")),
    "keys": (some_calls, press("?")),
    "requests": (fail_and_call, show_requests),
}


def many_calls(sandbox: Sandbox) -> None:
    """Two hundred calls."""
    for number in range(200):
        place(sandbox, f"09{number * 7919 % 10**8:08d}", f"{number * 104729 % 10**6:06d}")
        sandbox.advance(1.5)


def hold_back(page: Page, sandbox: Sandbox) -> None:
    """Two calls that wait while the pointer is on the list."""
    page.locator("#calls .row").nth(1).hover()
    place(sandbox, "0977123456", "310245")
    place(sandbox, "0868123456", "900812")
    expect(page.locator("#let-in")).to_be_visible()


def opened(browser: Browser, url: str, scheme: str, size: str, locale: str = "en-US") -> Page:
    """The page, live."""
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if size == "phone" else 1,
        locale=locale,
    )
    page.goto(url)
    page.locator('#link[data-state="live"]').wait_for()
    expect(page.locator("#setup")).to_contain_text("AUTOCALL_TOKEN")
    return page


def take(browser: Browser, folder: Path, picture: Picture, *, port: int = 0) -> None:
    """One picture of one state."""
    name, scheme, size = picture
    arrange, act = STATES[name]
    with Sandbox(speed=0, port=port) as sandbox:
        arrange(sandbox)
        page = opened(browser, sandbox.url, scheme, size)
        act(page)
        page.screenshot(path=folder / f"sandbox-{name}-{scheme}-{size}.png")
        page.close()


def take_all(browser: Browser, folder: Path) -> None:
    """Every state, also those that need more than a sandbox and a page."""
    for size in SIZES:
        for scheme in ("light", "dark"):
            for name in STATES:
                take(browser, folder, (name, scheme, size))
            with Sandbox(speed=0) as sandbox:
                many_calls(sandbox)
                page = opened(browser, sandbox.url, scheme, size)
                hold_back(page, sandbox)
                page.screenshot(path=folder / f"sandbox-held-{scheme}-{size}.png")
                page.mouse.move(0, 0)
                page.locator("#search").fill("+84 901 5")
                page.screenshot(path=folder / f"sandbox-filter-{scheme}-{size}.png")
                page.locator("#clear").click()
                page.screenshot(path=folder / f"sandbox-confirm-{scheme}-{size}.png")
                page.locator("#confirm [data-close]").click()
                sandbox.chaos = Chaos(error_probability=0.5)
                expect(page.locator("#chaos-on")).to_be_visible()
                sandbox.stop()
                page.locator('#link[data-state="lost"]').wait_for()
                page.screenshot(path=folder / f"sandbox-lost-{scheme}-{size}.png")
                page.close()
            with Sandbox(speed=0) as sandbox:
                some_calls(sandbox)
                page = opened(browser, sandbox.url, scheme, size, "vi-VN")
                page.screenshot(path=folder / f"sandbox-vi-{scheme}-{size}.png")
                page.goto(f"{sandbox.url}/testing-api")
                page.locator(".operation").first.wait_for()
                page.screenshot(path=folder / f"sandbox-api-{scheme}-{size}.png")
                page.close()


def main() -> None:
    """Take them on sandboxes whose clocks stand still."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, help="a folder for every state at every width, instead of docs/images")
    folder: Path | None = parser.parse_args().all
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            take_all(browser, folder)
        else:
            for picture in DOCS:
                take(browser, IMAGES, picture, port=8025)
        browser.close()


DOCS: tuple[Picture, ...] = (
    ("calls", "light", "desktop"),
    ("calls", "dark", "phone"),
    ("requests", "light", "desktop"),
)

if __name__ == "__main__":
    main()
