"""Build what a release consists of in dist/: wheel, sdist, and a CycloneDX bill of materials.

The packages are built twice and compared byte by byte: a tag that is built anew gives what was published.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
TOOLS = Path(sys.executable).parent


def build(folder: Path, root: Path = ROOT) -> dict[str, bytes]:
    """Build wheel and sdist with the pinned hatchling."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def metadata_of(wheel: Path) -> Message:
    """The metadata that the wheel is published with."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def bill_of_materials(metadata: Message) -> str:
    """What an installation with the sandbox brings, in the versions that were tested, with hashes."""
    command = [str(TOOLS / "cyclonedx-py"), "requirements", "--pyproject", "pyproject.toml"]
    command += ["--mc-type", "library", "--output-reproducible", "--of", "JSON", "requirements/sandbox.txt"]
    bill = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    # The version is not in pyproject.toml, so the tool cannot know it.
    purl = f"pkg:pypi/{metadata['Name']}@{metadata['Version']}"
    bill["metadata"]["component"] |= {"version": metadata["Version"], "purl": purl}
    return json.dumps(bill, indent=2, sort_keys=True) + "\n"


def main() -> None:
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1580601600")  # hatchling's own default, for the tools beside it
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as name:
        if build(DIST) != build(Path(name)):
            sys.exit("two builds of the same source differ")
    subprocess.run([str(TOOLS / "twine"), "check", "--strict", *map(str, DIST.iterdir())], check=True)
    metadata = metadata_of(*DIST.glob("*.whl"))
    bill = DIST / f"{metadata['Name']}-{metadata['Version']}.cdx.json"
    bill.write_text(bill_of_materials(metadata), encoding="utf-8")
    for path in sorted(DIST.iterdir()):
        print(f"{path.stat().st_size:8}  {path.parent.name}/{path.name}")


if __name__ == "__main__":
    main()
