"""What is sent, byte by byte."""

import json
import subprocess
import sys
from urllib.parse import unquote
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from support.flows import Clock

from autocall_otp import __version__
from autocall_otp._operations.record import cdr_request_maker
from autocall_otp._operations.request import request_maker
from autocall_otp._sansio.evidence import Request, RequestMaker
from autocall_otp_api.api.voice_otp.run_otp import _get_kwargs
from autocall_otp_api.models import OtpRequest

CAMPAIGN = UUID("f77dfcf4-0759-4179-93cb-741f481a776e")
COMMON = {"accept": "application/json", "user-agent": f"autocall-otp/{__version__}"}


def made(request: RequestMaker) -> Request:
    return request(1030.0, Clock())


def placing(host: str = "https://api.example.vn", ref_id: str = "đơn/1", code: str = "LUAN001") -> RequestMaker:
    body = OtpRequest(campaign_uuid=CAMPAIGN, phone_number="0332665711", template="otp", code_otp=code, ref_id=ref_id)
    return request_maker(host, _get_kwargs(body=body))


def test_a_call_byte_by_byte() -> None:
    request = made(placing())
    body = (
        '{"campaign_uuid":"f77dfcf4-0759-4179-93cb-741f481a776e","phone_number":"0332665711",'
        '"template":"otp","code_otp":"LUAN001","ref_id":"đơn/1"}'
    )
    assert json.loads(request.read()) == json.loads(body)
    assert (request.method, str(request.url)) == ("POST", "https://api.example.vn/v3/autocall/otp")
    assert dict(request.headers) == COMMON | {
        "host": "api.example.vn",
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
    }


def test_a_look_up_byte_by_byte() -> None:
    request = made(cdr_request_maker("http://[::1]:8000", "R1"))
    assert (request.method, request.read()) == ("GET", b"")
    assert str(request.url) == "http://[::1]:8000/v3/autocall/log/R1/ref_id"
    assert dict(request.headers) == COMMON | {"host": "[::1]:8000"}


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda text: text not in {".", ".."}))
def test_a_reference_is_one_segment_of_the_path(ref_id: str) -> None:
    path = made(cdr_request_maker("https://api.example.vn", ref_id)).url.raw_path.decode()
    *_, segment, end = path.split("/")
    assert (path.count("/"), unquote(segment), end) == (5, ref_id, "ref_id")
    assert "?" not in path
    assert "#" not in path


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=64))
def test_texts_arrive_as_they_are(text: str) -> None:
    assert json.loads(made(placing(code=text, ref_id=text)).read())["code_otp"] == text


def test_each_attempt_has_headers_and_a_body_of_its_own() -> None:
    call = placing("https://a.example.vn:8443")
    one, other = made(call), made(call)
    one.headers["authorization"] = "Bearer t"
    list(one.body)
    assert (one.headers["host"], other.headers["host"]) == ("a.example.vn:8443", "a.example.vn:8443")
    assert "authorization" not in other.headers
    assert not other.body.asked


def test_the_generated_code_is_loaded_with_the_first_client_not_with_the_package() -> None:
    """It takes longer than all the rest; and a fork amid an import by another thread hangs the child."""
    code = """
import sys, autocall_otp
assert not [name for name in sys.modules if name.startswith("autocall_otp_api")]
autocall_otp.Client("api.example.vn", "t")
assert {"autocall_otp_api.api.voice_otp.run_otp", "autocall_otp_api.api.voice_otp.get_cdr_by_ref_id"} <= {*sys.modules}
"""
    subprocess.run([sys.executable, "-c", code], check=True)
