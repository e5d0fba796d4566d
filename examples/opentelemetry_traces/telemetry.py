"""The standard httpx instrumentation sees every attempt of the SDK; one span of our own holds those of a call together.

Where to export is said by the usual OTEL_EXPORTER_OTLP_ENDPOINT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status, StatusCode

from autocall_otp import AutocallError, Client, OtpCall

_WORDS = {"exception.message", "exception.stacktrace"}


class Discreet(SpanExporter):
    """Exports spans without the words of exceptions: they can quote what a broken server sent, the code included."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Pass on to this exporter."""
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export what is left."""
        return self._exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        """Pass on."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Pass on."""
        return self._exporter.force_flush(timeout_millis)


@contextmanager
def telemetry() -> Iterator[trace.Tracer]:
    """Trace and measure the requests of every client in this process; at the end send what is left."""
    traces = TracerProvider()
    traces.add_span_processor(BatchSpanProcessor(Discreet(OTLPSpanExporter())))
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
    HTTPXClientInstrumentor().instrument(tracer_provider=traces, meter_provider=metrics)
    try:
        yield traces.get_tracer("voice codes")
    finally:
        HTTPXClientInstrumentor().uninstrument()
        traces.shutdown()
        metrics.shutdown()


def run_otp(tracer: trace.Tracer, client: Client, phone_number: str, code: str) -> OtpCall:
    """`Client.run_otp` in a span that tells the outcome; each attempt is a span below it."""
    # The SDK's errors hold no secret, but the failures below them are their causes, and a recorded one shows them all.
    with tracer.start_as_current_span("run_otp", record_exception=False, set_status_on_exception=False) as span:
        try:
            call = client.run_otp(phone_number, code)
        except AutocallError as error:
            span.set_attributes({"autocall.outcome": error.outcome.value, "autocall.ref_id": error.ref_id or ""})
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
        span.set_attributes({"autocall.outcome": call.outcome.value, "autocall.ref_id": call.ref_id})
        return call


def _discreet(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        span.name,
        span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=[
            Event(event.name, {k: v for k, v in (event.attributes or {}).items() if k not in _WORDS}, event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
