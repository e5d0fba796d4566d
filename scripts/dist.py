"""Build what a release consists of in dist/: wheel, sdist, and a CycloneDX bill of materials.

The packages are built twice and compared byte by byte: whoever builds a tag anew gets what was published.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email import message_from_bytes
from email.message import Message
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
TOOLS = Path(sys.executable).parent
EXTRAS = ("cli", "sandbox")
PIN = re.compile(r"^([a-z0-9._-]+)==.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
"""One package of a lock file, with its hashes."""


def build(folder: Path) -> list[Path]:
    """Build wheel and sdist with the pinned hatchling."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.iterdir())


def needed(metadata: Message, extras: tuple[str, ...]) -> set[NormalizedName]:
    """What the wheel needs on this machine with these extras, all the way down."""
    own = canonicalize_name(metadata["Name"])
    found: set[tuple[NormalizedName, str]] = set()
    left = [(own, extra) for extra in ("", *extras)]
    while left:
        name, extra = pair = left.pop()
        if pair in found:
            continue
        found.add(pair)
        for line in metadata.get_all("Requires-Dist", []) if name == own else requires(name) or []:
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                left += [(canonicalize_name(need.name), wanted) for wanted in ("", *need.extras)]
    return {name for name, _ in found} - {own}


def bill_of_materials(metadata: Message) -> str:
    """The packages that an installation with every extra brings, in the versions that were tested, with hashes."""
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    pins = {canonicalize_name(match[1]): match[0] for match in PIN.finditer(lock)}
    names = sorted(needed(metadata, EXTRAS))
    if missing := set(names) - pins.keys():
        sys.exit(f"requirements/dev.txt does not pin {sorted(missing)}")
    command = [str(TOOLS / "cyclonedx-py"), "requirements", "--pyproject", str(ROOT / "pyproject.toml"), "-"]
    command += ["--mc-type", "library", "--output-reproducible", "--of", "JSON"]
    chosen = "".join(pins[name] for name in names)
    done = subprocess.run(command, input=chosen, capture_output=True, text=True, check=True)
    bill = json.loads(done.stdout)
    # The version is not in pyproject.toml, so the tool cannot know it.
    purl = f"pkg:pypi/{metadata['Name']}@{metadata['Version']}"
    bill["metadata"]["component"] |= {"version": metadata["Version"], "purl": purl}
    return json.dumps(bill, indent=2, sort_keys=True) + "\n"


def metadata_of(wheel: Path) -> Message:
    """The metadata that the wheel was published with."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def main() -> None:
    """Build, compare, check and describe."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1580601600")  # hatchling's own default, for the tools beside it
    shutil.rmtree(DIST, ignore_errors=True)
    built = build(DIST)
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as name:
        again = build(Path(name))
        if [(path.name, path.read_bytes()) for path in built] != [(path.name, path.read_bytes()) for path in again]:
            sys.exit("two builds of the same source differ")
    subprocess.run([str(TOOLS / "twine"), "check", "--strict", *map(str, built)], check=True)
    (wheel,) = DIST.glob("*.whl")
    metadata = metadata_of(wheel)
    bill = DIST / f"{metadata['Name']}-{metadata['Version']}.cdx.json"
    bill.write_text(bill_of_materials(metadata), encoding="utf-8")
    for path in sorted(DIST.iterdir()):
        print(f"{path.stat().st_size:8}  {path.parent.name}/{path.name}")


if __name__ == "__main__":
    main()
