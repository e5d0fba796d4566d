"""Take the pictures of the sandbox's page for docs/images: light and dark, desktop and phone."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from autocall_otp.sandbox import Sandbox

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
CHROMIUM = os.environ.get("AUTOCALL_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SIZES = {"desktop": (1100, 820), "phone": (360, 740)}


def place(sandbox: Sandbox, phone_number: str, code: str, template: str = "otp_script_01") -> None:
    """Place a call as any program would."""
    request = {
        "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
        "phone_number": phone_number,
        "template": template,
        "code_otp": code,
        "ref_id": str(uuid.UUID(int=int(phone_number), version=4)),
    }
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    httpx.post(f"{sandbox.url}/v3/autocall/otp", json=request, headers=headers).raise_for_status()


def take(browser: Browser, url: str, name: str, scheme: str, size: str) -> None:
    """One picture."""
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if size == "phone" else 1,
    )
    page.goto(url)
    page.get_by_text("Live", exact=True).wait_for()
    if name == "record":
        page.get_by_text("Record", exact=True).first.click()
    if name == "empty":
        page.get_by_text("AUTOCALL_TOKEN").wait_for()
    page.screenshot(path=IMAGES / f"sandbox-{name}-{scheme}-{size}.png")
    page.close()


def main() -> None:
    """Take them all on a sandbox whose clock stands still."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with Sandbox(speed=0, port=8025) as sandbox, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        take(browser, sandbox.url, "empty", "light", "desktop")
        take(browser, sandbox.url, "empty", "dark", "phone")
        place(sandbox, "0900000002", "771203")
        place(sandbox, "0332665711", "LUAN001")
        sandbox.advance(16)
        place(sandbox, "0387004321", "482915")
        sandbox.advance(9)
        place(sandbox, "0912345678", "K7M2Q9", "login_vi")
        sandbox.advance(5)
        take(browser, sandbox.url, "calls", "light", "desktop")
        take(browser, sandbox.url, "calls", "dark", "desktop")
        take(browser, sandbox.url, "calls", "light", "phone")
        take(browser, sandbox.url, "calls", "dark", "phone")
        sandbox.advance(30)
        take(browser, sandbox.url, "record", "light", "desktop")
        browser.close()


if __name__ == "__main__":
    main()
