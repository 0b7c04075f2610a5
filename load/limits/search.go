package limits

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Search looks for the limiters of a server.
type Search struct {
	Target  load.Target
	Second  *load.Target  // the same server with another client; nil where there is none
	Source  Dial          // dials from another address of this machine; nil where it has none
	Rate    int           // requests a second, at most
	Tries   int           // requests of a kind in a row before none is said to be limited
	MaxWait time.Duration // for a limiter to serve again
	// Progress is told in words how far it is; may be nil.
	Progress func(string)
}

// What a limiter can count by.
const (
	keyAddress = "address"
	keyClient  = "client"
	keyCode    = "device code"
)

// How many requests a limiter that was found may cost beside those that found it, and
// how many times MaxWait.
const (
	followUp  = 2000
	longWaits = 10
)

// kinds is how many kinds of requests are tried, at most.
const kinds = 6

// Cost is what a search takes at most: requests, device authorizations among them, time.
func (s Search) Cost() (requests, starts int, longest time.Duration) {
	each := s.Tries + followUp
	return kinds * each, each + codesNeeded, kinds * s.longest()
}

func (s Search) longest() time.Duration {
	return longWaits*s.MaxWait + time.Duration(s.Tries+followUp)*time.Second/time.Duration(s.Rate)
}

// codesNeeded are two of the client and one of the other client, and those that are
// polled in turn.
const codesNeeded = 3 + severalCodes

// Check returns an error that says what is wrong with a search, or nil.
func (s Search) Check() error {
	if s.Rate < 1 || s.Rate > maxRate || s.Tries < 10 || s.Tries > maxTries || s.MaxWait < time.Second ||
		s.MaxWait > maxMaxWait {
		return fmt.Errorf("%d requests a second, %d in a row, waits of %s; 1 to %d, 10 to %d and 1s to %s are allowed",
			s.Rate, s.Tries, s.MaxWait, maxRate, maxTries, maxMaxWait)
	}
	return nil
}

// What no search exceeds: it is no load test.
const (
	maxRate    = 1000
	maxTries   = 5000
	maxMaxWait = time.Hour
)

// run is a search on its way.
type run struct {
	Search
	one, two, away *client // this one, the other client's, the one at the other address; the last two may be nil
	codes          []string
	second         string // code of the other client
	entry          *entry // nil where nobody can type codes
	out            *reports.Limits
	full           time.Duration // what the last limiter takes to recover
}

// Run searches. When ctx ends, or the server stops answering, the result is what is known
// by then, with the error. Its other errors are load.NotReady, and what is wrong with the search.
func (s Search) Run(ctx context.Context) (*reports.Limits, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if err := s.Target.Allowed(); err != nil {
		return nil, err
	}
	r := &run{Search: s, out: &reports.Limits{}}
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	var err error
	tried := []func() kind{r.polls, r.unknown, r.starts} // starts late, so that there are codes to poll with
	if r.entry != nil {
		tried = append(tried, r.entries)
	}
	if r.entry != nil && r.entry.stays != nil {
		tried = append(tried, r.staying)
	}
	for i, k := range tried {
		if err = r.search(ctx, k()); err == nil && i == 0 {
			err = r.behind(ctx)
		}
		if err != nil {
			break
		}
	}
	devices(r.out)
	return r.out, err
}

func (r *run) close() {
	for _, c := range []*client{r.one, r.two, r.away} {
		if c != nil {
			c.close()
		}
	}
}

// prepare makes the clients and gets codes.
func (r *run) prepare(ctx context.Context) (err error) {
	if r.one, err = newClient(r.Target, nil); err != nil {
		return err
	}
	if r.Second != nil {
		if r.two, err = newClient(*r.Second, nil); err != nil {
			return err
		}
	}
	if r.Source != nil {
		if r.away, err = newClient(r.Target, r.Source); err != nil {
			return err
		}
	}
	first := r.start(ctx, r.one)
	if first.codes.DeviceCode == "" {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		why := first.problem
		if why == "" {
			why = "status " + strconv.Itoa(first.status)
		}
		return &load.NotReady{Problem: "the device authorization request to " + r.Target.StartURL + " got no code: " + why,
			Hint: "`dfcheck doctor` shows the request and the answer", Silent: first.verdict == silent}
	}
	r.out.IntervalSeconds, r.out.LifetimeSeconds = spec.DefaultInterval, float64(first.codes.ExpiresIn)
	if first.codes.HasInterval {
		r.out.IntervalSeconds = float64(first.codes.Interval)
	}
	r.codes = []string{first.codes.DeviceCode}
	if next := r.start(ctx, r.one); next.codes.DeviceCode != "" {
		r.codes = append(r.codes, next.codes.DeviceCode)
	}
	if r.two != nil {
		r.second = r.start(ctx, r.two).codes.DeviceCode
	}
	var why string
	if r.entry, why = r.newEntry(ctx, first.codes); why != "" {
		r.out.Notes = append(r.out.Notes, why)
	}
	return ctx.Err()
}

// start asks for a code outside of any measurement.
func (r *run) start(ctx context.Context, c *client) answer {
	r.out.Requests, r.out.Starts = r.out.Requests+1, r.out.Starts+1
	a := c.ask(ctx, c.start, "", true)
	if a.codes.DeviceCode != "" {
		r.Target.Secrets.Sent("device_code", a.codes.DeviceCode)
	}
	return a
}

// search measures one kind of requests, once the limiter before has recovered.
func (r *run) search(ctx context.Context, k kind) error {
	if err := sleep(ctx, time.Now().Add(min(r.full, 2*r.MaxWait))); err != nil {
		return err
	}
	tries, rate := r.Tries, r.Rate
	if k.name == reports.LimitedEntries || k.name == reports.LimitedStaying {
		tries, rate = min(tries, entriesTried), max(rate/requestsOfEntry, 1)
	}
	gap := max(time.Second/time.Duration(rate), k.gap)
	if k.gap > 0 { // which may be long: it takes no longer than a limiter is given to recover
		tries = max(min(tries, int(2*r.MaxWait/gap)), 2*severalCodes)
	}
	r.tell("%s: up to %d in a row, %.3g a second", k.name, tries, 1/gap.Seconds())
	allowed := r.Tries + followUp
	left := allowed
	m := &measurement{ask: k.ask, gap: gap, maxWait: r.MaxWait, left: &left,
		until: time.Now().Add(r.longest())}
	if k.name == reports.LimitedStarts {
		m.used = int(r.out.Starts)
	}
	l := reports.Limiter{Requests: k.name}
	err := m.find(ctx, k, tries, r.covering(k.name), &l)
	sent := uint64(allowed - max(left, 0))
	r.out.Requests += sent
	if k.name == reports.LimitedStarts {
		r.out.Starts += sent
	}
	died, isDead := errors.AsType[*diedError](err)
	if isDead || ctx.Err() != nil {
		l.Notes = append(l.Notes, "the measurement was broken off")
	} else if err != nil {
		l.Notes = append(l.Notes, err.Error())
	}
	r.full = time.Duration(rest * l.FullAfterSeconds * float64(time.Second))
	r.out.Limiters = append(r.out.Limiters, l)
	r.tell("%s: %s", l.Requests, l.Sentence())
	if isDead {
		return died
	}
	return ctx.Err()
}

// covering is a limiter that was found on other requests and refuses these as well.
func (r *run) covering(kind string) *reports.Limiter {
	for i, l := range r.out.Limiters {
		if slices.Contains(l.Covers, kind) && !slices.Contains(l.Key, keyCode) {
			return &r.out.Limiters[i]
		}
	}
	return nil
}

func (r *run) tell(format string, args ...any) {
	if r.Progress != nil {
		r.Progress(fmt.Sprintf(format, args...))
	}
}
