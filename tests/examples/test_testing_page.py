"""docs/testing.md: its ten lines pass with the test client of each framework, as the page has them."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
TEST, *CLIENTS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
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
from fastapi import FastAPI, Form, Response

def create_app():
    app = FastAPI()
    app.post("/login")(lambda phone_number=Form(): Response(status_code=ask(phone_number)))
    app.post("/login/code")(lambda code=Form(): Response(status_code=check(code)))
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


def test_the_test_of_the_page_has_ten_lines_and_passes_with_each_framework(tmp_path: Path) -> None:
    assert len([line for line in TEST.splitlines() if line.strip()]) == 10
    for (framework, app), client in zip(APPS.items(), CLIENTS[:3], strict=True):
        name = f"your_{framework}_app"
        (tmp_path / f"{name}.py").write_text(LOGIN + app, encoding="utf-8")
        test = client.replace("your_app", name) + "\n\n" + TEST
        (tmp_path / f"test_{framework}.py").write_text(f"import {name}\n{test}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("AUTOCALL_")},
        timeout=100,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
