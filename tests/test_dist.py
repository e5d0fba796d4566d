"""What a release consists of: reproducible packages, a bill of materials, and a workflow without a secret."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.page import ROOT

pytestmark = [pytest.mark.dev, pytest.mark.timeout(180)]
SOURCE = ("docs", "generated", "requirements", "scripts", "src", "tests")
RELEASE = ROOT / ".github" / "workflows" / "release.yml"


def copy(to: Path, umask: int) -> Path:
    """The source as another person has it: elsewhere, with other times and modes."""
    skip = shutil.ignore_patterns("__pycache__", "*.png")
    for name in SOURCE:
        shutil.copytree(ROOT / name, to / name, ignore=skip)
    for path in ROOT.iterdir():
        if path.is_file() and path.name != ".git":
            shutil.copy(path, to / path.name)
    for path in to.rglob("*"):
        os.utime(path, (time.time() - umask, time.time() - umask))
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
    return to


def build(source: Path, epoch: str) -> dict[str, bytes]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(source / "out")]
    env = os.environ | {"SOURCE_DATE_EPOCH": epoch, "TZ": f"UTC-{epoch[-1]}"}
    subprocess.run(command, cwd=source, check=True, capture_output=True, env=env)
    return {path.name: path.read_bytes() for path in (source / "out").iterdir()}


def test_the_same_source_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    first = build(copy(tmp_path / "first", 0o022), "1700000000")
    second = build(copy(tmp_path / "a longer name", 0o077), "1700000000")
    assert {Path(name).suffix for name in first} == {".whl", ".gz"}
    assert first == second
    assert build(tmp_path / "first", "1700000002") != first, "the time is SOURCE_DATE_EPOCH's"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` writes."""
    import dist as script  # noqa: PLC0415 - a script of the development environment

    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "DIST", folder / "made")
        script.main()
    return folder / "made"


def bill(dist: Path) -> dict[str, Any]:
    (path,) = dist.glob("*.cdx.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def test_make_dist_writes_packages_and_a_bill_of_materials(dist: Path) -> None:
    suffixes = {"".join(path.suffixes[-2:]) for path in dist.iterdir()}
    assert len(suffixes) == 3
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"openapi.yaml", "Makefile", "scripts/dist.py", "src/autocall_otp/py.typed"} <= names


def test_the_bill_names_what_an_installation_brings_and_no_tool_of_ours(dist: Path) -> None:
    found = bill(dist)
    assert found["bomFormat"] == "CycloneDX"
    assert found["metadata"]["component"]["name"] == "autocall-otp"
    assert found["metadata"]["component"]["version"]
    names = {component["name"] for component in found["components"]}
    assert {"httpx", "attrs", "httpcore", "certifi", "typer", "rich", "platformdirs", "starlette"} <= names
    assert not names & {"pytest", "mypy", "ruff", "twine", "autocall-otp"}
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
