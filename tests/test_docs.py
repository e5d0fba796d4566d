"""The pages for people: every block of Python runs, every command exists, every link leads somewhere."""

import builtins
import inspect
import itertools
import json
import logging
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.markdown import Block, anchors, as_pattern, blocks, links, prose
from typer.main import get_command

import autocall_otp
from autocall_otp import AsyncClient, Client, Retry, verify
from autocall_otp import sandbox as sandbox_package
from autocall_otp.cli import app
from autocall_otp.sandbox import Sandbox

pytestmark = pytest.mark.dev

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LLMS = DOCS / "llms.txt"
TESTED_ELSEWHERE = {
    "sandbox.md": "tests/sandbox/test_docs.py",
    "mock.md": "tests/contract/test_mock.py",
    "testing.md": "tests/examples/test_testing_page.py",
}
"""The test that runs a page's Python. A Vietnamese page has the examples of its English one."""
RUN = [page for page in [*PAGES, LLMS] if page.name not in TESTED_ELSEWHERE and blocks(page, "python")]
SETTINGS = {
    "AUTOCALL_API_HOST": "{url}",
    "AUTOCALL_TOKEN": "{token}",
    "AUTOCALL_CAMPAIGN_UUID": "f77dfcf4-0759-4179-93cb-741f481a776e",
    "AUTOCALL_TEMPLATE": "otp_script_01",
}
"""The environment that the pages tell their reader to set, with the sandbox in the service's place."""
VARIABLES = {*SETTINGS, "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"}
SUBSTITUTED = {
    '"api.example.vn"': '"{url}"',
    '"http://127.0.0.1:8025"': '"{url}"',
    '"your-token"': '"{token}"',
    "https://api.example.vn": "{url}",
}
"""What is replaced in a block before it runs; nothing else is."""


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    """A real sandbox whose clock runs fast."""
    with Sandbox(speed=100) as running:
        yield running


@pytest.fixture
def sandbox(service: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """The sandbox as new, an environment that points at it, a folder to work in."""
    service.reset()
    own = {name: value.format(url=service.url, token=service.token) for name, value in SETTINGS.items()}
    others = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    monkeypatch.setattr(os, "environ", others | own)
    monkeypatch.chdir(tmp_path)
    # A page may add a handler to the SDK's logger, and ask its reader for a number.
    monkeypatch.setattr(logging.getLogger("autocall_otp"), "handlers", [])
    monkeypatch.setattr(builtins, "input", lambda _: "0332665711")
    Path("token.txt").write_text(service.token)
    return service


def substituted(block: Block, sandbox: Sandbox) -> str:
    body = block.body
    for written, meant in SUBSTITUTED.items():
        body = body.replace(written, meant.format(url=sandbox.url, token=sandbox.token))
    return body


@pytest.mark.parametrize("page", RUN, ids=named)
def test_the_python_of_a_page_runs_and_prints_what_the_page_says(
    page: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page, "python"):
        # Empty lines before it make a traceback name the line of the page.
        code = compile("\n" * (block.line - 1) + substituted(block, sandbox), page, "exec", dont_inherit=True)
        exec(code, names)  # noqa: S102 - our own page
        printed = capsys.readouterr().out.replace(sandbox.url.removeprefix("http://"), "api.example.vn:443")
        if block.output is not None:
            assert as_pattern(block.output).fullmatch(printed), f"{named(page)}:{block.line} prints\n{printed}"


def test_a_page_that_is_run_elsewhere_is_run_there_in_full() -> None:
    assert {"README.md", "docs/index.md", "docs/vi/index.md", "docs/vi/errors.md"} <= {named(page) for page in RUN}
    for page, test in TESTED_ELSEWHERE.items():
        text = (ROOT / test).read_text("utf-8")
        assert page in text
        # A test that takes blocks by their places takes each.
        places = {int(place) for place in re.findall(r'blocks\((?:PAGE, )?"python"\)\[(\d+)\]', text)}
        assert places in (set(), set(range(len(blocks(DOCS / page, "python")))))


def test_an_output_is_compared_line_by_line() -> None:
    fits = {"a 1\n": "a 1\n", "a\n...\n": "a\nb\nc\n", "b\n...\n": "b\n", "wait ...\n": "wait ...\n"}
    differs = {"a 1\n": "a 2\n", "a\n": "a\nb\n", "a\n...\nd\n": "a\nb\n"}
    assert [output for output, printed in fits.items() if not as_pattern(output).fullmatch(printed)] == []
    assert [output for output, printed in differs.items() if as_pattern(output).fullmatch(printed)] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="the machine has no curl")
def test_the_curl_lines_of_the_page_do_what_the_sdk_does(sandbox: Sandbox) -> None:
    place, look_up = [block for block in blocks(DOCS / "from-curl.md", "sh") if block.body.startswith("curl")]

    def run(block: Block) -> str:
        command = ["bash", "-euc", substituted(block, sandbox).replace("curl ", "curl -sS --fail ", 1)]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout

    assert '"success"' in run(place)
    sandbox.advance(30)
    assert '"answered"' in run(look_up)
    assert [(call.ref_id, call.code_otp) for call in sandbox.calls] == [("ABC123", "LUAN001")]


def shell_lines() -> Iterator[tuple[str, str]]:
    """Every page with every command of it."""
    for page in PAGES:
        for block in blocks(page, "", "bash", "console", "sh", "shell"):
            # A quoted text may run over several lines.
            body = re.sub(r"'[^']*'", lambda text: text[0].replace("\n", " "), block.body.replace("\\\n", " "))
            start = r"\$ " if block.language == "console" else "(?!#)"
            yield from ((named(page), line) for line in re.findall(rf"^ *{start}(.+)$", body, re.MULTILINE))


@pytest.mark.parametrize(("page", "line"), sorted(set(shell_lines())))
def test_a_command_of_a_page_exists(page: str, line: str) -> None:  # noqa: ARG001 - it names the page in the report
    words = shlex.split(line, comments=True)
    for is_pipe, stage in itertools.groupby(words, "|".__eq__):
        command = [word for word in stage if word.partition("=")[0] not in VARIABLES]
        if command and not is_pipe:
            check_command(*command)


def check_command(command: str, *rest: str) -> None:
    match command.removeprefix("../otp-env/bin/"):
        case "make":
            assert f"\n{rest[0]}:" in (ROOT / "Makefile").read_text("utf-8")
        case "autocall-otp":
            commands: Any = get_command(app)
            assert rest[0].startswith("--") or rest[0] in commands.commands
        case "pip":
            assert rest[0] == "install"
            extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
            for target in rest[1:]:
                package, _, extra = target.rstrip("]").partition("[")
                assert package in {".", "autocall-otp", "httpx"}
                assert package == "httpx" or set(extra.split(",")) <= {"", *extras}
        case "npx":
            packages = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
            assert "@".join(["@stoplight/prism-cli", packages["@stoplight/prism-cli"]]) in rest
        case "python" if rest[0].startswith("scripts/"):
            assert (ROOT / rest[0]).is_file()
        case "python":
            assert f"Save this as `{rest[0]}`:" in (DOCS / "index.md").read_text("utf-8")
        case "export":
            assert rest == (), "a variable that the SDK does not read"
        case _:
            assert command in {"curl", "echo", "python3", "."}, f"unknown to this test: {command}"


def test_every_setting_is_in_the_table_with_its_default_and_its_variable() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", prose(DOCS / "configuration.md"), re.MULTILINE))
    for client in (Client, AsyncClient):
        for name, parameter in inspect.signature(client).parameters.items():
            assert name in table
            if type(parameter.default) in {bool, int, float}:
                assert table[name] == f"`{parameter.default}`"
    for field in attrs.fields(Retry):
        assert table[field.name] == f"`{field.default}`"
    source = "".join(file.read_text("utf-8") for file in (ROOT / "src" / "autocall_otp").glob("*.py"))
    assert set(re.findall(r'from_environment\("(\w+)"\)', source)) == set(SETTINGS)
    for page in (DOCS / "configuration.md", DOCS / "index.md", DOCS / "vi" / "index.md"):
        assert {name for name in SETTINGS if name not in page.read_text("utf-8")} == set()


@pytest.mark.parametrize("page", [DOCS / "errors.md", DOCS / "vi" / "errors.md"], ids=named)
def test_every_error_is_in_the_guide(page: Path) -> None:
    public = {name: getattr(autocall_otp, name) for name in autocall_otp.__all__}
    errors = {name for name, kind in public.items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert {name for name in errors if f"`{name}`" not in prose(page)} == set()


def without_words(body: str) -> str:
    """Code without what a translation changes: comments, docstrings, texts of more than a word."""
    return re.sub(r' *# .*$|""".*"""|"[^"\n]* [^"\n]*"', "#", body, flags=re.MULTILINE)


@pytest.mark.parametrize("page", sorted((DOCS / "vi").glob("*.md")), ids=named)
def test_both_languages_have_the_same_examples_and_numbers_and_lead_to_each_other(page: Path) -> None:
    twin = DOCS / page.name
    english, vietnamese = (
        [without_words(each.body) for each in blocks(file, "python", "sh")]
        + re.findall(r"^\| (`09[0-9]{8}`) \|", file.read_text("utf-8"), re.MULTILINE)
        for file in (twin, page)
    )
    assert english == vietnamese
    for file, link in ((twin, f"(vi/{page.name})"), (page, f"(../{page.name})")):
        assert link in file.read_text("utf-8").partition("\n## ")[0]


HOST, CAMPAIGN, CALL = "AUTOCALL_API_HOST", "AUTOCALL_CAMPAIGN_UUID", ("0332665711", "1")
FIRST_ERRORS: list[tuple[str, dict[str, str], str, tuple[object, ...]]] = [
    ("connection refused", {HOST: "http://127.0.0.1:9"}, "get_cdr", ("x",)),
    ("TLS expected, plain HTTP answered", {HOST: "{host}"}, "get_cdr", ("x",)),
    ("host: give the host of your API, or set AUTOCALL_API_HOST", {HOST: ""}, "get_cdr", ("x",)),
    ("token: give a token, or set AUTOCALL_TOKEN", {"AUTOCALL_TOKEN": ""}, "get_cdr", ("x",)),
    ("campaign_uuid: give it here, to the client, or in AUTOCALL_CAMPAIGN_UUID", {CAMPAIGN: ""}, "run_otp", CALL),
    ("the service answered 401: Unauthorized", {"AUTOCALL_TOKEN": "other"}, "get_cdr", ("x",)),
    ("phone_number: has 9 digits; a mobile number has 10", {}, "run_otp", ("033266571", "1")),
    ("phone_number: must be text, since a number would lose its leading 0", {}, "run_otp", (332665711, "1")),
    ("there is no record yet", {}, "wait_for_cdr", ("x",)),
]
"""What a first program says that does not work: the message, the environment, the method and its arguments."""


@pytest.mark.parametrize(("message", "environment", "method", "arguments"), FIRST_ERRORS)
def test_the_quick_start_gives_the_fix_for_the_first_errors(
    message: str, environment: dict[str, str], method: str, arguments: tuple[object, ...], sandbox: Sandbox
) -> None:
    os.environ |= {name: value.format(host=sandbox.url.removeprefix("http://")) for name, value in environment.items()}
    limit = {"timeout": 2} if method == "wait_for_cdr" else {}
    with pytest.raises(autocall_otp.AutocallError, match=re.escape(message)), Client(retry=Retry.none()) as client:
        getattr(client, method)(*arguments, **limit)
    for page in (DOCS / "index.md", DOCS / "vi" / "index.md"):
        assert re.search(rf"^\| [^|]*{re.escape(message)}[^|]*\|", prose(page), re.MULTILINE)


def test_every_public_name_is_in_the_reference() -> None:
    shown = re.findall(r"^::: ([\w.]+)$", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE)
    public = [f"autocall_otp.{name}" for name in autocall_otp.__all__]
    public += [f"{module.__name__}.{name}" for module in (sandbox_package, verify) for name in module.__all__]
    public += ["autocall_otp.pytest_plugin.autocall_sandbox"]
    assert sorted(shown) == sorted(public)


def test_every_page_is_in_the_nav() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2].split()
    assert {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} - {*nav} == set()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "examples" / "README.md", LLMS], ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        if page.suffix == ".txt":
            path = path.replace(".html", ".md")  # a page that is of no use as Markdown
        target = (page.parent / path).resolve() if path else page
        if target == DOCS / "recipes.md":
            target = ROOT / "examples" / "README.md"  # where that page takes its text from
        assert target.is_file(), link
        if anchor and target.name != "api.md":
            assert anchor in anchors(target), link


def test_the_first_screen_of_the_readme_leads_to_the_vietnamese_pages() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines(keepends=True)
    assert len(lines) < 120
    first = "".join(lines[:12])
    assert "(docs/vi/index.md)" in first
    assert "(docs/vi/errors.md)" in first


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=named)
def test_no_line_of_code_is_cut_on_a_desktop(page: Path) -> None:
    # So many characters fit beside both side bars of the site in a window of 1280.
    lines = [line for block in blocks(page, "python", "sh") for line in block.body.splitlines()]
    assert [line for line in lines if len(line) > 80] == []
