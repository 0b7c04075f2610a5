package metrics

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/dfcheck/dfcheck/reports"
)

// A Receiver takes metrics as OpenTelemetry sends them: OTLP over HTTP, in protobuf.
type Receiver struct {
	URL     string            // with its path, such as http://127.0.0.1:4318/v1/metrics
	Headers map[string]string // of every request
	Run     string            // id of the run whose metrics they are
	Version string            // of dfcheck
}

const (
	// pushEvery is how often a receiver gets metrics.
	pushEvery = 10 * time.Second
	// pushTimeout is how long it may take for that, and in the end for the last.
	pushTimeout = 5 * time.Second
)

// Push sends what Handler serves to a receiver, again and again until stop is called, and
// then once more. lost gets the first error, and no other: the run does not wait for
// its receiver.
func Push(to Receiver, figures func() (*reports.Load, error), lost func(error)) (stop func()) {
	p := newPush(to, figures, lost)
	ctx, cancel := context.WithCancel(context.Background())
	var sending sync.WaitGroup
	sending.Go(func() { p.again(ctx) })
	return func() {
		cancel()
		sending.Wait()
		p.send(context.Background())
	}
}

// A push is a run whose metrics are sent somewhere.
type push struct {
	Receiver
	metrics prometheus.Gatherer
	source  []*common.KeyValue // whose metrics they are
	began   time.Time
	client  *http.Client
	lost    func(error)
	told    bool
}

func newPush(to Receiver, figures func() (*reports.Load, error), lost func(error)) *push {
	source := []*common.KeyValue{attribute("service.name", "dfcheck"), attribute("service.version", to.Version),
		attribute("service.instance.id", rand.Text()), attribute("dfcheck.run", to.Run)}
	client := &http.Client{Timeout: pushTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &push{Receiver: to, metrics: registry(figures), source: source, began: time.Now(), client: client, lost: lost}
}

// again sends until ctx ends.
func (p *push) again(ctx context.Context) {
	tick := time.NewTicker(pushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.send(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// send sends the metrics as they are.
func (p *push) send(ctx context.Context) {
	err := p.post(ctx)
	if err != nil && !p.told && !errors.Is(err, context.Canceled) { // by stop, which sends again
		p.told = true
		p.lost(err)
	}
}

func (p *push) post(ctx context.Context) error {
	families, err := p.metrics.Gather()
	if err != nil {
		return err
	}
	body, err := proto.Marshal(exported(families, p.source, p.began, time.Now()))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range p.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("User-Agent", "dfcheck/"+p.Version)
	answer, err := p.client.Do(request)
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err // the URL is known, and may hold a key
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	switch {
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("it answers %d", answer.StatusCode)
	case err != nil:
		return err
	case refused(said):
		return errors.New("it takes only some of them")
	}
	return nil
}

// refused reports whether an answer, an ExportMetricsServiceResponse, has something in
// its first field: partial_success, which is empty where all was taken.
func refused(answer []byte) bool {
	field, kind, n := protowire.ConsumeTag(answer)
	if n < 0 || field != 1 || kind != protowire.BytesType {
		return false
	}
	partial, _ := protowire.ConsumeBytes(answer[n:])
	return len(partial) > 0
}
