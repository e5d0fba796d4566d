"""docs/testing.md: its ten lines pass with the test client of each framework, as the page has them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "testing.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


TEST = blocks("python")[0]
CLIENTS = {"django": blocks("python")[1], "fastapi": blocks("python")[2], "flask": blocks("python")[3]}
# The login of a reader's program, as small as it can be.
LOGIN = """
import secrets
from autocall_otp import Client

codes = {}

def ask(number):
    codes["code"] = f"{secrets.randbelow(10**6):06d}"
    with Client() as client:
        client.run_otp(number, codes["code"])
    return 200

def check(code):
    return 200 if code == codes["code"] else 403
"""
APPS = {
    "django": """
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"])
django.setup()
urlpatterns = [
    path("login", lambda request: HttpResponse(status=ask(request.POST["phone_number"]))),
    path("login/code", lambda request: HttpResponse(status=check(request.POST["code"]))),
]
""",
    "fastapi": """
from typing import Annotated
from fastapi import FastAPI, Form, Response

def create_app():
    app = FastAPI()

    @app.post("/login")
    def login(phone_number: Annotated[str, Form()]):
        return Response(status_code=ask(phone_number))

    @app.post("/login/code")
    def code(code: Annotated[str, Form()]):
        return Response(status_code=check(code))

    return app
""",
    "flask": """
from flask import Flask, request

def create_app():
    app = Flask(__name__)
    app.post("/login", endpoint="login")(lambda: ("", ask(request.form["phone_number"])))
    app.post("/login/code", endpoint="code")(lambda: ("", check(request.form["code"])))
    return app
""",
}


def test_the_test_has_ten_lines() -> None:
    assert len([line for line in TEST.splitlines() if line.strip()]) == 10


@pytest.mark.parametrize("framework", APPS)
def test_the_page_s_test_passes(tmp_path: Path, framework: str) -> None:
    (tmp_path / "your_app.py").write_text(LOGIN + APPS[framework], encoding="utf-8")
    (tmp_path / "conftest.py").write_text("import your_app\n", encoding="utf-8")
    (tmp_path / "test_login.py").write_text(CLIENTS[framework] + "\n\n" + TEST, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("AUTOCALL_")},
        timeout=60,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
