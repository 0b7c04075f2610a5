package conformance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/dfcheck/dfcheck/conformance/internal/early"
	"github.com/dfcheck/dfcheck/spec"
)

// A session is the recording client of one run: it paces, sends, redacts and
// keeps every exchange. It follows no redirect, keeps no cookie and repeats no
// request unseen (rule C8).
type session struct {
	target  *Target
	opts    Options
	secrets *redactor
	started time.Time
	pace    *rate.Limiter
	room    *rate.Limiter // rounds of races begin at the pace of their requests
	crowd   *rate.Limiter // what races may take of the pace
	slots   *semaphore.Weighted
	turns   turns // of the scenes that a person decides for
	adapted atomic.Pointer[Adaptation]
	client  *http.Client
	fresh   *http.Client                      // a new connection for each request
	others  map[*tls.Certificate]*http.Client // that show another certificate than the device's

	outage   outage
	mu       sync.Mutex
	left     map[*Scenario]chan *Flow    // codes handed on to the scenario after
	working  map[Operation]spec.Encoding // the encoding that works (rule C13)
	events   []Event
	all      []*Exchange
	flows    int
	starts   int
	sample   string // the scenario that starts codes in a row
	first    *Flow  // of the preflight
	waits    map[*wait]bool
	failures int           // what was lost since the last answer
	bulk     int           // bytes of all answers
	deciding time.Duration // that the approver has taken for all decisions
	died     context.CancelCauseFunc
}

// errEnded ends a recording for a reason of the target's: it no longer answers, or
// what it answers is too much.
type errEnded string

func (e errEnded) Error() string { return string(e) }

// errDied is the end of a recording whose target answered last in an exchange.
func errDied(exchange string) error {
	return errEnded("the server stopped answering after exchange " + exchange)
}

// Limits on manners: what a default run may cost the target.
const (
	DefaultMaxRPS      = 50
	DefaultMaxStarts   = 500
	ThoroughMaxStarts  = 1200
	DefaultConcurrency = 96
	RequestTimeout     = 15 * time.Second
	connectTimeout     = 10 * time.Second
	maxHeader          = 256 << 10 // bytes of an answer's header
)

func newSession(t *Target, opts Options) *session {
	fresh := t.HTTPClient()
	fresh.Transport.(*http.Transport).DisableKeepAlives = true
	return &session{
		target: t, opts: opts, secrets: t.renewed(), started: time.Now(), outage: outage{turn: make(chan struct{}, 1)},
		pace:    rate.NewLimiter(rate.Limit(opts.MaxRPS), 1),
		room:    rate.NewLimiter(rate.Limit(opts.MaxRPS*crowdShare), roomBurst),
		crowd:   rate.NewLimiter(rate.Limit(opts.MaxRPS*crowdShare), 1),
		slots:   semaphore.NewWeighted(int64(opts.Concurrency)),
		client:  t.HTTPClient(),
		fresh:   fresh,
		others:  map[*tls.Certificate]*http.Client{},
		working: map[Operation]spec.Encoding{},
		left:    map[*Scenario]chan *Flow{},
		waits:   map[*wait]bool{},
	}
}

// HTTPClient builds a client that shows what the server really answers. Idle
// connections are dropped before common servers drop them, so that an ordinary
// poll does not meet a closing connection.
func (t *Target) HTTPClient() *http.Client { return t.httpClient(&t.Client) }

// httpClient is HTTPClient for one of the target's clients, whose certificate it shows.
func (t *Target) httpClient(c *Client) *http.Client {
	dial := t.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: min(connectTimeout, t.AnswerTimeout())}).DialContext
	}
	tr := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: early.Heard(dial, t.AnswerTimeout()), TLSClientConfig: t.TLSOf(c),
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 128, IdleConnTimeout: 2 * time.Second,
		DisableCompression: true, ResponseHeaderTimeout: t.AnswerTimeout(),
		TLSHandshakeTimeout: min(connectTimeout, t.AnswerTimeout()), MaxResponseHeaderBytes: maxHeader,
	}
	return &http.Client{
		Transport:     tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// close closes the connections that are kept open.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client.CloseIdleConnections()
	for _, c := range s.others {
		c.CloseIdleConnections()
	}
}

// send carries out a call and records it. It returns nil only when the
// recording has ended, or where the server has named a place that the user did not.
func (s *session) send(ctx context.Context, scenario string, c Call) *Exchange {
	if c.Op != OpOther && !s.target.Named(c.URL) {
		s.event(Event{Scenario: scenario, Kind: EventFact, Detail: "unvisited=" + ToldURL(c.URL)})
		return nil
	}
	for try := 0; ; try++ {
		x := s.once(ctx, scenario, c)
		if x != nil && x.Response == nil {
			if away := s.absent(ctx, x); away && x.refused() {
				s.mu.Lock()
				x.Superseded = true // it never arrived
				s.mu.Unlock()
				continue
			} else if away {
				return x // sent again, it may end the server once more
			}
		}
		if x == nil || c.Once || try == 2 || !x.Infrastructure() || ctx.Err() != nil {
			return x
		}
		if !Sleep(ctx, retryAfter(x, try)) {
			return x
		}
		s.supersede(x)
	}
}

// supersede marks an exchange in whose place another is sent.
func (s *session) supersede(x *Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.Superseded = true
}

// retryAfter obeys the server up to 10 s, and waits 1 s, then 2 s otherwise.
func retryAfter(x *Exchange, try int) time.Duration {
	if x.Response != nil {
		if n, err := strconv.Atoi(x.Response.Header.Get("Retry-After")); err == nil && n > 0 && n <= 10 {
			return time.Duration(n) * time.Second
		}
	}
	return time.Duration(try+1) * time.Second
}

func (s *session) once(ctx context.Context, scenario string, c Call) *Exchange {
	if !c.Unpaced {
		if c.crowd && s.crowd.Wait(ctx) != nil {
			return nil
		}
		if s.pace.Wait(ctx) != nil || s.slots.Acquire(ctx, 1) != nil {
			return nil
		}
		defer s.slots.Release(1)
	}
	c = s.authenticated(c)
	req, body, err := s.request(ctx, c)
	x := &Exchange{Scenario: scenario, Step: c.Step, Op: c.Op, Provoked: c.Provoked, lenient: &s.target.Lenient,
		words: c.words}
	if c.flow != nil {
		x.Flow = c.flow.ID
	}
	x.Request = s.recordRequest(req, c, body)
	if err != nil {
		x.Error = err.Error()
		x.Sent = s.now()
		x.Received = x.Sent
		s.keep(x)
		return x
	}
	client := s.carrier(c)
	if c.gate != nil {
		c.gate()
	}
	x.Sent = s.now()
	resp, raw, err := Fetch(client, req, c.Op.limit(), s.target.AnswerTimeout())
	x.Received = s.now()
	if resp != nil {
		cut := err != nil
		x.Response = s.recordResponse(resp, raw, cut)
		if c.Op == OpStart || c.Op == OpToken {
			x.raw = raw
		}
		if v := s.target.verifiers; v != nil && c.Op == OpStart {
			codes, _ := spec.DecodeStart(raw)
			v.Issued(body, codes.DeviceCode)
		}
		if t := s.target; c.Op == OpStart && c.Params != nil && t.Contract.Family == spec.Document {
			codes, _ := spec.DecodeStart(raw)
			t.began.note(codes.DeviceCode, c.Params)
		}
		if (c.Op == OpStart || c.Op == OpToken) && !cut {
			x.Response.Deviations = s.deviations(s.operation(c.Op), resp, raw)
		}
	}
	if err != nil {
		x.Error = s.secrets.Text(unwrapURL(err).Error())
	}
	if ctx.Err() != nil && x.Response == nil {
		return nil // ours, not the target's
	}
	s.keep(x)
	return x
}

// unwrapURL drops the URL that net/http puts before its errors: it may hold
// parameters.
func unwrapURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// keep numbers and stores an exchange. A run whose server sends too much to be kept
// ends.
func (s *session) keep(x *Exchange) {
	s.mu.Lock()
	x.ID = "x" + strconv.Itoa(len(s.all)+1)
	s.all = append(s.all, x)
	if x.Response != nil {
		s.failures = 0
		s.bulk += len(x.raw) + len(x.Response.Body) + sizeOf(x.Response.Header)
	}
	died, full := s.died, s.bulk > maxKept
	s.mu.Unlock()
	if full && died != nil {
		died(errEnded(fmt.Sprintf("the run ended at exchange %s: the server's answers take more than %d MiB", x.ID,
			maxKept>>20)))
	}
}

func (s *session) event(e Event) {
	e.Detail = s.secrets.Text(e.Detail)
	s.mu.Lock()
	defer s.mu.Unlock()
	e.At = s.now()
	s.events = append(s.events, e)
}

// sent is what the target got so far.
func (s *session) sent() Cost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Cost{Requests: len(s.all), Starts: s.starts}
}

func (s *session) now() time.Duration { return time.Since(s.started) }

// transcript seals the recording.
func (s *session) transcript() *Transcript {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Transcript{
		Exchanges: append([]*Exchange(nil), s.all...),
		Events:    append([]Event(nil), s.events...),
		Secrets:   s.secrets.secretTraits(),
		Pools:     pools(s.all, s.sample),
	}
}

// Sleep waits and reports whether the time has passed without the end of ctx.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
