// Package load puts a crowd of simulated devices on a device-flow server, each
// polling as RFC 8628 asks, and reports latencies from the intended send, what
// became of the flows, and every broken promise of the protocol.
//
// Vegeta's Attacker carries the requests. Its Pacer is the schedule, a wheel of
// milliseconds; its Targeter hands out the device that is due; the RoundTripper
// under it sends requests that are rendered already, and lets the device decide
// what comes next.
package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Target is the server under load.
type Target struct {
	Host               string
	StartURL, TokenURL string
	Contract           *spec.Contract
	ClientID           string
	Secret, Auth       string // of a confidential client: basic or post
	Scope              string
	DeviceType         string
	DeviceOS           string
	Headers            http.Header
	TLS                *tls.Config
	Approver           approve.Approver // nil: nobody decides
	AllowHosts         []string         // beside this machine itself
}

// Options of a run.
type Options struct {
	Progress func(Progress) // told once a second; may be nil
	MaxRate  int            // requests per second, MaxRate when 0
	Results  io.Writer      // gets every request, in vegeta's encoding; may be nil
}

// Progress of a run, for a person who waits.
type Progress struct {
	Elapsed, Duration time.Duration
	Starts, Polls     uint64
	Errors            uint64
	Active            int64
}

// A NotReady error says why a run did not begin, and what to change.
type NotReady struct{ Problem, Hint string }

func (e *NotReady) Error() string { return e.Problem }

// grace is how long after its duration a run waits for answers, at most.
const grace = 30 * time.Second

// Run carries a profile out and returns the figures. When ctx ends the run ends
// in order, with the figures so far. Its errors are those of the profile,
// NotReady, and, beside the figures, LostResults.
func Run(ctx context.Context, t Target, p *Profile, o Options) (*reports.Load, error) {
	p = p.WithDefaults()
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := t.allowed(); err != nil {
		return nil, err
	}
	if err := enoughFiles(p.Connections.Most); err != nil {
		return nil, err
	}
	c, err := newCrowd(t, p, o)
	if err != nil {
		return nil, err
	}
	defer c.transport.pool.close()
	defer c.schedule.waker.close()
	defer collectBy(spareHeap)()
	before := usage()
	complete, lost := c.run(ctx, p, o)
	l := c.report(p, complete)
	after := usage()
	l.Client.CPUSeconds, l.Client.MaxRSSBytes = after.cpu-before.cpu, after.rss
	if n := c.transport.resent.Load(); n > 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("%d requests were sent twice: the server had closed the kept connection before it answered", n))
	}
	if c.broken != nil {
		l.Notes = append(l.Notes, "decisions failed: "+c.broken.Error())
	}
	for _, text := range p.Thresholds {
		th, err := parseThreshold(text)
		if err != nil {
			return nil, err // Check read it
		}
		l.Thresholds = append(l.Thresholds, th.judge(l))
	}
	return l, lost
}

// allowed holds that load goes to this machine, or where the user said it may.
func (t Target) allowed() error {
	for _, at := range []string{t.StartURL, t.TokenURL} {
		u, err := url.Parse(at)
		if err != nil {
			return err
		}
		ip := net.ParseIP(u.Hostname())
		if u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() || slices.Contains(t.AllowHosts, u.Hostname()) {
			continue
		}
		return &NotReady{"load would go to " + u.Hostname() + ", which is not this machine",
			"if the server is yours to load, say so: --allow-host " + u.Hostname()}
	}
	return nil
}

func newCrowd(t Target, p *Profile, o Options) (*crowd, error) {
	c := &crowd{target: t, approver: t.Approver, population: newPopulation(p), record: newRecord(),
		decisions: &decisions{waker: newWaker()}}
	if err := c.population.render(t, p); err != nil {
		return nil, err
	}
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) }
	slots := 2 * p.Connections.Most
	c.transport = &transport{jobs: make([]job, slots), pool: newPool(p.Connections.Most, time.Duration(p.Timeout), now), now: now, timeout: time.Duration(p.Timeout)}
	c.transport.pool.tls = t.TLS
	if p.Connections.HTTP == "2" {
		c.transport.other = &http.Transport{TLSClientConfig: t.TLS.Clone(), ForceAttemptHTTP2: true, MaxConnsPerHost: p.Connections.Most, Proxy: http.ProxyFromEnvironment}
	}
	c.free = make(chan int, slots)
	for i := range c.transport.jobs {
		c.transport.jobs[i].url = slotURL(i)
		c.free <- i
	}
	codes, err := c.preflight()
	if err != nil {
		return nil, err
	}
	c.devices = make([]device, p.Devices)
	c.codes = newArena(p.Devices, len(codes.DeviceCode))
	c.ledger = newLedger(c.devices, c.codes)
	if slices.ContainsFunc(p.Groups, func(g Group) bool { return g.Behaviour.GiveUp > 0 }) {
		c.giveUp = make([]int64, p.Devices)
	}
	rate := o.MaxRate
	if rate <= 0 || rate > MaxRate {
		rate = MaxRate
	}
	began = time.Now()
	c.schedule = newSchedule(c.devices, began, time.Duration(p.Duration), rate, newWaker())
	for i := range c.devices {
		d := &c.devices[i]
		d.group, d.due = c.population.group(int32(i)), c.population.arrival(int32(i))
		c.schedule.put(int32(i))
	}
	return c, nil
}

// preflight starts one flow: a run on a server that gives no codes would tell
// nothing.
func (c *crowd) preflight() (spec.StartResponse, error) {
	j := &c.transport.jobs[0]
	j.template, j.value = c.population.kinds[0].start[0], []byte("preflight")
	if c.transport.other != nil {
		c.transport.foreign(context.Background(), j)
	} else {
		c.transport.exchange(j)
	}
	if r := j.reply; r.outcome != outCodes {
		why := r.problem
		if why == "" {
			why = fmt.Sprintf("%d %s", r.status, spec.ErrorCode([]byte(r.body)))
		}
		return spec.StartResponse{}, &NotReady{"no device authorization could be started at " + c.target.StartURL + ": " + why,
			"`dfcheck conformance` tells more about the server"}
	}
	return j.reply.codes, nil
}

// render makes the requests of every group.
func (p *population) render(t Target, profile *Profile) error {
	fresh := profile.Connections.Mode == "fresh"
	for i := range p.kinds {
		k := &p.kinds[i]
		id, scope := t.ClientID, t.Scope
		if k.ClientID != "" {
			id = k.ClientID
		}
		if k.Scope != "" {
			scope = k.Scope
		}
		client := spec.Params{{Name: "client_id", Value: id}}
		header := t.Headers.Clone()
		if header == nil {
			header = http.Header{}
		}
		switch t.Auth {
		case "basic":
			header.Set("Authorization", basic(id, t.Secret))
		case "post":
			client = append(client, spec.Param{Name: "client_secret", Value: t.Secret})
		}
		k.encodings, k.weights = k.mixOf(&t.Contract.Token)
		for _, e := range k.encodings {
			start := t.Contract.Start.Complete(startParams(t, client, scope))
			in := e
			if !t.Contract.Start.Accepts(e) {
				in = t.Contract.Start.Encodings[0]
			}
			s, err := newTemplate(&t.Contract.Start, t.StartURL, in, start, header, fresh)
			if err != nil {
				return err
			}
			s.start = true
			poll := append(spec.Params{{Name: "grant_type", Value: spec.GrantDeviceCode}, {Name: "device_code", Value: placeholder}}, client...)
			q, err := newTemplate(&t.Contract.Token, t.TokenURL, e, poll, header, fresh)
			if err != nil {
				return err
			}
			k.start, k.poll = append(k.start, s), append(k.poll, q)
		}
	}
	return nil
}

func startParams(t Target, client spec.Params, scope string) spec.Params {
	p := slices.Clone(client)
	if t.Contract.Start.Has("device_type") {
		p = append(p, spec.Param{Name: "device_type", Value: t.DeviceType})
	}
	if t.Contract.Start.Has("device_os") {
		p = append(p, spec.Param{Name: "device_os", Value: t.DeviceOS + " " + placeholder})
	}
	if scope != "" {
		p = append(p, spec.Param{Name: "scope", Value: scope})
	}
	return p
}

// run attacks until the end of the profile, and tells whether it came to that.
// Its error is LostResults.
func (c *crowd) run(ctx context.Context, p *Profile, o Options) (complete bool, lost error) {
	done := make(chan struct{})
	defer close(done)
	go c.transport.pool.keepSwept(done)
	stop := context.AfterFunc(ctx, c.schedule.stop)
	defer stop()
	people, dismiss := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(p.Duration)+grace)
	var deciding sync.WaitGroup
	if c.approver != nil {
		deciding.Go(func() { c.decide(people) })
	}
	if o.Progress != nil {
		go c.tell(p, o.Progress, done)
	}
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: c, CheckRedirect: noRedirect}),
		vegeta.Workers(uint64(p.Connections.Most)), vegeta.MaxWorkers(uint64(p.Connections.Most)), vegeta.Redirects(vegeta.NoFollow))
	var out *results
	if o.Results != nil {
		out = newResults(o.Results, c.schedule.began)
	}
	for r := range attacker.Attack(c.next, c.schedule, 0, "") {
		n, err := slotOf(r.URL)
		if err != nil {
			continue
		}
		if out != nil {
			out.add(&c.transport.jobs[n])
		}
		c.free <- n
	}
	if out != nil {
		lost = out.close()
	}
	dismiss()
	c.decisions.waker.arm(0)
	deciding.Wait()
	c.decisions.waker.close()
	return ctx.Err() == nil, lost
}

// attackName stands in the results. The Attacker is not told: it would set a
// header in each request, which is not sent.
const attackName = "dfcheck"

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// tell reports progress once a second.
func (c *crowd) tell(p *Profile, f func(Progress), done <-chan struct{}) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
			c.record.mu.Lock()
			g := Progress{Elapsed: time.Duration(c.schedule.now()), Duration: time.Duration(p.Duration), Starts: c.record.starts, Polls: c.record.polls}
			for o, n := range c.record.outcomes {
				if outcome(o).bad() {
					g.Errors += n
				}
			}
			c.record.mu.Unlock()
			g.Active = c.active.Load()
			f(g)
		}
	}
}

// report makes the section of a report.
func (c *crowd) report(p *Profile, complete bool) *reports.Load {
	l := &reports.Load{Profile: p.asMap(), Devices: c.census(), Thresholds: []reports.Threshold{},
		Shard: reports.Shard{Index: 0, Count: 1, Complete: complete, Digest: fmt.Sprintf("%016x", c.population.digest(0, 1))}}
	took := min(time.Duration(c.schedule.now()), time.Duration(p.Duration))
	c.record.fill(l, took)
	if c.approver == nil {
		l.Notes = append(l.Notes, "nobody decided: without an approver every flow stays pending")
	}
	return l
}

// asMap is the profile as it was carried out.
func (p *Profile) asMap() map[string]any {
	return map[string]any{"name": p.Name, "devices": p.Devices, "duration": p.Duration.String(), "seed": p.Seed,
		"arrivals": map[string]any{"kind": p.Arrivals.Kind, "over": p.Arrivals.Over.String(), "at": p.Arrivals.At.String()},
		"groups":   len(p.Groups), "thresholds": p.Thresholds,
		"connections": map[string]any{"mode": p.Connections.Mode, "most": p.Connections.Most, "http": p.Connections.HTTP}}
}
