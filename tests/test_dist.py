"""What a release consists of: reproducible packages, a bill of materials, and a workflow without a secret."""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import dist as script
import pytest
import yaml
from support.page import ROOT

pytestmark = [pytest.mark.dev, pytest.mark.timeout(180)]
SOURCE = ("docs", "generated", "requirements", "scripts", "src", "tests")
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
PACKAGES = {"autocall_otp", "autocall_otp_api"}


def copy(to: Path, umask: int) -> Path:
    """The source as another person has it: elsewhere, with other times and modes."""
    skip = shutil.ignore_patterns("__pycache__", "*.png")
    for name in SOURCE:
        shutil.copytree(ROOT / name, to / name, ignore=skip)
    for path in ROOT.iterdir():
        if path.is_file() and path.name not in {".git", ".test-time"}:
            shutil.copy(path, to / path.name)
    for path in to.rglob("*"):
        os.utime(path, (time.time() - umask, time.time() - umask))
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
    return to


def build(source: Path, epoch: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    monkeypatch.setenv("TZ", f"UTC-{epoch[-1]}")
    found: dict[str, bytes] = script.build(source / "out", source)
    return found


def test_the_same_source_gives_the_same_bytes_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(copy(tmp_path / "first", 0o022), "1700000000", monkeypatch)
    second = build(copy(tmp_path / "a longer name", 0o077), "1700000000", monkeypatch)
    assert {Path(name).suffix for name in first} == {".whl", ".gz"}
    assert first == second
    assert build(tmp_path / "first", "1700000002", monkeypatch) != first, "the time is SOURCE_DATE_EPOCH's"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` writes."""
    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "DIST", folder / "made")
        script.main()
    return folder / "made"


def test_make_dist_writes_packages_and_a_bill_of_materials(dist: Path) -> None:
    suffixes = {"".join(path.suffixes[-2:]) for path in dist.iterdir()}
    assert len(suffixes) == 3
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"openapi.yaml", "Makefile", "scripts/dist.py", "src/autocall_otp/py.typed"} <= names


def test_the_wheel_holds_two_typed_packages_and_needs_two_others(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    metadata = script.metadata_of(wheel)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
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
