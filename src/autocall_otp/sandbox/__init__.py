"""A stand-in for the voice OTP service: it takes calls, lets them ring, shows their codes, keeps their records.

It imports neither the SDK nor the generated code, so that an error they would share cannot hide; but one function,
which reads the spellings of a number.
"""

try:
    from autocall_otp.sandbox.calls import NotRingingError, NotTalkingError
    from autocall_otp.sandbox.chaos import Chaos
    from autocall_otp.sandbox.clock import Clock
    from autocall_otp.sandbox.embedded import DEFAULT_TOKEN, Sandbox
    from autocall_otp.sandbox.journal import ReceivedRequest
    from autocall_otp.sandbox.view import Call
except ModuleNotFoundError as _error:
    if (_error.name or "").startswith("autocall_otp"):
        raise
    _install = "pip install 'autocall-otp[sandbox]' (in a checkout: pip install '.[sandbox]')"
    _missing = f"the sandbox needs {_error.name}: {_install}"
    raise ModuleNotFoundError(_missing, name=_error.name) from _error

__all__ = [
    "DEFAULT_TOKEN",
    "Call",
    "Chaos",
    "Clock",
    "NotRingingError",
    "NotTalkingError",
    "ReceivedRequest",
    "Sandbox",
]
