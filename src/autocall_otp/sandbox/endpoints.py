"""Serves the operations of a contract: one handler for each operation id, errors in the provider's shape."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from autocall_otp.sandbox.contract import Contract, ErrorBody, Operation, Violation, errors_in
from autocall_otp.sandbox.journal import Exchange, without

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log: logging.Logger = logging.getLogger("autocall_otp.sandbox")

LARGEST_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that the contract allows: its parameters and its body, in their types."""

    operation: Operation
    parameters: dict[str, Any]
    body: Any


@dataclass(frozen=True, slots=True)
class Explained:
    """An answer other than the plain one, with the reason in words; its status is 0 where nothing is sent."""

    response: Response
    reason: str
    ok: bool = False


Handler: TypeAlias = Callable[[Checked], Awaitable[Response | Explained]]


class Endpoints:
    """An ASGI application made of a contract and its handlers.

    Args:
        contract: Which operations there are, and what they allow.
        handlers: What each operation does, by operation id.
        token: The bearer token for operations that the contract secures; without one they are all refused.
        listener: Called with each request before its answer is sent.
    """

    def __init__(
        self,
        contract: Contract,
        handlers: Mapping[str, Handler],
        token: str | None = None,
        listener: Callable[[Exchange], object] | None = None,
    ) -> None:
        self._contract = contract
        self._handlers = handlers
        self._token = token or ""
        self._listener = listener
        self._words = {word for operation in contract.operations for word in operation.path.split("/")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; no exception leaves, so that no server prints what it holds."""
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Violation as violation:
            response = refusal(violation.status, violation.error, violation.headers)
            answer = Explained(response, violation.reason, violation.ok)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last line of defence of a server
            # The message may hold what the caller sent; the type is enough to find the place.
            log.error("%s in %s", type(error).__name__, scope["method"])  # noqa: TRY400 - a traceback would show the message
            response = refusal(500, "Internal Server Error")
            answer = Explained(response, f"an error of the sandbox: {type(error).__name__}")
        if isinstance(answer, Response):
            answer = Explained(answer, "", ok=True)
        self._tell(request, answer)
        await answer.response(scope, receive, send)

    async def _answer(self, request: Request) -> Response | Explained:
        operation, path = self._contract.match(request.method, _raw_path(request))
        if operation.secured:
            self._authorize(request)
        query = request.scope["query_string"].decode("latin-1")
        parameters = self._contract.parameters(operation, path, query)
        body = await _body(request, operation)
        handler = self._handlers.get(operation.id)
        if handler is None:
            raise Violation(501, f"the sandbox does not know what {operation.id} does")
        return await handler(Checked(operation, parameters, body))

    def _authorize(self, request: Request) -> None:
        header = request.headers.get("authorization")
        scheme, _, token = (header or "").partition(" ")
        sent, wanted = token.strip().encode("latin-1"), self._token.encode()
        if scheme.lower() == "bearer" and wanted and hmac.compare_digest(sent, wanted):
            return
        reason = "the token is not the sandbox's"
        if header is None:
            reason = "the Authorization header is missing"
        elif scheme.lower() != "bearer" or not token:
            reason = "the Authorization header must be `Bearer` and the token"
        raise Violation(401, "Unauthorized", {"WWW-Authenticate": "Bearer"}, reason=reason)

    def _tell(self, request: Request, answer: Explained) -> None:
        if self._listener:
            sent = request.headers.get("authorization", "").rpartition(" ")[2]
            path = without(_raw_path(request), self._token, sent)
            # In a log only words of the contract: any other may be a reference, which may tell a number or a code.
            shown = "/".join(word if word in self._words else "***" for word in path.split("/"))
            status = answer.response.status_code or None
            self._listener(Exchange(request.method, path, shown, status, answer.reason, answer.ok))


def _raw_path(request: Request) -> str:
    raw: bytes = request.scope["raw_path"]
    return raw.decode("latin-1")


def refusal(status: int, error: ErrorBody, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error in the provider's shape."""
    return JSONResponse({"error": error}, status, headers)


async def _body(request: Request, operation: Operation) -> Any:  # noqa: ANN401 - any JSON
    """The checked body; raises Violation 400."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise Violation(400, f"The body is larger than {LARGEST_BODY} bytes", {"Connection": "close"})
    if operation.body is None or (not raw and not operation.body_required):
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Violation(400, "Content-Type must be application/json")
    try:
        value = json.loads(bytes(raw))
        # NaN, 1e999 and half of a surrogate pair can be read, but never be sent back.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise Violation(400, "The body is not valid JSON") from None
    errors = errors_in(operation.body, value)
    if errors:
        raise Violation(400, errors)
    return value
