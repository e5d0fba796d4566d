"""Mistakes that people make when they build a login, each written into the Flask recipe."""

from __future__ import annotations

import shutil
from pathlib import Path

OWNER = 'request.cookies.get("owner") or secrets.token_urlsafe(24)'
STORE = 'SqliteStore(os.environ.get("LOGIN_STORE", "login.sqlite3"))'
BROKEN: dict[str, tuple[str, str, str]] = {
    "all browsers are one": (OWNER, '"the-one-owner-of-all-browsers"', "two_browsers"),
    "the browser's name changes at login": ("clear()\n", "clear(); g.owner = secrets.token_hex(24)\n", "lock_out"),
    "scripts can read the browser's name": ("httponly=True", "httponly=False", "stolen_reference"),
    "no address is limited": ("caller=request.remote_addr", "caller=None", "pumping"),
    "the form says who is logged in": (
        '"user"] = check.phone_number',
        '"user"] = request.form.get("number", check.phone_number)',
        "code_of_another_number",
    ),
    "forms of other sites are taken": ("        abort(403)", "        pass", "forms_of_other_sites"),
    "a call in doubt is placed again": ("=8.0)", "=8.0, retry=Retry(unknown_outcome=True))", "call_in_doubt"),
    "many guesses": (STORE, f"{STORE}, limits=Limits(guesses=30)", "parallel_guesses"),
    "codes that live long": (STORE, f"{STORE}, limits=Limits(code_life=600)", "expired_code"),
    "a phone rings every ten seconds": (STORE, f"{STORE}, limits=Limits(ring_again_after=10)", "two_browsers"),
    "each process has a store of its own": (STORE, "MemoryStore()", "clocks_that_differ"),
    "the reference is in the session": ("doubt=", "ref=challenge.ref_id, doubt=", "stolen_reference"),
    "Retry-After is a guess": ("429, wait=error.retry_after)", "429, wait=1)", "many_calls_to_one_number"),
    "a busy call is not offered again": ("record.finished", "record.answered", "busy_then_again"),
}
"""From a name to what is written in the recipe, what is written in its place, and the attack that finds it."""


def broken(name: str, examples: Path, folder: Path) -> str:
    """Write the broken recipe into a folder; gives the attack that finds it."""
    before, after, attack = BROKEN[name]
    shutil.copytree(examples / "flask_login", folder / "flask_login")
    app = folder / "flask_login" / "app.py"
    source = app.read_text("utf-8")
    assert source.count(before) == 1, name
    # All that the mistakes use, after the one line that must come first.
    head, future, rest = source.replace(before, after).partition("annotations\n")
    imports = "from autocall_otp import Retry\nfrom autocall_otp.verify import Limits, MemoryStore\n"
    app.write_text(head + future + imports + rest, "utf-8")
    return attack
