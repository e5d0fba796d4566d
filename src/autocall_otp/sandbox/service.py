"""The provider's API, played: the two operations of openapi.yaml, with the special test numbers and chaos."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.contract import Contract, Violation
from autocall_otp.sandbox.endpoints import Checked, Endpoints, Explained, Handler
from autocall_otp.sandbox.numbers import Answer, LookUp, SpecialNumber, special

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from autocall_otp.sandbox.calls import PlacedCall
    from autocall_otp.sandbox.connections import Connections
    from autocall_otp.sandbox.switchboard import Switchboard

RETRY_AFTER = "1"
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
NO_MONEY = {"status": "fail", "message": "Số dư không đủ"}
# What a database writes that has no better word for "never".
NEVER = "1970-01-01 07:00:00"
STATUSES: dict[Answer, int] = {
    Answer.UNAUTHORIZED: 401,
    Answer.FORBIDDEN: 403,
    Answer.SERVER_ERROR: 500,
    Answer.UNAVAILABLE: 503,
}


class NoAnswer(Response):
    """Closes the connection without a byte."""

    def __init__(self, connections: Connections, *, reset: bool) -> None:
        super().__init__(status_code=0)
        self._connections = connections
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Close it, and wait until the server knows."""
        self._connections.close(scope["client"], reset=self._reset)
        while (await receive())["type"] != "http.disconnect":
            pass


class Stall(Response):
    """Says nothing until the caller gives up or the sandbox stops."""

    def __init__(self, board: Switchboard, connections: Connections) -> None:
        super().__init__(status_code=0)
        self._board = board
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Wait for the caller's end."""
        stop = asyncio.create_task(_stopped(self._board))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({stop, gone}, return_when=asyncio.FIRST_COMPLETED)
            self._connections.close(scope["client"], reset=False)
            await gone
        finally:
            stop.cancel()
            gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stopped(board: Switchboard) -> None:
    count = board.bell.count
    while not board.stopping:
        count = await board.bell.listen(count, None)


class Service:
    """What the two operations do."""

    def __init__(self, board: Switchboard, connections: Connections) -> None:
        self._board = board
        self._connections = connections

    def endpoints(self, contract: Contract, token: str) -> Endpoints:
        """The application that serves them."""
        return Endpoints(contract, self.handlers(), token, self._board.take_note)

    def handlers(self) -> dict[str, Handler]:
        """The operations by their ids."""
        return {"runOtp": self.run_otp, "getCdrByRefId": self.get_cdr}

    async def run_otp(self, request: Checked) -> Response | Explained:
        """Take a call, or do what chance or the number says."""
        body: dict[str, Any] = request.body
        mishap = self._board.roll()
        await self._late(mishap.latency)
        if mishap.reset:
            if mishap.reset_after_dialling:
                self._board.place(body)
                return self._reset("after the call was placed")
            return self._reset("before a call was placed")
        if mishap.error:
            raise _error(mishap.error, "chaos: an error by chance")
        earlier = self._board.by_reference(body.get("ref_id", ""))
        if earlier and self._board.repeated_ref_id == "refuse":
            error = [{"ref_id": "ref_id was used before"}]
            raise Violation(409, error, reason="ref_id was used before, and the sandbox is set to refuse that")
        if earlier and self._board.repeated_ref_id == "replay":
            return Explained(_taken(earlier), "ref_id was used before: the same answer, no other call", ok=True)
        return self._to_number(body)

    async def get_cdr(self, request: Checked) -> Response | Explained:
        """The record of the latest call with this reference."""
        mishap = self._board.roll()
        await self._late(mishap.latency)
        if mishap.reset:
            return self._reset("before the record was sent")
        if mishap.error:
            raise _error(mishap.error, "chaos: an error by chance")
        call = self._board.by_reference(request.parameters["ref_id"])
        if call is None:
            raise Violation(404, "Not Found", reason="no call with this ref_id is kept")
        meaning = special(call.phone_number)
        look_up = meaning.look_up if meaning else LookUp.NORMAL
        if calls.has_record(call, self._board.clock.now()):
            record = calls.record(call)
            if look_up is LookUp.CAPITALS:
                record["status"] = record["status"].upper().replace("-", "_")
            return JSONResponse(record)
        if meaning and look_up in EARLY:
            return Explained(EARLY[look_up](call), _on_purpose(meaning), ok=True)
        raise Violation(404, "Not Found", reason="the record is not there yet", ok=True)

    def _to_number(self, body: dict[str, Any]) -> Response | Explained:
        """Place the call unless the number says no, and answer as the number says."""
        meaning = special(body["phone_number"])
        if meaning is None or meaning.answer is Answer.NORMAL:
            return _taken(self._board.place(body))
        why = _on_purpose(meaning)
        if meaning.answer in STATUSES:
            raise _error(STATUSES[meaning.answer], why)
        if meaning.answer is Answer.REFUSED_IN_WORDS:
            return Explained(JSONResponse(NO_MONEY), why)
        if meaning.answer is Answer.RATE_LIMITED_ONCE:
            if self._board.refuse_once(body["phone_number"], body.get("ref_id", "")):
                raise _error(429, why)
            return _taken(self._board.place(body))
        return Explained(self._spoilt(self._board.place(body), meaning.answer), why)

    def _spoilt(self, call: PlacedCall, answer: Answer) -> Response:
        """What the caller of a call that was dialled gets in place of an answer."""
        if answer is Answer.LOST:
            return NoAnswer(self._connections, reset=False)
        if answer is Answer.STALLED:
            return Stall(self._board, self._connections)
        if answer is Answer.BAD_GATEWAY:
            return HTMLResponse(GATEWAY_PAGE, 502)
        return Response('{"call_id": "' + call.call_id[:8], media_type="application/json")

    async def _late(self, seconds: float) -> None:
        """Wait, but not past the end of the sandbox."""
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_stopped(self._board), seconds)

    def _reset(self, when: str) -> Explained:
        return Explained(NoAnswer(self._connections, reset=True), f"chaos: the connection was reset {when}")


def _taken(call: PlacedCall) -> Response:
    names = {"call_id": call.call_id, "lead_uuid": call.lead_uuid}
    return JSONResponse(names | {"message": "success", "ref_id": call.ref_id})


def _on_purpose(meaning: SpecialNumber) -> str:
    return f"on purpose, the number {meaning.name}: {meaning.happens.replace('`', '')}"


def _without_end(call: PlacedCall) -> Response:
    unknown = {"time_answered": NEVER, "time_ended": NEVER, "status": "", "cause": "", "duration": 0, "billsec": 0}
    return JSONResponse(calls.record(call) | unknown | {"sip_hangup_disposition": ""})


EARLY: dict[LookUp, Callable[[PlacedCall], Response]] = {
    LookUp.EMPTY_LIST: lambda _: JSONResponse([]),
    LookUp.EMPTY_OBJECT: lambda _: JSONResponse({}),
    LookUp.NULL: lambda _: JSONResponse(None),
    LookUp.HTML: lambda _: HTMLResponse(GATEWAY_PAGE.replace("502 Bad Gateway", "Please wait")),
    LookUp.NO_END: _without_end,
}


def _error(status: int, reason: str) -> Violation:
    headers = {"Retry-After": RETRY_AFTER} if status in {429, 503} else None
    known = status in HTTPStatus.__members__.values()
    return Violation(status, HTTPStatus(status).phrase if known else f"HTTP {status}", headers, reason=reason)
