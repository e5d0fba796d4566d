"""The recipes bound the calls of visitors whose address is not known, as behind a Unix socket."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
START = """
import os, sys
from autocall_otp.verify import AsyncVerifier, Verifier
from autocall_otp import InvalidRequestError
os.environ.update(AUTOCALL_VERIFY_KEY="k" * 32, AUTOCALL_API_HOST="http://127.0.0.1:1", AUTOCALL_TOKEN="token")
os.environ.update(AUTOCALL_CAMPAIGN_UUID="f77dfcf4-0759-4179-93cb-741f481a776e", AUTOCALL_TEMPLATE="script")
os.environ.update(LOGIN_STORE=sys.argv[1], DJANGO_SETTINGS_MODULE="django_login.settings")
def start(self, number, *, owner, caller):
    print(caller)
    raise InvalidRequestError("phone_number: no")
async def start_async(self, number, *, owner, caller):
    start(self, number, owner=owner, caller=caller)
Verifier.start, AsyncVerifier.start = start, start_async
"""
FLASK = """
from flask_login.app import app
app.test_client().post("/login", data={"number": "0332665711"}, environ_overrides={"REMOTE_ADDR": ""})
"""
DJANGO = """
import django
django.setup()
from django.test import Client
Client(REMOTE_ADDR="").post("/login", {"number": "0332665711"}, headers={"host": "localhost"})
"""
FASTAPI = """
import asyncio, httpx
from fastapi_login.app import app
async def served(scope, receive, send):
    await app(scope | {"client": None, "state": {"verifier": AsyncVerifier.__new__(AsyncVerifier)}}, receive, send)
async def visit():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://localhost") as user:
        await user.post("/login", data={"number": "0332665711"})
asyncio.run(visit())
"""


@pytest.mark.parametrize("script", [FLASK, DJANGO, FASTAPI], ids=["flask", "django", "fastapi"])
def test_visitors_without_an_address_are_one_caller(script: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", START + script, str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLES)
    assert done.stdout == "unknown\n", done.stderr
