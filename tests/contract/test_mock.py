"""`make mock`, and what docs/mock.md says of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from support.markdown import blocks
from support.page import ROOT, payload
from support.prism import Prism, listening

pytestmark = [pytest.mark.dev, pytest.mark.timeout(180)]

PAGE = ROOT / "docs" / "mock.md"
LOOK_UP = "/v3/autocall/log/ABC123/ref_id"
TOKEN = {"Authorization": "Bearer t"}


def test_make_mock_answers_as_the_contract_describes(tmp_path: Path) -> None:
    # Whatever its time stamps say, the environment that runs the tests is not made anew.
    make = ["make", "--no-print-directory", "-o", ".venv/.ready", "-o", "node_modules/.ready", "mock", "PORT=0"]
    static = subprocess.run([*make, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert static.split()[-4:] == ["mock", "--port", "0", "openapi.yaml"], "docs/mock.md: as the examples say"
    with listening([*make, "DYNAMIC=1"], tmp_path / "prism.log") as url:
        answer = httpx.get(f"{url}{LOOK_UP}", headers=TOKEN, trust_env=False)
    assert answer.status_code == 200
    assert "sl-violations" not in answer.headers
    assert answer.json().keys() <= payload("get_cdr.answer").keys()
    assert answer.json() != payload("get_cdr.answer")


def test_the_answers_that_the_page_asks_for_with_curl(mock_server: Prism) -> None:
    (shell,) = [block for block in blocks(PAGE, "") if block.body.startswith("curl")]
    body = shell.body.replace("http://127.0.0.1:4010", mock_server.url).replace("curl -i", "curl -s")
    done = subprocess.run(["/bin/sh", "-euc", body], capture_output=True, text=True, check=True)
    busy, end = json.JSONDecoder().raw_decode(done.stdout)
    assert busy["cause"] == "USER_BUSY"
    assert json.loads(done.stdout[end:]) == {"error": "Too Many Requests"}


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    version = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]["@stoplight/prism-cli"]
    npx = f'["npx", "--yes", "@stoplight/prism-cli@{version}"]'
    ours = [str(ROOT / ".venv/bin/node"), str(ROOT / "node_modules/@stoplight/prism-cli/dist/index.js")]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    for name, block in zip(("conftest.py", "test_answers.py"), blocks(PAGE, "python"), strict=True):
        assert block.body.startswith(f"# {name}\n")
        text = block.body.replace("4010", port).replace("openapi.yaml", str(ROOT / "openapi.yaml"))
        assert name != "conftest.py" or npx in text
        (tmp_path / name).write_text(text.replace(npx, repr(ours)), encoding="utf-8")
    env = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "5 passed" in done.stdout, done.stdout + done.stderr
