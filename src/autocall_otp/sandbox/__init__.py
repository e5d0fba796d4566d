"""A stand-in for the voice OTP service: it takes calls, lets them ring, shows their codes, keeps their records.

It imports neither the SDK nor the generated code, so that an error they would share cannot hide.
"""

try:
    from autocall_otp.sandbox.calls import NotRingingError
    from autocall_otp.sandbox.chaos import Chaos
    from autocall_otp.sandbox.clock import Clock
    from autocall_otp.sandbox.embedded import DEFAULT_TOKEN, Call, Sandbox
except ModuleNotFoundError as error:
    if (error.name or "").startswith("autocall_otp"):
        raise
    MISSING = f"the sandbox needs {error.name}: pip install 'autocall-otp[sandbox]'"
    raise ModuleNotFoundError(MISSING, name=error.name) from error

__all__ = ["DEFAULT_TOKEN", "Call", "Chaos", "Clock", "NotRingingError", "Sandbox"]
