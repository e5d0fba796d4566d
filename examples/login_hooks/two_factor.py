"""For django-two-factor-auth: TWO_FACTOR_CALL_GATEWAY = "login_hooks.two_factor.VoiceGateway"."""

from __future__ import annotations

from typing import Any

from login_hooks.delivery import read_code


class VoiceGateway:
    """It calls `make_call` whenever it shows the page for the token, so also when that is loaded again.

    A token that was read a minute ago is still good then: it takes those of the last two and a half minutes. What is
    raised here ends in an error page at login, and in "could not be sent" while a phone is set up.
    """

    def make_call(self, device: Any, token: str) -> None:  # noqa: ANN401 - its PhoneDevice
        """Read the token to the phone of the device."""
        read_code(device.number.as_e164, token)

    def send_sms(self, device: Any, token: str) -> None:  # noqa: ANN401 - its PhoneDevice
        """There are only calls."""
        raise NotImplementedError("set TWO_FACTOR_SMS_GATEWAY to one that sends messages")
