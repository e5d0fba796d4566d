"""Compare the contract, the Python API and the command line with a git revision, and propose a version number.

    python scripts/breaking.py [REVISION]

Without a revision: the last release tag that differs from what is here; else where this branch left main; else the
first commit. Exits with 1 when something breaks that the version in _version.py does not allow for.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version
from public_api import PACKAGE, Facts, python

TOOLS = Path(__file__).resolve().parent.parent
GIT = shutil.which("git") or "git"
CONTRACT = "openapi.yaml"
VERSION = f"src/{PACKAGE}/_version.py"


Impact = IntEnum("Impact", ["NONE", "OTHER", "NEW", "BREAKING"], start=0)
"""What a change means to users; the highest of all changes decides the version."""


class Change(NamedTuple):
    """One change that a user may notice."""

    impact: Impact
    part: str
    what: str


IMPACTS = {"major": Impact.BREAKING, "minor": Impact.NEW, "patch": Impact.OTHER}


def git(*arguments: str) -> str:
    """What git prints; nothing where it finds nothing."""
    done = subprocess.run([GIT, *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode else done.stdout.strip()


def default_base() -> str:
    """The revision to compare with when none is named."""
    # On the commit of a release, that release is no base: the one before it is.
    for commit in ("HEAD", "HEAD^"):
        tag = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", commit)
        if tag and git("diff", "--name-only", tag):
            return tag
    for main in ("main", "origin/main"):
        if base := git("merge-base", "HEAD", main):
            return base
    return git("rev-list", "--max-parents=0", "HEAD").split("\n")[0]


def version_in(root: Path) -> Version:
    """The version of a tree; 0.0.0 where it states none."""
    path = root / VERSION
    found = re.search(r'__version__ = "(.+?)"', path.read_text(encoding="utf-8")) if path.exists() else None
    return Version(found[1] if found else "0.0.0")


def contract_changes(base: Path, root: Path) -> list[Change]:
    """What changed in the contract, by Redocly's rules; words, examples and wider requests are one entry."""
    if not (base / CONTRACT).exists():
        return [Change(Impact.NEW, CONTRACT, "the contract was added")]
    redocly = [str(TOOLS / ".venv/bin/node"), str(TOOLS / "node_modules/@redocly/cli/bin/cli.js")]
    command = [*redocly, "diff", str(base / CONTRACT), str(root / CONTRACT), "--config", str(TOOLS / "redocly.yaml")]
    done = subprocess.run(
        [*command, "--format", "json", "--fail-on", "none"], capture_output=True, text=True, check=False
    )
    if done.returncode or "No diff rules" in done.stderr:
        sys.exit(f"redocly could not compare the two contracts:\n{done.stderr}{done.stdout}")
    changes = json.loads(done.stdout)["changes"]
    found: dict[Change, None] = {}
    for each in changes:
        impact = IMPACTS[each["impact"]]
        if impact is not Impact.OTHER:
            said = " ".join(verdict["message"] for verdict in each["verdicts"]) or f"was {each['kind']}"
            found[Change(impact, CONTRACT, f"{each['path'].replace('~1', '/')}: {said}")] = None
    if harmless := sum(each["impact"] == "patch" for each in changes):
        found[Change(Impact.OTHER, CONTRACT, f"words, examples and what no client notices: {harmless}")] = None
    return list(found)


def command_line(root: Path) -> Facts:
    """The commands, options, arguments and exit codes of a tree."""
    if not (root / "src" / PACKAGE / "cli.py").exists():
        return {}
    env = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root / 'generated'}"}
    command = [sys.executable, str(TOOLS / "scripts" / "command_line.py")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the command line of {root} cannot be read:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def compare(part: str, old: Facts, new: Facts) -> Iterator[Change]:
    """What changed for users of a part: what is gone, what is new, what is another than before."""
    gone, fresh = ([name for name in one if name not in other] for one, other in ((old, new), (new, old)))
    for name in [name for name in gone if not _is_below(name, gone)]:
        yield Change(Impact.BREAKING, part, f"{name}: was removed")
    for name in [name for name in fresh if not _is_below(name, fresh)]:
        if new[name].get("required"):
            yield Change(Impact.BREAKING, part, f"{name}: was added, and is required")
        else:
            yield Change(Impact.NEW, part, f"{name}: was added")
    for name in [name for name in old if name in new]:
        for aspect, was in old[name].items():
            now = new[name].get(aspect)
            if was != now and not (aspect == "value" and None in {was, now}):
                impact = Impact.NEW if _is_harmless(aspect, str(was), str(now)) else Impact.BREAKING
                yield Change(impact, part, f"{name}: {aspect}, from `{was}` to `{now}`")


def _is_below(name: str, others: list[str]) -> bool:
    """Whether one of the others holds this: a class its fields, a function its arguments, a command its options."""
    ends = {index for index, letter in enumerate(name) if letter in ".( "}
    return any(name[:end] in others for end in ends)


def _is_harmless(aspect: str, was: str, now: str) -> bool:
    """Whether callers may pass what they passed before, and get nothing that they did not get before."""
    before, after = (set(each.split(" | ")) for each in (was, now))
    return {
        "takes": before <= after,
        "is a": before <= after,
        "gives": after <= before,
        "in order": now.startswith(f"{was}, ") or not was,
        "required": now == "False",
        "many": now == "True",
    }.get(aspect, False)


def proposed(base: Version, impact: Impact) -> Version:
    """The lowest version that semantic versioning allows after such changes."""
    major, minor, patch = base.major, base.minor, base.micro
    if impact is Impact.NONE:
        return base
    # Before 1.0.0 the second number stands for what breaks, and the third for all else.
    if impact is Impact.BREAKING:
        return Version(f"{major + 1}.0.0" if major else f"0.{minor + 1}.0")
    return Version(f"{major}.{minor + 1}.0" if impact is Impact.NEW and major else f"{major}.{minor}.{patch + 1}")


def verdict(changes: list[Change], base: Version, current: Version) -> tuple[str, bool]:
    """The last line of the report, and whether the version allows for the changes."""
    impact = max((each.impact for each in changes), default=Impact.NONE)
    wanted = proposed(base, impact)
    said = ("No changes", "Nothing new and nothing breaking", "Not breaking", "Breaking")[impact]
    line = f"{said}: after {base} comes {wanted} or later; {VERSION} says {current}"
    if Version(current.base_version) >= wanted:
        return f"{line}, which is enough.", True
    return f"{line}: set it to {wanted}{'' if impact is Impact.BREAKING else ' for the next release'}.", False


def main() -> None:
    top = git("rev-parse", "--show-toplevel")
    if not top:
        sys.exit("This compares with a revision of a git repository, and here is none.")
    root = Path(top)
    asked = sys.argv[1] if len(sys.argv) > 1 else default_base()
    revision = git("rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
    if not revision:
        sys.exit(f"{asked} is no revision of this repository")
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as name:
        base = Path(name)
        # The first releases of Python 3.11 unpack tar files less carefully than zip files.
        packed = subprocess.run([GIT, "archive", "--format=zip", revision], capture_output=True, check=True).stdout
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(base)
        changes = contract_changes(base, root)
        changes += compare("Python", python(base), python(root))
        changes += compare("command", command_line(base), command_line(root))
        old = version_in(base)
    print(f"Compared with {git('describe', '--tags', '--always', revision)}, version {old}.")
    for each in sorted(changes, key=lambda change: (-change.impact, change.part, change.what)):
        print(f"{each.impact.name.lower():9} {each.part:12} {each.what}")
    line, allowed = verdict(changes, old, version_in(root))
    print(line)
    sys.exit(not allowed and any(each.impact is Impact.BREAKING for each in changes))


if __name__ == "__main__":
    main()
