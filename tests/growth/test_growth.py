"""Growth, rehearsed: in a copy of the repository the API grows by a field, a parameter and an operation.

Of the checks of `make contract` those of the page and of the wrapper run. Prism and the sandbox's chain would take
most of the time, and the generator agrees with what it has just written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs
import pytest
from support.page import ROOT

from growth.edits import ARGUMENT, MODEL, SANDBOX, USE_CASE, Edit, contract

checks = pytest.importorskip("contract", reason="scripts/ is not part of the run against the wheel")
pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]

USE_IT = """
import json
import httpx
import autocall_otp
from autocall_otp.sandbox import Sandbox

seen = []
def reply(request):
    seen.append(request)
    record = {"id": "c1", "carrier": "viettel", "status": "answered"}
    return httpx.Response(200, json={"call_id": "c1"} if request.method == "POST" else record)

given = {"token": "made-up-token", "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e", "template": "t"}
with autocall_otp.Client("api.example.vn", transport=httpx.MockTransport(reply), **given) as client:
    client.run_otp("0332665711", "LUAN001", language="vi")
    client.run_otp("0332665711", "LUAN001")
    record = client.get_cdr_by_call_id("c/1")
languages = [json.loads(request.content).get("language") for request in seen[:2]]

with Sandbox(speed=0) as sandbox, autocall_otp.Client(sandbox.url, **given | {"token": sandbox.token}) as client:
    call = client.run_otp("0332665711", "LUAN001", language="vi")
    sandbox.advance(100)
    same = client.get_cdr_by_call_id(call.call_id)
print(json.dumps({
    "package": autocall_otp.__file__,
    "languages": languages,
    "looked up": str(seen[2].url),
    "carriers": [record.carrier, same.carrier],
    "sent": same.additional["language"],
    "the same call": same.id == call.call_id,
}))
"""


class Copy:
    """A copy of the files that git tracks or would, and what is run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        git = [shutil.which("git") or "git", "ls-files", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        for name in names:
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)

    def apply(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            edit.apply(self.root)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python there, with the packages of the copy in place of this checkout's."""
        paths = os.pathsep.join(str(self.root / name) for name in ("src", "generated"))
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        env |= {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "AUTOCALL_REPO_TOOLS": str(ROOT)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.root, env=env, check=False, capture_output=True, text=True)

    def at_odds(self) -> dict[str, str]:
        """What the checks of page and wrapper find at odds: the tests that fail, and their words."""
        both = (*checks.PAGE.command, *checks.WRAPPER.command[len(checks.PYTEST) :])
        report = self.root / "report.xml"
        result = checks.run(attrs.evolve(checks.WRAPPER, command=both), self.root, f"--junitxml={report}")
        cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314 - pytest wrote it
        assert len(cases) > len(checks.PAGE.command), result.words
        report.unlink()
        return {str(case.get("name")): str(each.text) for case in cases for each in case if each.tag != "skipped"}


def test_the_api_grows(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    contract(tmp_path)
    done = copy.run("scripts/generate.py")
    assert done.returncode == 0, done.stderr

    api = tmp_path / "generated" / "autocall_otp_api"
    assert "carrier: str | Unset" in (api / "models" / "call_detail_record.py").read_text()
    assert "language: str | Unset" in (api / "models" / "otp_request.py").read_text()
    assert "call_id: str," in (api / "api" / "voice_otp" / "get_cdr_by_call_id.py").read_text()

    # The wrapper lacks the three, and nothing else is at odds.
    assert {
        name: re.findall(r"disagree on (.*)\.$", words, re.MULTILINE) for name, words in copy.at_odds().items()
    } == {
        "test_a_result_has_every_field_of_the_page[get_cdr-page1]": [
            "Cdr.carrier: 'viettel' by the page (tests/page), 'no such field' by src/autocall_otp/models.py"
        ],
        "test_an_answer_and_its_result_have_the_same_fields[Cdr-carrier]": [
            "carrier: Cdr or the answer has no such field"
        ],
        "test_every_parameter_has_its_argument[run_otp-language]": ["language: run_otp does not take it"],
        "test_every_operation_has_a_use_case[get_cdr_by_call_id]": ["get_cdr_by_call_id: no use case sends it"],
    }

    # With those lines all agree again, and the new things work.
    copy.apply([*MODEL, *ARGUMENT, *USE_CASE, *SANDBOX])
    assert copy.at_odds() == {}
    done = copy.run("-c", USE_IT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "package": str(tmp_path / "src" / "autocall_otp" / "__init__.py"),
        "languages": ["vi", None],
        "looked up": "https://api.example.vn/v3/autocall/log/c%2F1/call_id",
        "carriers": ["viettel", "viettel"],
        "sent": "vi",
        "the same call": True,
    }
