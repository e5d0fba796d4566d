"""The two clients: what users see. A use case is in `_operations`, what runs it in `_session`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import NoReturn, Self
from uuid import UUID

import httpx

from autocall_otp._clock import now
from autocall_otp._config import AsyncToken, Settings, Token, read_settings
from autocall_otp._operations.get_cdr import get_cdr
from autocall_otp._operations.request import load_generated_code
from autocall_otp._operations.run_otp import run_otp
from autocall_otp._operations.wait_for_cdr import wait_for_cdr
from autocall_otp._sansio.retry import RetryPolicy
from autocall_otp._session import AsyncSession, Session
from autocall_otp.models import Cdr, OtpCall, Retry, WaitProgress


class _Base:
    """What both clients are apart from their calls."""

    def __init__(self, settings: Settings, token: object) -> None:
        self._settings = settings
        self._policy = RetryPolicy(retry=settings.retry, clock=now, token_is_renewable=callable(token))
        load_generated_code()

    @property
    def host(self) -> str:
        """The URL of the service, without a path."""
        return self._settings.base_url

    @property
    def deadline(self) -> float:
        """Seconds for a whole `run_otp` or `get_cdr`, retries and pauses included."""
        return self._settings.deadline

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._settings.base_url}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a token and connections: make one in each process")


class Client(_Base):
    """A client of the Autocall OTP API for threads. One client serves many threads at once; close it at the end.

    Args:
        host: host name or URL of the API; plain http to a loopback address only. Else AUTOCALL_API_HOST.
        token: bearer token, or a callable that returns it: asked before the first call and after a 401, when it must
            not return the refused one again. Else AUTOCALL_TOKEN.
        campaign_uuid: UUID of the campaign for every call. Else AUTOCALL_CAMPAIGN_UUID.
        template: name of the script for every call. Else AUTOCALL_TEMPLATE.
        timeout: of one attempt, in seconds for each of connect, read, write and pool, or an `httpx.Timeout`; 5 s to
            connect and 10 s for the rest by default, None for no limit but the deadline.
        deadline: of `run_otp` and `get_cdr`, in seconds, retries and pauses included; 30 by default.
        retry: when and how often to try again.
        transport: an httpx transport that overrides the client's own connections, such as httpx-aiohttp's, which the
            extra `aiohttp` installs.
        timezone: zone of the wire's times, a tzinfo or a name; UTC+07:00 (Vietnam) by default.
        max_response_bytes: an answer with a larger body is refused without reading on; 1 MiB by default.
        allow_international: take numbers of other countries, too; the provider's page shows Vietnamese ones only.

    Raises:
        ConfigurationError: an argument or environment variable is missing or wrong.
    """

    def __init__(  # noqa: PLR0913 - the public settings, once for each client
        self,
        host: str | None = None,
        token: Token | None = None,
        *,
        campaign_uuid: str | UUID | None = None,
        template: str | None = None,
        timeout: float | httpx.Timeout | None = httpx.Timeout(10.0, connect=5.0),
        deadline: float = 30.0,
        retry: Retry = Retry(),
        transport: httpx.BaseTransport | None = None,
        timezone: tzinfo | str | None = None,
        max_response_bytes: int = 1_048_576,
        allow_international: bool = False,
    ) -> None:
        settings = read_settings(
            host=host,
            campaign_uuid=campaign_uuid,
            template=template,
            timeout=timeout,
            deadline=deadline,
            retry=retry,
            timezone=timezone,
            max_response_bytes=max_response_bytes,
            allow_international=allow_international,
        )
        super().__init__(settings, token)
        self._session = Session(settings, token, transport)

    def run_otp(  # noqa: PLR0913 - the documented parameters
        self,
        phone_number: str,
        code_otp: str,
        *,
        campaign_uuid: str | UUID | None = None,
        template: str | None = None,
        ref_id: str | None = None,
        allow_international: bool | None = None,
    ) -> OtpCall:
        """Ask for a call that reads the code aloud (the provider's page, "Run OTP").

        Args:
            phone_number: as people write it: 0…, 84… or +84…, in any grouping; see `normalize_number`.
            code_otp: 1 to 64 printable characters, at least one letter or digit, no white space at the ends.
            campaign_uuid: overrides the client's.
            template: overrides the client's.
            ref_id: your reference for the call, up to 128 characters; a UUID is made when there is none.
            allow_international: overrides the client's.

        Returns:
            The call, which the service has accepted. Its record says whether anybody answered.

        Raises:
            InvalidRequestError: an argument was refused; nothing was sent.
            AutocallError: anything else; its `outcome` says whether the phone may ring, its `ref_id` finds the call.
        """
        flow = run_otp(
            self._settings,
            self._policy,
            phone_number,
            code_otp,
            campaign_uuid=campaign_uuid,
            template=template,
            ref_id=ref_id,
            allow_international=allow_international,
        )
        return self._session.run(flow)

    def get_cdr(self, ref_id: str | OtpCall) -> Cdr:
        """Look up the record of a call, finished or not (the provider's page, "Get CDR by Ref ID").

        Args:
            ref_id: the reference that the call was placed with, or the OtpCall itself.

        Raises:
            InvalidRequestError: the reference was refused; nothing was sent.
            NotFoundError: there is no record, or not yet.
            InvalidResponseError: the answer holds no record.
            AutocallError: anything else. A failed look-up says nothing of the call: `outcome` is UNKNOWN.
        """
        return self._session.run(get_cdr(self._settings, self._policy, ref_id))

    def wait_for_cdr(
        self,
        ref_id: str | OtpCall,
        *,
        timeout: float = 120.0,
        progress: Callable[[WaitProgress], object] | None = None,
    ) -> Cdr:
        """Look the record up until the call is over.

        A 404, an answer without a record, an unfinished record and passing failures count as "not yet". A
        Retry-After beyond the time left ends the wait with the service's error.

        Args:
            ref_id: the reference that the call was placed with, or the OtpCall itself.
            timeout: seconds to wait in all, 120 by default; the client's deadline does not apply.
            progress: called with a WaitProgress after each look-up that does not end the wait.

        Raises:
            InvalidRequestError: an argument was refused; nothing was sent.
            CdrTimeoutError: no finished record came in time; `record` is the last one seen.
            AutocallError: anything else that more waiting would not change.
        """
        flow = wait_for_cdr(self._settings, self._policy, ref_id, timeout=timeout, progress=progress)
        return self._session.run(flow)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Base):
    """A client for the tasks of one event loop. It takes what `Client` takes; `token` may be a coroutine function.

    Raises:
        ConfigurationError: an argument or environment variable is missing or wrong.
    """

    def __init__(  # noqa: PLR0913 - the public settings, once for each client
        self,
        host: str | None = None,
        token: AsyncToken | None = None,
        *,
        campaign_uuid: str | UUID | None = None,
        template: str | None = None,
        timeout: float | httpx.Timeout | None = httpx.Timeout(10.0, connect=5.0),
        deadline: float = 30.0,
        retry: Retry = Retry(),
        transport: httpx.AsyncBaseTransport | None = None,
        timezone: tzinfo | str | None = None,
        max_response_bytes: int = 1_048_576,
        allow_international: bool = False,
    ) -> None:
        settings = read_settings(
            host=host,
            campaign_uuid=campaign_uuid,
            template=template,
            timeout=timeout,
            deadline=deadline,
            retry=retry,
            timezone=timezone,
            max_response_bytes=max_response_bytes,
            allow_international=allow_international,
        )
        super().__init__(settings, token)
        self._session = AsyncSession(settings, token, transport)

    async def run_otp(  # noqa: PLR0913 - the documented parameters
        self,
        phone_number: str,
        code_otp: str,
        *,
        campaign_uuid: str | UUID | None = None,
        template: str | None = None,
        ref_id: str | None = None,
        allow_international: bool | None = None,
    ) -> OtpCall:
        """Ask for a call that reads the code aloud: `Client.run_otp`, awaited.

        Raises:
            AutocallError: its `outcome` says whether the phone may ring, its `ref_id` finds the call.
        """
        flow = run_otp(
            self._settings,
            self._policy,
            phone_number,
            code_otp,
            campaign_uuid=campaign_uuid,
            template=template,
            ref_id=ref_id,
            allow_international=allow_international,
        )
        return await self._session.run(flow)

    async def get_cdr(self, ref_id: str | OtpCall) -> Cdr:
        """Look up the record of a call: `Client.get_cdr`, awaited.

        Raises:
            NotFoundError: there is no record, or not yet.
            AutocallError: anything else.
        """
        return await self._session.run(get_cdr(self._settings, self._policy, ref_id))

    async def wait_for_cdr(
        self,
        ref_id: str | OtpCall,
        *,
        timeout: float = 120.0,  # noqa: ASYNC109 - the same rule as in Client, and the last record with it
        progress: Callable[[WaitProgress], object] | None = None,
    ) -> Cdr:
        """Look the record up until the call is over: `Client.wait_for_cdr`, awaited.

        Raises:
            CdrTimeoutError: no finished record came in time; `record` is the last one seen.
            AutocallError: anything else that more waiting would not change.
        """
        flow = wait_for_cdr(self._settings, self._policy, ref_id, timeout=timeout, progress=progress)
        return await self._session.run(flow)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
