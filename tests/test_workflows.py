"""What CI runs is pinned by digest, and nothing in the repository names a package registry."""

import re
from pathlib import Path

import pytest
import yaml
from support.page import ROOT

pytestmark = pytest.mark.dev
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_there_are_workflows_to_look_at() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_digest_and_say_their_version(path: Path) -> None:
    uses = re.findall(r"uses: (.*)", path.read_text())
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_unless_a_job_says_more(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


LOCKS = [*(ROOT / "requirements").glob("*.txt"), ROOT / "benchmarks" / "requirements.txt", ROOT / "package-lock.json"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_files_carry_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "--index-url" not in text
    assert '"resolved"' not in text
    assert lock.suffix == ".json" or "://" not in text
    pins = re.findall(r"^[a-z0-9._-]+==.*", text, re.MULTILINE)
    assert len(re.findall(r"sha256:|\"integrity\": \"sha512-", text)) >= max(len(pins), 10)
