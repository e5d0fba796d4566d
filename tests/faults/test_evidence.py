"""Whatever stands between a client and the service, one request of ours leaves once."""

import json
from pathlib import Path

import httpx
import pytest

from autocall_otp import AutocallError, Client, Outcome
from faults import scripts
from faults.clients import SECRETS, client
from faults.observe import REF_ID
from faults.scripts import RECORD, answers, whole
from faults.server import Server, Wire


class Redirecting(httpx.BaseTransport):
    """Follows redirects, as an httpx.Client does that an application has at hand."""

    def __init__(self) -> None:
        self._client = httpx.Client(follow_redirects=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._client.send(request, stream=True)

    def close(self) -> None:
        self._client.close()


@pytest.mark.dev
@pytest.mark.parametrize(
    "fault",
    [scripts.resets_after, scripts.closes_after, scripts.says(whole(b"{}", "503 Busy", "Connection: close"))],
    ids=["reset", "closed", "503"],
)
def test_a_transport_that_sends_again_rings_once(fault: scripts.Script) -> None:
    import httpx_retries  # noqa: PLC0415 - only the development environment has it

    retry = httpx_retries.Retry(total=3, backoff_factor=0, allowed_methods=["POST"])
    transport = httpx_retries.RetryTransport(transport=httpx.HTTPTransport(), retry=retry)
    with Server(scripts.in_turn(fault, answers())) as server, client(server.url, transport=transport) as one:
        assert _outcome(one) is Outcome.UNKNOWN
        assert server.ledger.rings.total() == 1


@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary", "308 Permanent"])
def test_a_transport_that_follows_redirects_rings_once(status: str) -> None:
    with (
        Server(answers()) as elsewhere,
        Server(scripts.redirects(status), elsewhere=elsewhere.url) as server,
        client(server.url, transport=Redirecting()) as one,
    ):
        assert _outcome(one) is Outcome.UNKNOWN
        assert server.ledger.rings.total() == 1
        assert elsewhere.ledger.rings.total() == 0


class _GoesAway:
    """Speaks HTTP/2, and says of a connection's second request that it will not be answered: httpcore sends it anew."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, wire: Wire) -> None:
        import h2.config  # noqa: PLC0415 - only the development environment has it
        import h2.connection  # noqa: PLC0415 - the same
        import h2.events  # noqa: PLC0415 - the same

        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        while data := wire.peer.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    self.bodies.append(event.data)
                if isinstance(event, h2.events.StreamEnded):
                    if event.stream_id > 1:
                        connection.close_connection(last_stream_id=1)
                    else:
                        connection.send_headers(1, [(":status", "200")])
                        connection.send_data(1, json.dumps(RECORD).encode(), end_stream=True)
            wire.send(connection.data_to_send())


@pytest.mark.dev
def test_a_call_that_httpcore_sends_anew_over_another_connection_rings_once() -> None:
    script = _GoesAway()
    with Server(script) as server, client(server.url, transport=httpx.HTTPTransport(http1=False, http2=True)) as one:
        one.get_cdr("1")
        assert _outcome(one) is Outcome.UNKNOWN
        assert server.ledger.wait_for(lambda ledger: ledger.connections == 2), "httpcore did not send it anew"
    assert len(list(filter(None, script.bodies))) == 1


@pytest.mark.dev
def test_a_recorded_call_is_replayed_without_a_ring(tmp_path: Path) -> None:
    import vcr  # noqa: PLC0415 - only the development environment has it

    with Server(answers()) as server:
        for _ in ("recorded", "replayed"):
            with vcr.use_cassette(tmp_path / "calls.yaml"), client(server.url) as one:
                assert one.run_otp(SECRETS.number, SECRETS.code, ref_id=REF_ID).outcome is Outcome.PLACED
        assert server.ledger.rings.total() == 1


def _outcome(one: Client) -> Outcome:
    with pytest.raises(AutocallError) as caught:
        one.run_otp(SECRETS.number, SECRETS.code)
    return caught.value.outcome
