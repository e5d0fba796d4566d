"""`config`: options, then the environment, then the file; a file that others may read keeps no token."""

import os
import traceback
from pathlib import Path

import platformdirs
import pytest
from platformdirs import windows

from autocall_otp import ConfigurationError
from autocall_otp._cli.settings import Setting, Settings, load
from autocall_otp.sandbox import Sandbox
from cli.conftest import CAMPAIGN, NUMBER, TEMPLATE, TOKEN, Run

VALUES = {"host": "api.example.vn", "token": TOKEN, "campaign_uuid": CAMPAIGN, "template": TEMPLATE}
WAYS = [
    ("host", "AUTOCALL_API_HOST", "--host"),
    ("token", "AUTOCALL_TOKEN", None),
    ("campaign_uuid", "AUTOCALL_CAMPAIGN_UUID", "--campaign"),
    ("template", "AUTOCALL_TEMPLATE", "--template"),
]
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def place(home: Path) -> Path:
    """Where the settings file usually is."""
    path = home / "autocall-otp" / "config.toml"
    path.parent.mkdir()
    return path


@pytest.fixture
def file(place: Path) -> Path:
    """The file with all that it may set."""
    place.write_text("".join(f'{name} = "{value}"\n' for name, value in VALUES.items()))
    place.chmod(0o600)
    return place


def told(run: Run, *arguments: str) -> dict[str, tuple[str | None, str, str | None]]:
    """Each setting as `config` tells programs: value, source, origin."""
    lines = run("config", "--json", *arguments).all("setting")
    return {line["name"]: (line["value"], line["source"], line["origin"]) for line in lines}


@pytest.mark.parametrize(("name", "variable", "option"), WAYS)
def test_an_option_comes_before_the_environment_before_the_file(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str, option: str | None
) -> None:
    secret = "***" if name == "token" else None
    assert told(run)[name] == (secret or VALUES[name], "file", str(file))
    monkeypatch.setenv(variable, "environment")
    assert told(run)[name] == (secret or "environment", "environment", variable)
    if option:
        assert told(run, option, "option")[name] == ("option", "option", option)
    file.write_text("")
    monkeypatch.setenv(variable, "")
    assert told(run)[name] == (None, "unset", None)


def test_people_read_the_value_and_where_it_comes_from(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "mine.toml"
    path.write_text('template = "odd\\u001bname"', encoding="utf-8")
    monkeypatch.setenv("AUTOCALL_TOKEN", TOKEN)
    ran = run("config", "--config", str(path), "--host", "api.example.vn")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        f"settings file: {path}",
        "host          api.example.vn  --host",
        "token         ***  AUTOCALL_TOKEN",
        "campaign_uuid -  set --campaign or AUTOCALL_CAMPAIGN_UUID or campaign_uuid in the settings file",
        f"template      odd\ufffdname  {path}",
    ]


def test_the_file_is_enough_for_a_call(run: Run, file: Path, sandbox: Sandbox) -> None:
    file.write_text(file.read_text().replace("api.example.vn", sandbox.url))
    assert run("run", NUMBER, "--generate").exit_code == 0
    (call,) = sandbox.calls
    assert (call.record["campaign_uuid"], call.template) == (CAMPAIGN, TEMPLATE)


def test_a_host_is_a_name_or_a_url() -> None:
    urls = {
        "api.example.vn": "https://api.example.vn",
        "http://[::1]:8025": "http://[::1]:8025",
        " x:1 ": "https://x:1",
    }
    assert {host: load(host=host, config=None).url for host in urls} == urls


@pytest.mark.parametrize(
    ("arguments", "variable", "words"),
    [
        (["--campaign", "x"], {}, "--campaign: must be a UUID\n"),
        ([], {"AUTOCALL_CAMPAIGN_UUID": "x"}, "AUTOCALL_CAMPAIGN_UUID: must be a UUID\n"),
        ([], {}, "campaign_uuid in {file}: must be a UUID\n"),
        (["--host", "http://example.vn"], {}, "--host: plain http"),
        ([], {"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE"),
        ([], {"HTTPS_PROXY": "no proxy at all:x"}, "proxy"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_before_anything_is_sent(
    run: Run, file: Path, arguments: list[str], variable: dict[str, str], words: str
) -> None:
    value = "x" if "UUID" in words else CAMPAIGN
    file.write_text(file.read_text().replace(CAMPAIGN, value))
    ran = run("doctor", *arguments, **variable)
    assert (ran.exit_code, ran.stdout, words.format(file=file) in ran.stderr) == (5, "", True), ran.stderr


def test_no_repr_shows_a_value_and_no_option_takes_a_token(run: Run, tmp_path: Path) -> None:
    token = Setting("token", TOKEN, "file", "/f")
    assert TOKEN not in repr(token) + repr(Settings(tmp_path, found=True, each={"token": token}))
    assert run("config", "--token", "x").exit_code == 2


def test_a_variable_names_the_file_unless_an_option_does(run: Run, home: Path, place: Path) -> None:
    first, second = home / "first.toml", home / "second.toml"
    for each in (first, second):
        each.write_text(f'template = "{each.stem}"')
    named = {"AUTOCALL_CONFIG": str(first)}
    assert "template      first  " in run("config", **named).stdout
    assert "template      second  " in run("config", "--config", str(second), **named).stdout
    assert run("config", AUTOCALL_CONFIG=str(home / "none.toml")).exit_code == 5
    assert "cannot be read" in run("config", "--config", str(home)).stderr
    unnamed = run("config", "--json", AUTOCALL_CONFIG="")
    assert unnamed.only("file") == {"type": "file", "path": str(place), "found": False}


def test_on_windows_the_file_stands_in_one_folder_of_the_local_settings(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "PlatformDirs", windows.Windows)
    monkeypatch.setattr(windows, "get_win_folder", lambda _: str(home))
    assert load(host=None, config=None).path == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"token = {TOKEN}".encode(), "is not TOML"),
        (b"\xe4", "is not TOML"),
        (b"host = " + b"[" * 3000, "is not TOML"),
        (b"host = " + b"1" * 5000, "is not TOML"),
        (b"token = 5", "token must be a non-empty text in quotes"),
        (b'host = ""', "host must be a non-empty text in quotes"),
        (f'hots = "{TOKEN}"'.encode(), "knows no 'hots'; it may set host, token, campaign_uuid, template"),
    ],
)
def test_a_wrong_file_is_told_without_its_content(file: Path, text: bytes, words: str) -> None:
    file.write_bytes(text)
    with pytest.raises(ConfigurationError) as caught:
        load(host=None, config=None)
    assert str(caught.value) == f"settings file {file}: {words}"
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_a_token_that_others_may_read_is_refused(run: Run, file: Path) -> None:
    commands = (["config"], ["run", NUMBER, "--generate"], ["cdr", "r"], ["wait", "r"], ["doctor"])
    for command, mode in zip(commands, (0o640, 0o604, 0o620, 0o601, 0o644), strict=True):
        file.chmod(mode)
        ran = run(*command)
        assert (ran.exit_code, f"others may read it; run: chmod 600 '{file}'" in ran.stderr) == (5, True)
    file.write_text('host = "api.example.vn"')
    assert told(run)["host"] == ("api.example.vn", "file", str(file)), "without a token it may be shared"
