"""What a release consists of: reproducible packages, a bill of materials, and a workflow without a secret."""

import json
import os
import re
import shutil
import tarfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dist as script
import pytest
import yaml
from support.page import ROOT

pytestmark = [pytest.mark.dev, pytest.mark.timeout(180)]
SOURCE = ("docs", "examples", "generated", "requirements", "scripts", "src", "tests")
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
PACKAGES = {"autocall_otp", "autocall_otp_api"}
EPOCH = 1700000000


def copy(to: Path) -> Path:
    """The source as another person has it: elsewhere, with other times and modes."""
    for name in SOURCE:
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file() and path.name not in {".git", ".test-time"}:
            shutil.copy(path, to / path.name)
    for path in to.rglob("*"):
        os.utime(path, (time.time() - 77, time.time() - 77))
        path.chmod(path.stat().st_mode & ~0o077)
    return to


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` writes, if the same source gives the same bytes anywhere: one of its builds is of a copy."""
    folder = tmp_path_factory.mktemp("dist") / "made"
    build = script.build

    def anywhere(to: Path) -> dict[str, bytes]:
        with pytest.MonkeyPatch.context() as patch:
            if to != folder:
                patch.setenv("TZ", "UTC-7")
            found: dict[str, bytes] = build(
                to, ROOT if to == folder else copy(tmp_path_factory.mktemp("a longer name"))
            )
            return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
        patch.setattr(script, "DIST", folder)
        patch.setattr(script, "build", anywhere)
        script.main()
    return folder


def test_builds_that_differ_are_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "DIST", tmp_path / "made")
    monkeypatch.setattr(script, "build", lambda to: {"package": str(to).encode()})
    with pytest.raises(SystemExit, match="two builds of the same source differ"):
        script.main()


def test_make_dist_writes_packages_and_a_bill_of_materials(dist: Path) -> None:
    suffixes = {"".join(path.suffixes[-2:]) for path in dist.iterdir()}
    assert len(suffixes) == 3
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive}
        assert {member.mtime for member in archive} == {EPOCH}
    assert {"openapi.yaml", "Makefile", "scripts/dist.py", "src/autocall_otp/py.typed"} <= names


def test_the_wheel_holds_two_typed_packages_and_needs_two_others(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    metadata = script.metadata_of(wheel)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert {each.date_time for each in archive.infolist()} == {datetime.fromtimestamp(EPOCH, UTC).timetuple()[:6]}
    info = f"autocall_otp-{metadata['Version']}.dist-info"
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {name.split("/")[0] for name in names} == PACKAGES | {info}
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in required} == {"attrs", "httpx"}


def test_the_bill_names_what_an_installation_brings_and_no_tool_of_ours(dist: Path) -> None:
    (path,) = dist.glob("*.cdx.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert found["bomFormat"] == "CycloneDX"
    assert found["metadata"]["component"]["name"] == "autocall-otp"
    assert found["metadata"]["component"]["version"]
    names = {component["name"] for component in found["components"]}
    assert {"httpx", "attrs", "httpcore", "certifi", "typer", "rich", "platformdirs", "starlette"} <= names
    assert not names & {"pytest", "mypy", "ruff", "twine", "hatchling", "autocall-otp"}
    for component in found["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        assert component["externalReferences"][0]["hashes"]


def test_the_release_needs_no_secret_and_publishes_what_was_built() -> None:
    text = RELEASE.read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert "secrets." not in text
    assert "password" not in text
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "permissions" not in jobs["build"]
    assert not [step for step in jobs["publish"]["steps"] if "run" in step], "the job that may publish runs no code"
    uploaded = [step["with"] for step in jobs["build"]["steps"] if "upload-artifact" in step.get("uses", "")]
    (packages,) = [each["path"] for each in uploaded if each["name"] == "packages"]
    assert packages.split() == ["dist/*.whl", "dist/*.tar.gz"], "the index takes nothing else"
