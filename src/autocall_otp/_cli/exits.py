"""What the exit code of the command says; scripts rely on these numbers."""

from __future__ import annotations

from enum import IntEnum

from autocall_otp import AutocallError, CdrTimeoutError, ConfigurationError, InvalidRequestError, NotFoundError, Outcome


class Exit(IntEnum):
    """The exit codes, which LONG_EPILOG explains. Their order and meaning do not change."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    MAY_HAVE_RUNG = 3
    NO_RECORD = 4
    CONFIGURATION = 5
    INTERRUPTED = 130
    """Ctrl-C, when no call was in doubt."""

    @property
    def outcome(self) -> Outcome:
        """What it says of a call that was asked for."""
        if self is Exit.MAY_HAVE_RUNG:
            return Outcome.UNKNOWN
        return Outcome.PLACED if self in {Exit.DONE, Exit.NO_RECORD} else Outcome.NOT_PLACED


EPILOG = "Exit: 0 done, 1 failed, 2 usage, 3 may have rung, 4 no record, 5 settings."
LONG_EPILOG = (
    "Exit codes: 0 done; 1 failed, and no phone rings because of it; 2 wrong usage; 3 the phone may have rung:"
    " look the call up before asking for another; 4 no record, or none finished; 5 a setting missing or wrong."
)


def code_for(error: AutocallError, *, places_a_call: bool) -> Exit:
    """The exit code for an error; a look-up rings no phone, whatever becomes of it."""
    if isinstance(error, ConfigurationError):
        return Exit.CONFIGURATION
    if isinstance(error, InvalidRequestError):
        return Exit.USAGE
    if places_a_call:
        return Exit.FAILED if error.outcome is Outcome.NOT_PLACED else Exit.MAY_HAVE_RUNG
    return Exit.NO_RECORD if isinstance(error, (NotFoundError, CdrTimeoutError)) else Exit.FAILED
