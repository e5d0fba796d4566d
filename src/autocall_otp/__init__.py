"""Voice one-time codes: place the call once, learn how it went."""

from autocall_otp._client import AsyncClient, Client
from autocall_otp._errors import (
    ApiError,
    AuthenticationError,
    AutocallError,
    BadRequestError,
    CdrTimeoutError,
    ConfigurationError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    TransportError,
    TransportTimeoutError,
)
from autocall_otp._operations.arguments import normalize_number
from autocall_otp._payload import Payload
from autocall_otp._redact import mask_number
from autocall_otp._version import __version__
from autocall_otp.models import CallStatus, Cdr, OtpCall, Retry, WaitProgress

__all__ = [
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "AutocallError",
    "BadRequestError",
    "CallStatus",
    "Cdr",
    "CdrTimeoutError",
    "Client",
    "ConfigurationError",
    "ConflictError",
    "FieldError",
    "InvalidRequestError",
    "InvalidResponseError",
    "NotFoundError",
    "OtpCall",
    "Outcome",
    "Payload",
    "PermissionDeniedError",
    "RateLimitedError",
    "Retry",
    "ServerError",
    "TransportError",
    "TransportTimeoutError",
    "WaitProgress",
    "__version__",
    "mask_number",
    "normalize_number",
]
