"""The OpenTelemetry recipe, read from the bytes that reach a collector."""

import asyncio
from collections.abc import Iterator

import pytest
from faults.scripts import says
from faults.server import Server
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.serving import serving

from autocall_otp import AsyncClient, AutocallError, Client
from autocall_otp.sandbox import Sandbox
from opentelemetry_traces.telemetry import run_otp, telemetry

NUMBER, CODE = "0332665711", "canary-code-71"
TOKEN = "canary-token-c0ffee"
pytestmark = pytest.mark.autocall_sandbox(speed=0, token=TOKEN)


class Collector:
    """Takes OTLP over HTTP, as a collector does."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: dict[str, set[str]] = {}
        self.received = b""
        self.app = Starlette(routes=[Route("/v1/{kind}", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.received += (body := await request.body())
        if request.path_params["kind"] == "traces":
            resources = ExportTraceServiceRequest.FromString(body).resource_spans
            self.spans += [span for each in resources for scope in each.scope_spans for span in scope.spans]
        else:
            measured = ExportMetricsServiceRequest.FromString(body).resource_metrics
            for metric in (metric for each in measured for scope in each.scope_metrics for metric in scope.metrics):
                points = metric.histogram.data_points
                self.metrics[metric.name] = {pair.key for point in points for pair in point.attributes}
        return Response(media_type="application/x-protobuf")

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    with serving(collector.app) as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield collector
    digits = NUMBER.removeprefix("0")
    assert collector.received
    assert all(secret.encode() not in collector.received for secret in (digits, CODE, TOKEN))


def attributes(span: Span) -> dict[str, str | int]:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


def test_every_attempt_is_a_span_below_that_of_the_call(autocall_sandbox: Sandbox, collector: Collector) -> None:
    with telemetry() as tracer, Client() as client:
        call = run_otp(tracer, client, "0900000429", CODE)
        autocall_sandbox.advance(30)
        client.wait_for_cdr(call.ref_id)
    (parent,) = collector.named("run_otp")
    assert attributes(parent) == {"autocall.outcome": "placed", "autocall.ref_id": call.ref_id}
    attempts = collector.named("POST")
    assert [attributes(span)["http.status_code"] for span in attempts] == [429, 200]
    assert {span.parent_span_id for span in attempts} == {parent.span_id}
    assert call.ref_id in attributes(collector.named("GET")[0])["http.url"]
    assert "http.status_code" in collector.metrics["http.client.duration"]


@pytest.mark.usefixtures("autocall_sandbox")
def test_the_async_client_is_seen_too(collector: Collector) -> None:
    async def ring() -> None:
        async with AsyncClient() as client:
            await client.run_otp(NUMBER, CODE)

    with telemetry():
        asyncio.run(ring())
    assert [attributes(span)["http.status_code"] for span in collector.named("POST")] == [200]


@pytest.mark.usefixtures("autocall_sandbox")
@pytest.mark.parametrize("number", ["0900000031", "0900000403"])
def test_a_failure_is_told_by_its_outcome(number: str, collector: Collector) -> None:
    with telemetry() as tracer, Client() as client, pytest.raises(AutocallError) as caught:
        run_otp(tracer, client, number, CODE)
    (parent,) = collector.named("run_otp")
    assert attributes(parent)["autocall.outcome"] == caught.value.outcome.value
    assert parent.status.code == parent.status.STATUS_CODE_ERROR


@pytest.mark.usefixtures("autocall_sandbox")
def test_a_broken_answer_with_secrets_in_it_brings_none_into_a_span(collector: Collector) -> None:
    answer = says(f"{NUMBER} {CODE} {TOKEN}\r\n\r\n".encode())
    with Server(answer) as server, telemetry() as tracer, Client(server.url) as client, pytest.raises(AutocallError):
        run_otp(tracer, client, NUMBER, CODE)
    (attempt,) = collector.named("POST")
    (event,) = attempt.events
    assert {pair.key: pair.value.string_value for pair in event.attributes}["exception.type"].endswith("ProtocolError")
