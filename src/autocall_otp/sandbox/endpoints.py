"""Serves the operations of a contract: one handler for each operation id, errors in the provider's shape."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from autocall_otp.sandbox.contract import Contract, ErrorBody, Operation, Violation, complaints

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger("autocall_otp.sandbox")

LARGEST_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that the contract allows: its parameters and its body, in their types."""

    operation: Operation
    parameters: dict[str, Any]
    body: Any


Handler: TypeAlias = Callable[[Checked], Awaitable[Response]]


class Endpoints:
    """An ASGI application made of a contract and its handlers.

    Args:
        contract: Which operations there are, and what they allow.
        handlers: What each operation does, by operation id.
        token: The bearer token for operations that the contract secures; without one they are all refused.
    """

    def __init__(self, contract: Contract, handlers: dict[str, Handler], token: str | None = None) -> None:
        """Serve a contract."""
        self._contract = contract
        self._handlers = handlers
        self._token = token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; no exception leaves, so that no server prints what it holds."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Violation as violation:
            response = refusal(violation.status, violation.error, violation.headers)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last line of defence of a server
            # The message may hold what the caller sent; the type is enough to find the place.
            log.error("%s in %s", type(error).__name__, scope["method"])  # noqa: TRY400 - a traceback would show the message
            response = refusal(500, "Internal Server Error")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        raw_path: bytes = request.scope["raw_path"]
        operation, path = self._contract.match(request.method, raw_path.decode("latin-1"))
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
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        sent = token.strip().encode("latin-1")
        if scheme.lower() != "bearer" or not self._token or not hmac.compare_digest(sent, self._token):
            raise Violation(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})


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
    errors = complaints(operation.body, value)
    if errors:
        raise Violation(400, errors)
    return value
