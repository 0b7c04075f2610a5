package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/load/metrics"
	"github.com/dfcheck/dfcheck/reports"
)

// An otlpFlag is where the metrics of a run are sent as OpenTelemetry sends them; "" for
// nowhere. Nothing in the environment has any effect without it.
type otlpFlag string

// otlpFromEnvironment is the value that takes the receiver from the variables of
// OpenTelemetry, with its headers.
const otlpFromEnvironment = "env"

// The variables, and the path of metrics below the general endpoint.
const (
	otlpMetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
	otlpEndpoint        = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otlpMetricsHeaders  = "OTEL_EXPORTER_OTLP_METRICS_HEADERS"
	otlpHeaders         = "OTEL_EXPORTER_OTLP_HEADERS"
	otlpPath            = "/v1/metrics"
)

func (f *otlpFlag) add(fs *pflag.FlagSet) {
	fs.StringVar((*string)(f), "otlp", "", "send the metrics to an OpenTelemetry receiver while the run goes on: `URL`, "+
		"such as http://127.0.0.1:4318, or "+otlpFromEnvironment+" for that of "+otlpEndpoint+
		"; a host that is not this machine needs --allow-host")
}

// receiver is what the flag names, nil for nothing. A host that is not this machine must
// be allowed.
func (f otlpFlag) receiver(allowed []string, getenv func(string) string) (*metrics.Receiver, error) {
	if f == "" {
		return nil, nil
	}
	to, name, at := &metrics.Receiver{}, "--otlp", string(f)
	if at == otlpFromEnvironment {
		var err error
		if to.Headers, err = otlpHeadersOf(getenv); err != nil {
			return nil, err
		}
		if name, at = otlpOfEnvironment(getenv); at == "" {
			return nil, fmt.Errorf("--otlp is %s, and neither %s nor %s is set", f, otlpMetricsEndpoint, otlpEndpoint)
		}
	}
	u, err := url.Parse(at)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%s is no URL of a receiver, such as http://127.0.0.1:4318", name)
	case u.User != nil:
		return nil, fmt.Errorf("%s has a user or a password in it; %s is the place for them", name, otlpHeaders)
	case !thisMachine(u.Hostname()) && !slices.Contains(allowed, u.Hostname()):
		return nil, fmt.Errorf("%s names %s, which is not this machine; if the figures may go there: --allow-host %s", name,
			u.Hostname(), u.Hostname())
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = otlpPath
	}
	to.URL = u.String()
	return to, nil
}

// otlpOfEnvironment is the receiver that the environment names, and by which variable;
// "" where it names none.
func otlpOfEnvironment(getenv func(string) string) (name, at string) {
	if at = getenv(otlpMetricsEndpoint); at != "" {
		return otlpMetricsEndpoint, at
	}
	if at = getenv(otlpEndpoint); at != "" {
		at = strings.TrimSuffix(at, "/") + otlpPath
	}
	return otlpEndpoint, at
}

// otlpHeadersOf are the headers that the environment has for receivers: a=b,c=d, each
// value percent-encoded. They may be secrets, so that no error repeats them.
func otlpHeadersOf(getenv func(string) string) (map[string]string, error) {
	name, text := otlpMetricsHeaders, getenv(otlpMetricsHeaders)
	if text == "" {
		name, text = otlpHeaders, getenv(otlpHeaders)
	}
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if key = strings.TrimSpace(key); !ok || key == "" || err != nil {
			return nil, errors.New(name + " is no list of headers, such as api-key=abc,tenant=tv")
		}
		out[key] = value
	}
	return out, nil
}

// push sends the metrics of a run to a receiver until the watch is closed.
func (w *loadWatch) push(t terminal, to metrics.Receiver) {
	to.Run, to.Version = w.before.Run.ID, w.before.Tool.Version
	at, _, _ := strings.Cut(to.URL, "?")
	t.note("metrics go to %s", at)
	w.stop = append(w.stop, metrics.Push(to, w.figures, func(err error) {
		t.screen.above(func() {
			t.note("%s does not take the metrics, and is not waited for: %s", at, reports.Legible(err.Error()))
		})
	}))
}
