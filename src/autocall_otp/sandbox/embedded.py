"""The sandbox inside a program: a real server on a free port, for tests and demos."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from autocall_otp.sandbox.calls import PlacedCall, masked
from autocall_otp.sandbox.clock import monotonic
from autocall_otp.sandbox.server import Server
from autocall_otp.sandbox.store import DEFAULT_LIMIT
from autocall_otp.sandbox.switchboard import RepeatedRefId, Switchboard
from autocall_otp.sandbox.view import Call

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from autocall_otp.sandbox.chaos import Chaos
    from autocall_otp.sandbox.clock import Clock
    from autocall_otp.sandbox.journal import ReceivedRequest

DEFAULT_TOKEN = "sandbox"  # noqa: S105  # nosec B105 - a stand-in's token, known to all


class Sandbox:
    """A stand-in for the voice OTP service, on a real socket; a context manager, safe for threads.

    Args:
        host: Address to listen on; loopback, unless others are meant to reach it.
        port: Port to listen on; 0 takes a free one.
        token: The bearer token that it asks for: printable ASCII, without white space at its ends.
        speed: Sandbox seconds for each real second, up to a million. With 0 the clock stands still and only
            `advance` moves it, which makes a test exact.
        auto_answer: Whether ordinary numbers are answered automatically; else they ring until `answer`, or for 25 s.
        db: SQLite file to keep the calls in; None keeps them in memory.
        max_calls: How many calls are kept; beyond it the one that ended first goes.
        repeated_ref_id: What a call with a `ref_id` that was used before gets: `dial` rings the phone again, `replay`
            answers as before without a ring, `refuse` is a 409. The provider does not say what the service does.

    Raises:
        ValueError: If token, speed, max_calls or repeated_ref_id is out of its range, or db is not a sandbox's file,
            cannot be read or is in use.
    """

    def __init__(  # noqa: PLR0913 - all by keyword, all optional
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        speed: float = 1.0,
        auto_answer: bool = True,
        db: str | os.PathLike[str] | None = None,
        max_calls: int = DEFAULT_LIMIT,
        repeated_ref_id: RepeatedRefId = "dial",
    ) -> None:
        if not re.fullmatch("[!-~]([ -~]*[!-~])?", token):
            msg = "token must be printable ASCII, without white space at its ends: no header can carry another one"
            raise ValueError(msg)
        self.token: str = token
        self._host = host
        self._port = port
        self._board = Switchboard(
            speed=speed,
            auto_answer=auto_answer,
            limit=max_calls,
            path=Path(db) if db is not None else None,
            repeated_ref_id=repeated_ref_id,
        )
        self._server: Server | None = None
        # The ids of the calls that expect_call has given, and the lock under which it gives one.
        self._given: set[int] = set()
        self._giving = threading.Lock()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Sandbox at {self._server.url}>" if self._server else "<Sandbox, not running>"

    def start(self) -> Self:
        """Listen, in a background thread, until `stop`.

        Raises:
            RuntimeError: If it runs already or ran before.
            OSError: If the address cannot be bound.
        """
        if self._server or self._board.stopping:
            msg = "a sandbox can be started once; make another one"
            raise RuntimeError(msg)
        server = Server(self._board, host=self._host, port=self._port, token=self.token)
        server.start()
        self._server = server
        return self

    def stop(self) -> None:
        """Close every connection and the database; the calls can still be read. Calling it again does nothing."""
        if self._server:
            self._server.stop()
            self._server = None
        self._board.stop()
        self._board.close()

    @property
    def url(self) -> str:
        """Where it listens, for example `http://127.0.0.1:49152`; raises RuntimeError when it does not run."""
        if not self._server:
            msg = "the sandbox is not running: use `with Sandbox() as sandbox:` or call start()"
            raise RuntimeError(msg)
        return self._server.url

    @property
    def calls(self) -> list[Call]:
        """Every call that is kept, in the order in which they were placed."""
        return [self._view(call) for call in self._board.all()]

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The latest requests to the service, oldest first: 500 that were answered as asked, 500 that were not."""
        return self._board.requests()

    @property
    def clock(self) -> Clock:
        """The clock that the calls live by."""
        return self._board.clock

    @property
    def chaos(self) -> Chaos:
        """How often the service misbehaves; assign a `Chaos` to change it, also while it runs."""
        return self._board.chaos

    @chaos.setter
    def chaos(self, chaos: Chaos) -> None:
        self._board.set_chaos(chaos)

    @property
    def auto_answer(self) -> bool:
        """Whether ordinary numbers are answered automatically; can be changed while it runs."""
        return self._board.auto_answer

    @auto_answer.setter
    def auto_answer(self, value: bool) -> None:
        self._board.auto_answer = value

    @property
    def repeated_ref_id(self) -> RepeatedRefId:
        """What a call with a `ref_id` that was used before gets; can be changed while it runs."""
        return self._board.repeated_ref_id

    @repeated_ref_id.setter
    def repeated_ref_id(self, value: RepeatedRefId) -> None:
        self._board.repeated_ref_id = value

    def latest(self, phone_number: str | None = None) -> Call:
        """The latest call, to this number where one is given, in any spelling: `0332…`, `+84 332 …`.

        Raises:
            LookupError: If there is none; the message says what came instead.
        """
        call = self._board.latest(phone_number)
        if call is None:
            raise LookupError(self._none_to(phone_number))
        return self._view(call)

    def expect_call(self, phone_number: str | None = None, *, timeout: float = 5.0) -> Call:
        """The next call, to this number where one is given: each call is given once, the oldest first.

        It waits for a call that a background job is about to place. Asked again, it waits for another one, so that
        the second login of a test never reads the code of the first.

        Args:
            phone_number: The number, in any spelling.
            timeout: At most so many real seconds.

        Raises:
            TimeoutError: If no such call was placed in time; the message says what came instead.
        """

        def look() -> PlacedCall | None:
            with self._giving:
                found = next((call for call in self._board.all(phone_number) if call.id not in self._given), None)
                if found:
                    self._given.add(found.id)
            return found

        return self._wait(timeout, look, phone_number)

    def wait_for_call(
        self, phone_number: str | None = None, *, timeout: float = 5.0, after: Call | None = None
    ) -> Call:
        """The latest call, to this number where one is given, as soon as there is one; see also `expect_call`.

        Args:
            phone_number: The number, in any spelling.
            timeout: At most so many real seconds.
            after: Wait for a call placed after this one.

        Raises:
            TimeoutError: If no such call was placed in time; the message says what came instead.
        """
        known = after.id if after else 0
        return self._wait(timeout, lambda: self._board.latest(phone_number, known), phone_number)

    def advance(self, seconds: float) -> None:
        """Move the clock forward; 30 seconds finish any ordinary call. Raises ValueError for a negative step."""
        self._board.advance(seconds)

    def answer(self, call: Call) -> None:
        """Answer a call that rings or is about to; it ends 8 s later. Raises NotRingingError, LookupError."""
        call.answer()

    def reject(self, call: Call) -> None:
        """Reject it: it ends as `busy`. Raises NotRingingError, LookupError."""
        call.reject()

    def leave_unanswered(self, call: Call) -> None:
        """Give it up: it ends as `no-answered`. Raises NotRingingError, LookupError."""
        call.leave_unanswered()

    def hang_up(self, call: Call) -> None:
        """End a call that someone answered, as its callee. Raises NotTalkingError, LookupError."""
        call.hang_up()

    def clear(self) -> None:
        """Forget all calls."""
        self._board.clear()

    def reset(self) -> None:
        """Forget the calls and the requests, end the chaos, go back to the settings of the start."""
        self._given.clear()
        self._board.reset()

    def _wait(self, timeout: float, look: Callable[[], PlacedCall | None], phone_number: str | None) -> Call:
        deadline = monotonic() + timeout
        while True:
            count = self._board.bell.count
            if call := look():
                return self._view(call)
            left = deadline - monotonic()
            if left <= 0:
                raise TimeoutError(f"{self._none_to(phone_number)} (waited {timeout:g} s)")
            self._board.bell.wait(count, left)

    def _none_to(self, phone_number: str | None) -> str:
        """That there is no such call, and what came instead: what a test that fails would look for next."""
        words = f"no call to {masked(phone_number)}" if phone_number else "no call"
        kept, failed = self._board.all(), [request for request in self._board.requests() if not request.ok]
        words += f"; calls kept: {len(kept)}" + (f", the latest to {masked(kept[-1].phone_number)}" if kept else "")
        if failed:
            words += f"; requests that failed: {len(failed)}, the latest {failed[-1].method}: {failed[-1].outcome}"
        return words

    def _view(self, call: PlacedCall) -> Call:
        return Call(
            self._board,
            call.id,
            call.phone_number,
            call.request["code_otp"],
            call.request["template"],
            call.ref_id,
            call.call_id,
        )
