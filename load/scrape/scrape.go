package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// A Source is where a server shows its metrics.
type Source struct {
	URL    string
	client *http.Client
	before counted // processor time, as it was read last
}

// counted is a counter at an instant.
type counted struct {
	at    time.Time
	value float64
}

const (
	// timeout of a look: a server that is too slow for it has no figures of that moment.
	timeout = 4 * time.Second
	// most bytes that a server's metrics may have.
	most = 4 << 20
	// plausible is the most that a figure can be: sums and squares of those beyond, which
	// a broken server may show, would be no numbers any more.
	plausible = 1e18
)

// New checks an address. It is that of http or https, and redirects are not followed.
func New(at string, transport http.RoundTripper) (*Source, error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the address of metrics; it is one such as http://127.0.0.1:9090/metrics", at)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Source{URL: at, client: &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay}}, nil
}

// Where is the address without what may be secret in it.
func (s *Source) Where() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return "" // New parsed it
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// Read returns the figures that the server has, by the names of Figures. Its errors say
// why there are none; they hold nothing that a server wrote.
func (s *Source) Read(ctx context.Context) (map[string]float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be asked", s.Where())
	}
	r.Header.Set("Accept", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s did not answer: %w", s.Where(), errors.Unwrap(err)) // without the address
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered with status %d", s.Where(), answer.StatusCode)
	}
	body := &io.LimitedReader{R: answer.Body, N: most}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(body)
	switch {
	case body.N <= 0:
		return nil, fmt.Errorf("%s has more than %d MB of metrics", s.Where(), most>>20)
	case err != nil:
		return nil, fmt.Errorf("what %s has is not the text format of Prometheus", s.Where())
	}
	found := s.figures(families, time.Now())
	if len(found) == 0 && s.before.at.IsZero() {
		return nil, fmt.Errorf("%s has none of the metrics that dfcheck knows, such as process_resident_memory_bytes",
			s.Where())
	}
	return found, nil
}

// figures of the families, the first of each that there is.
func (s *Source) figures(families map[string]*dto.MetricFamily, now time.Time) map[string]float64 {
	out := map[string]float64{}
	for _, f := range known {
		for _, name := range f.families {
			v, ok := sum(families[name])
			if ok && f.rate {
				v, ok = s.rate(counted{now, v})
			}
			if ok && math.Abs(v) <= plausible {
				out[f.name] = v
				break
			}
		}
	}
	return out
}

// rate is how fast the counter grew since it was read last, for a second.
func (s *Source) rate(now counted) (float64, bool) {
	last := s.before
	s.before = now
	took := now.at.Sub(last.at).Seconds()
	if last.at.IsZero() || took <= 0 || now.value < last.value { // the server was started again
		return 0, false
	}
	return (now.value - last.value) / took, true
}

// sum of a family's gauges or counters.
func sum(f *dto.MetricFamily) (total float64, ok bool) {
	for _, m := range f.GetMetric() {
		switch {
		case m.Gauge != nil:
			total += m.Gauge.GetValue()
		case m.Counter != nil:
			total += m.Counter.GetValue()
		case m.Untyped != nil:
			total += m.Untyped.GetValue()
		default:
			return 0, false
		}
		ok = true
	}
	return total, ok
}
