// Propagation as other clients do it: a line of JSON on standard input has a context and a carrier of one
// format; the answer is what the client makes of that carrier, and the carrier that it makes of the context.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	oc "go.opencensus.io/trace"
	ocbinary "go.opencensus.io/trace/propagation"
	"go.opentelemetry.io/contrib/propagators/b3"
	oteljaeger "go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

type spanContext struct {
	Trace   string            `json:"trace"`
	Span    string            `json:"span"`
	Flags   byte              `json:"flags"`
	Baggage map[string]string `json:"baggage"`
}

type carrier struct {
	Headers map[string]string `json:"headers"`
	Bytes   string            `json:"bytes"`
}

type request struct {
	Format  string      `json:"format"`
	Context spanContext `json:"context"`
	Carrier carrier     `json:"carrier"`
}

type answer struct {
	Context spanContext `json:"context"`
	Carrier carrier     `json:"carrier"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked request
		must(json.Unmarshal(lines.Bytes(), &asked))
		answered, err := answerTo(asked)
		if err != nil {
			must(fmt.Errorf("%s: %w", asked.Format, err))
		}
		line, err := json.Marshal(answered)
		must(err)
		fmt.Println(string(line))
	}
	must(lines.Err())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answerTo(asked request) (answer, error) {
	switch asked.Format {
	case "w3c":
		return otel(asked, propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	case "b3":
		return otel(asked, b3.New(b3.WithInjectEncoding(b3.B3SingleHeader)))
	case "b3-multi":
		return otel(asked, b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)))
	case "otel-jaeger":
		return otel(asked, oteljaeger.Jaeger{})
	case "uber":
		return uber(asked)
	case "jaeger-binary":
		return jaegerBinary(asked)
	case "w3c-binary":
		return openCensus(asked)
	}
	return answer{}, fmt.Errorf("unknown format")
}

// OpenTelemetry's propagators, over headers as HTTP has them.
func otel(asked request, propagator propagation.TextMapPropagator) (answer, error) {
	headers := propagation.HeaderCarrier(http.Header{})
	for name, value := range asked.Carrier.Headers {
		headers.Set(name, value)
	}
	ctx := propagator.Extract(context.Background(), headers)
	found := trace.SpanContextFromContext(ctx)
	var answered answer
	answered.Context = spanContext{found.TraceID().String(), found.SpanID().String(), byte(found.TraceFlags()), map[string]string{}}
	for _, member := range baggage.FromContext(ctx).Members() {
		answered.Context.Baggage[member.Key()] = member.Value()
	}

	traceID, err := trace.TraceIDFromHex(asked.Context.Trace)
	if err != nil {
		return answer{}, err
	}
	spanID, err := trace.SpanIDFromHex(asked.Context.Span)
	if err != nil {
		return answer{}, err
	}
	flags := trace.TraceFlags(asked.Context.Flags & 1)
	ctx = trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(
		trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: flags}))
	var members []baggage.Member
	for key, value := range asked.Context.Baggage {
		member, err := baggage.NewMemberRaw(key, value)
		if err != nil {
			return answer{}, err
		}
		members = append(members, member)
	}
	items, err := baggage.New(members...)
	if err != nil {
		return answer{}, err
	}
	made := propagation.MapCarrier{}
	propagator.Inject(baggage.ContextWithBaggage(ctx, items), made)
	answered.Carrier.Headers = made
	return answered, nil
}

func jaegerContext(asked spanContext) (jaeger.SpanContext, error) {
	made, err := jaeger.ContextFromString(fmt.Sprintf("%s:%s:0:%d", asked.Trace, asked.Span, asked.Flags))
	for key, value := range asked.Baggage {
		made = made.WithBaggageItem(key, value)
	}
	return made, err
}

func fromJaeger(found opentracing.SpanContext) spanContext {
	ctx := found.(jaeger.SpanContext)
	id := ctx.TraceID()
	made := spanContext{fmt.Sprintf("%016x%016x", id.High, id.Low), fmt.Sprintf("%016x", uint64(ctx.SpanID())), ctx.Flags(), map[string]string{}}
	ctx.ForeachBaggageItem(func(key, value string) bool {
		made.Baggage[key] = value
		return true
	})
	return made
}

func jaegerTracer() opentracing.Tracer {
	tracer, _ := jaeger.NewTracer("peer", jaeger.NewConstSampler(true), jaeger.NewNullReporter())
	return tracer
}

func uber(asked request) (answer, error) {
	tracer := jaegerTracer()
	headers := http.Header{}
	for name, value := range asked.Carrier.Headers {
		headers.Set(name, value)
	}
	found, err := tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(headers))
	if err != nil {
		return answer{}, err
	}
	ctx, err := jaegerContext(asked.Context)
	if err != nil {
		return answer{}, err
	}
	made := http.Header{}
	if err := tracer.Inject(ctx, opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(made)); err != nil {
		return answer{}, err
	}
	answered := answer{Context: fromJaeger(found)}
	answered.Carrier.Headers = map[string]string{}
	for name := range made {
		answered.Carrier.Headers[name] = made.Get(name)
	}
	return answered, nil
}

func jaegerBinary(asked request) (answer, error) {
	tracer := jaegerTracer()
	given, err := hex.DecodeString(asked.Carrier.Bytes)
	if err != nil {
		return answer{}, err
	}
	found, err := tracer.Extract(opentracing.Binary, bytes.NewReader(given))
	if err != nil {
		return answer{}, err
	}
	ctx, err := jaegerContext(asked.Context)
	if err != nil {
		return answer{}, err
	}
	var made bytes.Buffer
	if err := tracer.Inject(ctx, opentracing.Binary, &made); err != nil {
		return answer{}, err
	}
	return answer{fromJaeger(found), carrier{Bytes: hex.EncodeToString(made.Bytes())}}, nil
}

func openCensus(asked request) (answer, error) {
	given, err := hex.DecodeString(asked.Carrier.Bytes)
	if err != nil {
		return answer{}, err
	}
	found, ok := ocbinary.FromBinary(given)
	if !ok {
		return answer{}, fmt.Errorf("not a context")
	}
	var ctx oc.SpanContext
	if _, err := hex.Decode(ctx.TraceID[:], []byte(asked.Context.Trace)); err != nil {
		return answer{}, err
	}
	if _, err := hex.Decode(ctx.SpanID[:], []byte(asked.Context.Span)); err != nil {
		return answer{}, err
	}
	ctx.TraceOptions = oc.TraceOptions(asked.Context.Flags)
	made := carrier{Bytes: hex.EncodeToString(ocbinary.Binary(ctx))}
	flags := byte(found.TraceOptions)
	return answer{spanContext{found.TraceID.String(), found.SpanID.String(), flags, map[string]string{}}, made}, nil
}
