"""`sandbox` in this process: what it sets up, what it says, how it ends. It is served for real in tests/sandbox."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autocall_otp.sandbox import server as module
from autocall_otp.sandbox.numbers import NUMBERS
from autocall_otp.sandbox.server import Server
from cli.conftest import NUMBER, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from autocall_otp.sandbox.switchboard import Switchboard

REQUEST = {"phone_number": NUMBER, "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001", "ref_id": "r"}


class Foreground:
    """What the command would serve; a deed takes the place of serving it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, str]] = []
        self.deed: Callable[[], object] = lambda: None
        self.board: Switchboard
        self.url = ""
        self.info: dict[str, Any] = {}

    def serve(self, server: Server) -> None:
        self.url, self.info = server.url, asyncio.run(self._ask(server, "/sandbox/info"))
        self.info |= asyncio.run(self._ask(server, "/sandbox/clock"))
        self.deed()

    async def _ask(self, server: Server, path: str) -> Any:
        app: Any = server.config.app
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
            return (await http.get(path)).json()


@pytest.fixture
def foreground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Foreground]:
    found = Foreground()

    class Here(Server):
        """Listens on a free port of this machine, whatever it was told."""

        def __init__(self, board: Switchboard, *, host: str, port: int, token: str) -> None:
            found.asked.append((host, port, token))
            found.board = board
            super().__init__(board, host="127.0.0.1", port=0, token=token)

        def serve_here(self) -> None:
            try:
                found.serve(self)
            finally:
                self._socket.close()

    log, handler = logging.getLogger("autocall_otp.sandbox"), signal.getsignal(signal.SIGTERM)
    level, handlers = log.level, [*log.handlers]
    monkeypatch.setattr(module, "Server", Here)
    yield found
    log.setLevel(level)
    log.handlers[:] = handlers
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


def greeting(url: str, token: str) -> str:
    return f"""\
Autocall OTP sandbox: open {url}/ to see the calls.
Ctrl-C stops it.

Point your program at it:
  export AUTOCALL_API_HOST={url}
  export AUTOCALL_TOKEN={token}

"""


class TestSettingUp:
    """What is served."""

    def test_by_itself_it_serves_this_machine_alone(self, run: Run, foreground: Foreground) -> None:
        assert run("sandbox").exit_code == 0
        assert foreground.asked == [("127.0.0.1", 8025, "sandbox")]
        assert (foreground.info["token"], foreground.info["speed"]) == ("sandbox", 1.0)
        assert foreground.info["auto_answer"] is True

    @pytest.mark.parametrize(("port", "speed"), [("0", "0"), ("65535", "2.5")])
    def test_it_is_set_up_as_the_options_say(self, run: Run, foreground: Foreground, port: str, speed: str) -> None:
        options = ("--host", "localhost", "--port", port, "--token", "mine", "--speed", speed, "--no-auto-answer")
        assert run("sandbox", *options).exit_code == 0
        assert foreground.asked == [("localhost", int(port), "mine")]
        assert (foreground.info["token"], foreground.info["speed"]) == ("mine", float(speed))
        assert foreground.info["auto_answer"] is False

    def test_a_file_keeps_the_calls_and_is_let_go_at_the_end(
        self, run: Run, foreground: Foreground, tmp_path: Path
    ) -> None:
        options = ("--db", str(tmp_path / "calls.db"), "--quiet")
        foreground.deed = lambda: foreground.board.place(REQUEST)
        assert [run("sandbox", *options).exit_code for _ in range(3)] == [0, 0, 0]
        assert [call.id for call in foreground.board.all()] == [1, 2, 3]

    @pytest.mark.parametrize(
        ("option", "value", "words"),
        [
            ("--port", "-1", "-1 is not in the range 0<=x<=65535."),
            ("--port", "65536", "65536 is not in the range 0<=x<=65535."),
            ("--speed", "-0.1", "-0.1 is not in the range x>=0."),
        ],
    )
    def test_a_number_out_of_its_range_is_refused(
        self, run: Run, foreground: Foreground, option: str, value: str, words: str
    ) -> None:
        ran = run("sandbox", option, value)
        assert ran.exit_code == 2
        assert re.search(f"Error: Invalid value for '{option}'.*: {re.escape(words)}\n$", ran.stderr)
        assert foreground.asked == []

    def test_what_the_sandbox_cannot_use_is_told_in_its_words(self, run: Run, foreground: Foreground) -> None:
        words = "speed must be between 0 and 1000000: inf"
        ran = run("sandbox", "--speed", "inf")
        assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {words}\n")
        error = run("sandbox", "--speed", "inf", "--json").only("error")
        assert (error["error"], error["message"], error["exit_code"]) == ("USAGE", words, 2)
        assert foreground.asked == []

    def test_a_taken_address_is_told_with_what_to_do(self, run: Run) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ran = run("sandbox", "--port", str(port))
        why = os.strerror(errno.EADDRINUSE)
        words = f"cannot listen on 127.0.0.1:{port}: {why}. Choose another --host or --port."
        assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {words}\n")

    def test_a_missing_package_is_told_in_the_sandbox_s_words(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, module.__name__, None)
        ran = run("sandbox", "--numbers")
        words = f"import of {module.__name__} halted; None in sys.modules"
        assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {words}\n")


class TestSpeaking:
    """What is said while it serves."""

    @pytest.mark.parametrize(
        ("options", "token"),
        [((), "sandbox"), (("--token", ""), "sandbox"), (("--token", "mine"), "…the --token that you gave")],
    )
    def test_people_read_how_to_use_it(
        self, run: Run, foreground: Foreground, options: tuple[str, ...], token: str
    ) -> None:
        ran = run("sandbox", *options)
        assert (ran.stdout, ran.stderr) == (greeting(foreground.url, token), "")

    @pytest.mark.usefixtures("terminal")
    def test_its_name_is_bold_on_a_terminal(self, run: Run, foreground: Foreground) -> None:
        first = run("sandbox").stdout.splitlines()[0]
        assert first == f"\x1b[1mAutocall OTP sandbox\x1b[0m: open {foreground.url}/ to see the calls."

    def test_programs_read_where_it_listens(self, run: Run, foreground: Foreground) -> None:
        ran = run("sandbox", "--json")
        assert ran.lines == [{"type": "sandbox", "url": foreground.url}]
        assert ran.stderr == ""

    @pytest.mark.parametrize("option", ["--quiet", "-q"])
    def test_nobody_reads_anything_of_a_quiet_one(self, run: Run, foreground: Foreground, option: str) -> None:
        foreground.deed = lambda: foreground.board.place(REQUEST)
        ran = run("sandbox", option)
        assert (ran.stdout, ran.stderr, len(foreground.asked)) == ("", "", 1)

    @pytest.mark.parametrize("options", [(), ("--json",)])
    def test_each_call_is_logged_with_its_time_and_nothing_else_is(
        self, run: Run, foreground: Foreground, options: tuple[str, ...]
    ) -> None:
        def deed() -> None:
            logging.getLogger("somebody.else").warning("not this")
            foreground.board.place(REQUEST)

        foreground.deed = deed
        ran = run("sandbox", *options)
        assert re.fullmatch(r"\d\d:\d\d:\d\d  call 1 to 0332\*\*\*711: queued\n", ran.stderr)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
    def test_an_address_of_this_machine_is_not_warned_of(self, run: Run, foreground: Foreground, host: str) -> None:
        assert run("sandbox", "--host", host).stderr == ""
        assert foreground.asked[0][0] == host

    @pytest.mark.usefixtures("terminal")
    def test_an_address_that_others_reach_is_warned_of(self, run: Run, foreground: Foreground) -> None:
        assert run("sandbox", "--host", "192.0.2.7").stderr == (
            "\x1b[1;33mWarning: listening on 192.0.2.7: whoever reaches this machine sees every code and number"
            " and steers the calls, without a password.\x1b[0m\n"
        )
        assert len(foreground.asked) == 1


class TestEnding:
    """How it ends."""

    def test_ctrl_c_is_a_proper_end(self, run: Run, foreground: Foreground) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        foreground.deed = interrupt
        ran = run("sandbox")
        assert (ran.exit_code, ran.stderr) == (0, "")

    def test_so_is_a_request_to_terminate(self, run: Run, foreground: Foreground) -> None:
        after: list[str] = []

        def terminate() -> None:
            signal.raise_signal(signal.SIGTERM)
            after.append("never comes")

        foreground.deed = terminate
        ran = run("sandbox")
        assert (ran.exit_code, ran.stderr, after) == (0, "", [])


class TestNumbers:
    """The list of special numbers."""

    LIMITED = "429 with Retry-After: 1, then a call on the next try with the same ref_id"

    def test_people_read_a_table(self, run: Run, foreground: Foreground, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "150")
        ran = run("sandbox", "--numbers")
        head, *rows, empty, last = [line.rstrip() for line in ran.stdout.splitlines()]
        assert head == f"Number      {'What happens':73}  What the SDK makes of it"
        assert len(rows) == len(NUMBERS)
        assert rows[1] == f"0900000002  {'is busy at 3 s':73}  record with status busy"
        assert f"0900000429  {self.LIMITED:73}  a call, after one more try" in rows
        assert [row.partition(" ")[0] for row in rows] == [number.phone_number for number in NUMBERS]
        words = "Every other number rings after 2 s, is answered at 7 s and ends at 15 s."
        assert (empty, last) == ("", words)
        assert (ran.exit_code, ran.stderr, foreground.asked) == (0, "", [])

    def test_the_table_fits_a_narrow_terminal(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "60")
        table = run("sandbox", "--numbers").stdout.splitlines()[:-2]
        assert max(map(len, table)) <= 60
        assert len(table) > len(NUMBERS) + 1

    def test_programs_read_a_line_for_each(self, run: Run, foreground: Foreground) -> None:
        ran = run("sandbox", "--numbers", "--json")
        assert [line["phone_number"] for line in ran.lines] == [number.phone_number for number in NUMBERS]
        assert {
            "type": "number",
            "phone_number": "0900000429",
            "name": "rate-limited",
            "happens": self.LIMITED,
            "outcome": "a call, after one more try",
        } in ran.lines
        assert ran.lines[1]["outcome"] == "record with status busy"
        assert (ran.exit_code, ran.stderr, foreground.asked) == (0, "", [])
