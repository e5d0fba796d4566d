from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.markdown import blocks

from autocall_otp.sandbox.contract import testing_contract as contract_of_testing

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "sandbox.md"


def test_the_ten_lines_of_the_docs_pass_as_they_stand(tmp_path: Path) -> None:
    example = blocks(PAGE, "python")[0].body
    body = [line for line in example.splitlines() if line.strip() and not line.startswith("from ")]
    assert len(body) <= 10
    (tmp_path / "test_login.py").write_text(example)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "autocall_otp.pytest_plugin", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_other_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(blocks(PAGE, "python")[1].body, "docs", "exec"), {})  # noqa: S102 - our own page
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ sandbox\n", capsys.readouterr().out)


def test_every_request_of_the_docs_is_in_the_testing_api() -> None:
    text = PAGE.read_text(encoding="utf-8")
    commands = [line for line in text.replace("\\\n", "").splitlines() if line.startswith("curl")]
    assert len(commands) == 4
    for command in commands:
        found = re.search(r"http://127\.0\.0\.1:8025(/[^\s'?]*)", command)
        method = re.search(r"-X (\w+)", command)
        assert found
        contract_of_testing().match(method[1] if method else "GET", found[1])


def test_the_compose_form_keeps_the_token_on_loopback() -> None:
    services = yaml.safe_load(blocks(PAGE, "yaml")[0].body)["services"]
    assert services["app"]["network_mode"] == "service:otp"
    assert services["app"]["environment"]["AUTOCALL_API_HOST"].startswith("http://127.0.0.1:")
    assert services["otp"]["ports"] == ["127.0.0.1:8025:8025"], "codes are shown on this machine only"


def test_the_steps_of_the_containerfile_give_a_sandbox() -> None:
    script = ROOT / "scripts" / "check_containerfile.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
