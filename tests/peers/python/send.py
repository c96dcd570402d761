"""Sends one trace of OpenTelemetry's SDK to each OTLP door that is named, and prints its id.

    send.py http|grpc SERVICE URL...
"""

import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanKind, Status, StatusCode


class Strict(SpanExporter):
    """Hands on, and remembers whether all was taken: the SDK only logs it."""

    failures = 0

    def __init__(self, exporter):
        self.exporter = exporter

    def export(self, spans):
        result = self.exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            Strict.failures += 1
        return result

    def shutdown(self):
        self.exporter.shutdown()


def exporter(protocol, url):
    if protocol == "http":
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(f"{url}/v1/traces", compression=Compression.Gzip, timeout=10)
    import grpc
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(url, insecure=True, compression=grpc.Compression.Gzip, timeout=10)


def work(tracer):
    with tracer.start_as_current_span("order", kind=SpanKind.SERVER) as root:
        root.set_attributes({
            "text": "Zoë 🌍", "empty": "", "yes": True, "int": -7, "big": 2**53 + 1, "max": 2**63 - 1,
            "double": 1.5, "whole": 3.0, "texts": ["a", "b"], "ints": [1, 2], "bytes": b"\x00\xff",
        })
        root.add_event("accepted", {"queue": 3})
        root.add_event("bare")
        elsewhere = trace.SpanContext(0x5B8EFFF798038103D269B633813FC60C, 0xEEE19B7EC3C1B174, is_remote=True,
                                      trace_flags=trace.TraceFlags(1))
        links = [Link(root.get_span_context(), {"opentracing.ref_type": "follows_from"}), Link(elsewhere)]
        with tracer.start_as_current_span("pay", kind=SpanKind.CLIENT, links=links) as child:
            child.set_attribute("peer.service", "bank")
            child.record_exception(ValueError("declined"), {"code": 51})
            child.set_status(Status(StatusCode.ERROR, "declined"))
        with tracer.start_as_current_span("pack") as child:
            child.set_status(StatusCode.OK)
        return root.get_span_context().trace_id


def main():
    protocol, service, *urls = sys.argv[1:]
    resource = Resource.create({"service.name": service, "deployment.slots": [1, 2]})
    provider = TracerProvider(resource=resource)
    for url in urls:
        provider.add_span_processor(SimpleSpanProcessor(Strict(exporter(protocol, url))))
    trace_id = work(provider.get_tracer("interop", "1.0", attributes={"scope.attr": "s"}))
    provider.shutdown()
    if Strict.failures:
        sys.exit(f"{Strict.failures} exports were not taken")
    print(f"trace {trace_id:032x}")


main()
