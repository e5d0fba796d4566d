"""The testing API: what sandbox-openapi.yaml says, done on the switchboard."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from autocall_otp.sandbox.caller import ask_for_call
from autocall_otp.sandbox.calls import NotRingingError, NotTalkingError
from autocall_otp.sandbox.chaos import Chaos
from autocall_otp.sandbox.clock import monotonic
from autocall_otp.sandbox.contract import Violation, testing_contract
from autocall_otp.sandbox.endpoints import Checked, Endpoints, Handler
from autocall_otp.sandbox.events import stream
from autocall_otp.sandbox.numbers import NUMBERS
from autocall_otp.sandbox.switchboard import Switchboard, described

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from autocall_otp.sandbox.calls import PlacedCall


class Control:
    """One method for each operation of the testing API."""

    def __init__(self, board: Switchboard, token: str, service: ASGIApp) -> None:
        self._board = board
        self._token = token
        self._service = service

    def endpoints(self) -> Endpoints:
        """The application that serves them."""
        return Endpoints(testing_contract(), self.handlers())

    def handlers(self) -> dict[str, Handler]:
        """The operations by their ids."""
        return {
            "getInfo": self.get_info,
            "setSettings": self.set_settings,
            "listNumbers": self.list_numbers,
            "getOpenapi": self.get_openapi,
            "listCalls": self.list_calls,
            "placeCall": self.place_call,
            "clearCalls": self.clear_calls,
            "getLatestCall": self.get_latest_call,
            "waitForCall": self.wait_for_call,
            "getCall": self.get_call,
            "deleteCall": self.delete_call,
            "answerCall": self._acting("answer"),
            "rejectCall": self._acting("reject"),
            "leaveCallUnanswered": self._acting("leave-unanswered"),
            "hangUpCall": self._acting("hang-up"),
            "listRequests": self.list_requests,
            "clearRequests": self.clear_requests,
            "streamEvents": self.stream_events,
            "getClock": self.get_clock,
            "setClock": self.set_clock,
            "getChaos": self.get_chaos,
            "setChaos": self.set_chaos,
            "resetSandbox": self.reset_sandbox,
        }

    async def get_info(self, _: Checked) -> Response:
        """The settings in force."""
        return JSONResponse(self._info())

    async def set_settings(self, request: Checked) -> Response:
        """Change some of the settings."""
        self._board.auto_answer = request.body.get("auto_answer", self._board.auto_answer)
        self._board.repeated_ref_id = request.body.get("repeated_ref_id", self._board.repeated_ref_id)
        return JSONResponse(self._info())

    async def list_numbers(self, _: Checked) -> Response:
        """The special test numbers."""
        names = ("phone_number", "name", "happens", "outcome")
        return JSONResponse({"numbers": [{name: getattr(each, name) for name in names} for each in NUMBERS]})

    async def get_openapi(self, _: Checked) -> Response:
        """The document of this API."""
        return JSONResponse(testing_contract().document)

    async def list_calls(self, request: Checked) -> Response:
        """The latest calls, oldest first."""
        found = self._board.all(request.parameters["phone_number"], request.parameters["after"])
        now = self._board.clock.now()
        shown = [described(self._board, call, now) for call in found[-request.parameters["limit"] :]]
        return JSONResponse({"calls": shown})

    async def place_call(self, request: Checked) -> Response:
        """Ask the service for a call, as a program would."""
        return JSONResponse(await ask_for_call(self._service, self._token, request.body))

    async def clear_calls(self, request: Checked) -> Response:
        """Forget all calls, or those with these ids."""
        ids = request.parameters["ids"]
        if ids is None:
            self._board.clear()
        else:
            self._board.delete(int(each) for each in ids.split(","))
        return Response(status_code=204)

    async def delete_call(self, request: Checked) -> Response:
        """Forget one call."""
        if not self._board.delete([request.parameters["id"]]):
            raise Violation(404, "Not Found")
        return Response(status_code=204)

    async def list_requests(self, request: Checked) -> Response:
        """The latest requests, oldest first."""
        found = [each.as_json() for each in self._board.requests(request.parameters["after"])]
        wanted = request.parameters["ok"]
        shown = [each for each in found if wanted is None or each["ok"] is wanted]
        return JSONResponse({"requests": shown[-request.parameters["limit"] :]})

    async def clear_requests(self, _: Checked) -> Response:
        """Forget the requests."""
        self._board.clear_requests()
        return Response(status_code=204)

    async def get_latest_call(self, request: Checked) -> Response:
        """The latest call, to one number or to any."""
        return self._shown(self._board.latest(request.parameters["phone_number"]))

    async def wait_for_call(self, request: Checked) -> Response:
        """The latest call that fits, as soon as there is one."""
        wanted, after = request.parameters["phone_number"], request.parameters["after"]
        deadline = monotonic() + request.parameters["timeout"]
        while True:
            count = self._board.bell.count
            call = self._board.latest(wanted, after)
            left = deadline - monotonic()
            if call:
                return self._shown(call)
            if left <= 0 or self._board.stopping:
                return Response(status_code=204)
            await self._board.bell.listen(count, left)

    async def get_call(self, request: Checked) -> Response:
        """One call."""
        return self._shown(self._board.get(request.parameters["id"]))

    def _acting(self, action: str) -> Handler:
        async def act(request: Checked) -> Response:
            try:
                return self._shown(self._board.act(request.parameters["id"], action))
            except KeyError:
                raise Violation(404, "Not Found") from None
            except (NotRingingError, NotTalkingError) as error:
                raise Violation(409, str(error)) from None

        return act

    async def stream_events(self, _: Checked) -> Response:
        """The calls as they happen."""
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(stream(self._board), media_type="text/event-stream", headers=headers)

    async def get_clock(self, _: Checked) -> Response:
        """The clock."""
        return JSONResponse(self._clock())

    async def set_clock(self, request: Checked) -> Response:
        """Move the clock forward, or change its speed."""
        try:
            if "speed" in request.body:
                self._board.set_speed(request.body["speed"])
            if "advance" in request.body:
                self._board.advance(request.body["advance"])
        except OverflowError as error:
            raise Violation(400, str(error)) from None
        return JSONResponse(self._clock())

    async def get_chaos(self, _: Checked) -> Response:
        """The chaos in force."""
        return JSONResponse(asdict(self._board.chaos))

    async def set_chaos(self, request: Checked) -> Response:
        """Put another chaos in force."""
        settings: dict[str, Any] = dict(request.body)
        if "error_statuses" in settings:
            # JSON Schema counts 500.0 as an integer.
            settings["error_statuses"] = tuple(int(status) for status in settings["error_statuses"])
        self._board.set_chaos(Chaos(**settings))
        return JSONResponse(asdict(self._board.chaos))

    async def reset_sandbox(self, _: Checked) -> Response:
        """Start afresh."""
        self._board.reset()
        return Response(status_code=204)

    def _info(self) -> dict[str, Any]:
        board = self._board
        settings = {"auto_answer": board.auto_answer, "repeated_ref_id": board.repeated_ref_id}
        return {"token": self._token, "calls": len(board.all())} | settings | self._clock()

    def _clock(self) -> dict[str, Any]:
        clock = self._board.clock
        return {"now": clock.now().isoformat(), "speed": clock.speed}

    def _shown(self, call: PlacedCall | None) -> Response:
        if call is None:
            raise Violation(404, "Not Found")
        return JSONResponse(described(self._board, call, self._board.clock.now()))
