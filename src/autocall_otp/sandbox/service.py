"""The provider's API, played: the two operations of openapi.yaml, with their special numbers and chaos."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from autocall_otp.sandbox.calls import masked
from autocall_otp.sandbox.contract import Contract, Violation
from autocall_otp.sandbox.endpoints import Checked, Endpoints, refusal
from autocall_otp.sandbox.numbers import Answer, special

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from autocall_otp.sandbox.calls import PlacedCall
    from autocall_otp.sandbox.connections import Connections
    from autocall_otp.sandbox.switchboard import Switchboard

log = logging.getLogger("autocall_otp.sandbox")

RETRY_AFTER = "1"
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
STATUSES = {
    Answer.UNAUTHORIZED: 401,
    Answer.FORBIDDEN: 403,
    Answer.SERVER_ERROR: 500,
    Answer.UNAVAILABLE: 503,
}


class NoAnswer(Response):
    """Closes the connection without a byte."""

    def __init__(self, connections: Connections, *, reset: bool) -> None:
        """Close one of these connections, with a reset where one is asked for."""
        super().__init__()
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
        """Stall until this switchboard stops."""
        super().__init__()
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
        """Serve the calls of this switchboard."""
        self._board = board
        self._connections = connections

    def endpoints(self, contract: Contract, token: str) -> Endpoints:
        """The application that serves them."""
        return Endpoints(contract, {"runOtp": self.run_otp, "getCdrByRefId": self.get_cdr}, token)

    async def run_otp(self, request: Checked) -> Response:
        """Take a call, or do what chance or the number says."""
        body: dict[str, Any] = request.body
        mishap = self._board.roll()
        await self._late(mishap.latency)
        if mishap.reset:
            if mishap.reset_after_dialling:
                self._board.place(body)
            return self._reset()
        if mishap.error:
            return _error(mishap.error)
        return self._to_number(body)

    async def get_cdr(self, request: Checked) -> Response:
        """The record of the latest call with this reference."""
        mishap = self._board.roll()
        await self._late(mishap.latency)
        if mishap.reset:
            return self._reset()
        if mishap.error:
            return _error(mishap.error)
        record = self._board.look_up(request.parameters["ref_id"])
        if record is None:
            raise Violation(404, "Not Found")
        return JSONResponse(record)

    def _to_number(self, body: dict[str, Any]) -> Response:
        """Place the call unless the number says no, and answer as the number says."""
        meaning = special(body["phone_number"])
        answer = meaning.answer if meaning else Answer.NORMAL
        if answer is not Answer.NORMAL:
            log.info("call to %s: %s, on purpose", masked(body["phone_number"]), answer.value)
        if answer in STATUSES:
            return _error(STATUSES[answer])
        if answer is Answer.RATE_LIMITED_ONCE and self._refused(body):
            return _error(429)
        return self._dialled(self._board.place(body), answer)

    def _dialled(self, call: PlacedCall, answer: Answer) -> Response:
        if answer is Answer.LOST:
            return NoAnswer(self._connections, reset=False)
        if answer is Answer.STALLED:
            return Stall(self._board, self._connections)
        if answer is Answer.BAD_GATEWAY:
            return HTMLResponse(GATEWAY_PAGE, 502)
        if answer is Answer.MALFORMED:
            return Response('{"call_id": "' + call.call_id[:8], media_type="application/json")
        names = {"call_id": call.call_id, "lead_uuid": call.lead_uuid}
        return JSONResponse(names | {"message": "success", "ref_id": call.ref_id})

    async def _late(self, seconds: float) -> None:
        """Wait, but not past the end of the sandbox."""
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_stopped(self._board), seconds)

    def _refused(self, body: dict[str, Any]) -> bool:
        return self._board.refuse_once(body["phone_number"], body.get("ref_id", ""))

    def _reset(self) -> Response:
        log.info("connection reset, by chance")
        return NoAnswer(self._connections, reset=True)


def _error(status: int) -> Response:
    headers = {"Retry-After": RETRY_AFTER} if status in {429, 503} else None
    known = status in HTTPStatus.__members__.values()
    return refusal(status, HTTPStatus(status).phrase if known else f"HTTP {status}", headers)
