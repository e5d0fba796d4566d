"""What CI runs is pinned by digest, and nothing in the repository names a package registry."""

import re
from pathlib import Path

import pytest
import yaml
from support.page import ROOT

pytestmark = pytest.mark.dev
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LOCKS = [*(ROOT / "requirements").glob("*.txt"), ROOT / "benchmarks" / "requirements.txt", ROOT / "package-lock.json"]


def test_workflows_pin_actions_by_digest_and_may_only_read_unless_a_job_says_more() -> None:
    assert len(WORKFLOWS) == 2
    for path in WORKFLOWS:
        text = path.read_text()
        uses = re.findall(r"uses: (.*)", text)
        assert uses
        assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_files_carry_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "--index-url" not in text
    assert '"resolved"' not in text
    assert lock.suffix == ".json" or "://" not in text
    pins = re.findall(r"^[a-z0-9._-]+==.*", text, re.MULTILINE)
    assert len(re.findall(r"sha256:|\"integrity\": \"sha512-", text)) >= max(len(pins), 10)
