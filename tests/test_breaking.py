"""`make breaking` on real repositories: what it finds, what it proposes, what it compares with."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.page import ROOT

pytestmark = pytest.mark.dev
breaking = pytest.importorskip("breaking", reason="what it needs is not in the environment of the lowest versions")

VERSION, CLIENT, MODELS = (f"src/autocall_otp/{name}.py" for name in ("_version", "_client", "models"))
SPEC = "openapi.yaml"
ENV = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "nobody@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Repository:
    """A scratch repository with the contract and the package in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("src", "generated"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / SPEC, root)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        command = [breaking.GIT, *arguments]
        done = subprocess.run(command, cwd=self.root, env=ENV, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, version: str, *, tag: bool = False) -> str:
        self.edit(VERSION, '"[^"]+"$', f'"{version}"')
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", version)
        if tag:
            self.git("tag", f"v{version}")
        return self.git("rev-parse", "HEAD")

    def edit(self, path: str, found: str, put: str) -> None:
        """Replace every match of an expression; there has to be one."""
        total = 0
        for file in self.root.glob(path):
            changed, count = re.subn(found, put, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            file.write_text(changed, encoding="utf-8")
            total += count
        assert total, f"{found} is not in {path}"

    def compare(self, *base: str) -> tuple[int, list[str]]:
        """The exit code and the lines of the report."""
        command = [sys.executable, str(ROOT / "scripts" / "breaking.py"), *base]
        done = subprocess.run(command, cwd=self.root, env=ENV, check=False, capture_output=True, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("released"))
    repository.commit("1.2.0", tag=True)
    return repository


@pytest.fixture
def repository(released: Repository) -> Repository:
    """The state of the release, with nothing changed."""
    released.git("reset", "-q", "--hard", "v1.2.0")
    return released


def test_without_a_change_there_is_nothing_to_report(repository: Repository) -> None:
    line = f"No changes: after 1.2.0 comes 1.2.0 or later; {VERSION} says 1.2.0, which is enough."
    assert repository.compare("v1.2.0") == (0, ["Compared with v1.2.0, version 1.2.0.", line])


ARGUMENT = r"^        ref_id: str \| None = None,$"


def test_a_new_optional_argument_and_a_new_operation_are_minor(repository: Repository) -> None:
    repository.edit(CLIENT, ARGUMENT, "        ref_id: str | None = None,\n        made_up: str | None = None,")
    repository.edit(SPEC, "^components:$", "  /v3/new:\n    get:\n      responses: {}\ncomponents:")
    code, lines = repository.compare("v1.2.0")
    assert code == 0
    assert lines[1:] == [
        "new       Python       autocall_otp.AsyncClient.run_otp(made_up): was added",
        "new       Python       autocall_otp.Client.run_otp(made_up): was added",
        "new       openapi.yaml #/paths//v3/new: was added",
        f"Not breaking: after 1.2.0 comes 1.3.0 or later; {VERSION} says 1.2.0: set it to 1.3.0 for the next release.",
    ]


def test_words_are_a_patch(repository: Repository) -> None:
    repository.edit(SPEC, "description: The call was taken.", "description: The call is taken.")
    code, lines = repository.compare("v1.2.0")
    assert (code, len(lines)) == (0, 3)
    assert lines[1] == "other     openapi.yaml words, examples and what no client notices: 1"
    assert "after 1.2.0 comes 1.2.1 or later" in lines[2]


# What breaks users: the file, what is put for what in it, and what is said of it.
RUN, RECORD = "autocall_otp.Client.run_otp", "autocall_otp.Cdr"
IN_PYTHON: list[tuple[str, str, str, str]] = [
    (CLIENT, f"{ARGUMENT}\n", "", f"{RUN}(ref_id): was removed"),
    (CLIENT, ARGUMENT, "        ref_id: str,", f"{RUN}(ref_id): required, from `False` to `True`"),
    (
        CLIENT,
        ARGUMENT,
        "        ref_id: int | None = None,",
        f"{RUN}(ref_id): takes, from `str | None` to `int | None`",
    ),
    (CLIENT, "-> OtpCall:", "-> OtpCall | None:", f"{RUN}: gives, from `OtpCall` to `OtpCall | None`"),
    (
        CLIENT,
        r"^( +phone_number: str,\n)( +code_otp: str,)",
        r"\2\n\1",
        f"{RUN}: in order, from `phone_number, code_otp` to",
    ),
    (MODELS, "^    rate: .*$", "", f"{RECORD}.rate: was removed"),
    (MODELS, "^    billsec: int ", "    billsec: str ", f"{RECORD}.billsec: gives, from `int | None` to `str | None`"),
    (MODELS, "^    cause: .*$", "    cause: str | None", f"{RECORD}.cause: required, from `False` to `True`"),
    (MODELS, "^    cause: ", "    reason: str\n    cause: ", f"{RECORD}.reason: was added, and is required"),
    (MODELS, "^    BUSY = .*$", "", "autocall_otp.CallStatus.BUSY: was removed"),
    (
        MODELS,
        '^    BUSY = "busy"$',
        '    BUSY = "BUSY"',
        "autocall_otp.CallStatus.BUSY: value, from `'busy'` to `'BUSY'`",
    ),
    (MODELS, "default=3, validator", "default=5, validator", "autocall_otp.Retry.attempts: value, from `3` to `5`"),
    ("src/autocall_otp/*.py", "RateLimitedError", "TooManyError", "autocall_otp.RateLimitedError: was removed"),
    (
        *("src/autocall_otp/_errors.py", r"\(TransportError, TimeoutError\)", "(TransportError)"),
        "autocall_otp.TransportTimeoutError: is a, from `TransportError | TimeoutError` to `TransportError`",
    ),
    (
        *("src/autocall_otp/pytest_plugin.py", "def autocall_sandbox", "def sandbox"),
        "autocall_otp.pytest_plugin.autocall_sandbox: was removed",
    ),
]
IN_THE_COMMAND = [
    ("src/autocall_otp/_cli/run.py", '"--wait"', '"--patience"', "autocall-otp run --wait: was removed"),
    (
        "src/autocall_otp/_cli/exits.py",
        "NO_RECORD = 4",
        "NO_RECORD = 6",
        "exit code NO_RECORD: number, from `4` to `6`",
    ),
]
IN_THE_CONTRACT = [
    (
        SPEC,
        r"template, code_otp\]",
        "template, code_otp, ref_id]",
        "Properties of `OtpRequest` became required: `ref_id`.",
    ),
    (SPEC, "^        rate:\n          type: string\n          description: .*\n", "", "Property `rate` of"),
]
BREAKS = {"Python": IN_PYTHON, "command": IN_THE_COMMAND, SPEC: IN_THE_CONTRACT}


def facts(part: str, root: Path) -> Any:
    return {"Python": breaking.python, "command": breaking.command_line}[part](root)


@pytest.fixture(scope="module")
def base(released: Repository, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """The release: its facts, each read once, or where its contract is."""
    folder = tmp_path_factory.mktemp("base")
    shutil.copytree(released.root, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    return cache(lambda part: folder if part == SPEC else facts(part, folder))


@pytest.mark.parametrize(
    ("part", "path", "found", "put", "said"), [(part, *each) for part, breaks in BREAKS.items() for each in breaks]
)
def test_what_breaks_users_is_found(
    base: Callable[[str], Any], repository: Repository, part: str, path: str, found: str, put: str, said: str
) -> None:
    repository.edit(path, found, put)
    if part == SPEC:
        changes = breaking.contract_changes(base(SPEC), repository.root)
    else:
        changes = list(breaking.compare(part, base(part), facts(part, repository.root)))
    lines = [each.what for each in changes if each.impact is breaking.Impact.BREAKING]
    assert any(said in line for line in lines), lines


def test_a_break_needs_a_major_version(repository: Repository) -> None:
    for breaks in BREAKS.values():
        repository.edit(*breaks[0][:3])
    code, lines = repository.compare("v1.2.0")
    assert code == 1
    assert {line.split()[1] for line in lines if line.startswith("breaking ")} == {"Python", "command", "openapi.yaml"}
    assert lines[-1] == f"Breaking: after 1.2.0 comes 2.0.0 or later; {VERSION} says 1.2.0: set it to 2.0.0."


def test_a_version_that_allows_for_the_break_passes(repository: Repository) -> None:
    repository.edit(MODELS, "^    BUSY = .*$", "")
    repository.edit(VERSION, "1.2.0", "2.0.0")
    code, lines = repository.compare()
    assert (code, lines[-1]) == (
        0,
        f"Breaking: after 1.2.0 comes 2.0.0 or later; {VERSION} says 2.0.0, which is enough.",
    )


NONE, OTHER, NEW, BREAKING = (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("base", "impact", "wanted"),
    [
        ("1.2.3", NONE, "1.2.3"),
        ("1.2.3", OTHER, "1.2.4"),
        ("1.2.3", NEW, "1.3.0"),
        ("1.2.3", BREAKING, "2.0.0"),
        ("0.1.4", OTHER, "0.1.5"),
        ("0.1.4", NEW, "0.1.5"),
        ("0.1.4", BREAKING, "0.2.0"),
    ],
)
def test_the_version_follows_from_the_worst_change(base: str, impact: int, wanted: str) -> None:
    assert str(breaking.proposed(breaking.Version(base), breaking.Impact(impact))) == wanted


def base_at(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is compared with when nothing is named."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(repository.root)
    found: str = breaking.default_base()
    return found


def test_a_release_is_compared_with_the_one_before_and_anything_later_with_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path)
    for version in ("0.1.0", "0.2.0"):
        repository.commit(version, tag=True)
    assert base_at(repository, monkeypatch) == "v0.1.0"
    repository.edit(SPEC, "description: The call was taken.", "description: The call is taken.")
    assert base_at(repository, monkeypatch) == "v0.2.0"
    repository.commit("0.3.0")
    assert base_at(repository, monkeypatch) == "v0.2.0"


def test_without_a_release_the_base_is_where_the_branch_left_main_or_the_first_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path)
    first, left = repository.commit("0.1.0"), repository.commit("0.2.0")
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("0.3.0")
    assert base_at(repository, monkeypatch) == left
    repository.git("branch", "-q", "-D", "main")
    assert base_at(repository, monkeypatch) == first


def test_a_revision_that_is_not_there_is_named(repository: Repository) -> None:
    assert repository.compare("no-such-name") == (1, ["no-such-name is no revision of this repository"])
