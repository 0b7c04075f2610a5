package load

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
)

func newSimulation(ctx context.Context, t Target, p *profile.Profile, o Options) (*simulation, error) {
	sim := &simulation{secrets: t.secrets(), approver: t.Approver, population: newPopulation(p, o.part()),
		decisions: &decisions{alarm: t.alarm()}}
	sim.record, sim.origin = newRecord(sim.population), p.Connections.ForwardedFor()
	t.Secrets = sim.secrets
	sim.target = t
	if err := sim.population.render(t, p); err != nil {
		return nil, err
	}
	sim.began = time.Now()
	now := func() int64 { return int64(time.Since(sim.began)) }
	other, err := t.carrier(p)
	if err != nil {
		return nil, err
	}
	devices := sim.population.Of(p.Devices)
	wiring := wire.Config{Now: now, Timeout: time.Duration(p.Timeout), TLS: t.TLS, Dial: t.dialing(), Carrier: other}
	if p.Connections.Mode == profile.PerDevice {
		wiring.Owners = devices
	}
	sim.transport = wire.New(wiring)
	sim.requests = make([]request, p.Connections.MaxInFlight)
	for i := range sim.requests {
		sim.requests[i].url = slotURL(i)
	}
	codes, err := sim.preflight(ctx, p)
	if err != nil {
		return nil, err
	}
	sim.interval = time.Duration(codes.Interval) * time.Second
	sim.lifetime = time.Duration(codes.ExpiresIn) * time.Second
	if err := memoryFor(devices, len(codes.DeviceCode)); err != nil {
		return nil, err
	}
	sim.devices = make([]device, devices)
	sim.codes = newArena(devices, len(codes.DeviceCode))
	sim.duplicates = newDuplicates(sim.devices, sim.codes)
	if slices.ContainsFunc(p.Groups, func(g profile.Group) bool { return g.Behaviour.GiveUp > 0 }) {
		sim.giveUp = make([]int64, devices)
		sim.record.windows = newWindows(time.Duration(p.Duration))
	}
	rate := MaxRate
	if o.MaxRate > 0 {
		rate = min(sim.population.share(o.MaxRate), MaxRate)
	}
	sim.began = time.Now()
	sim.schedule = newSchedule(sim.devices, sim.began, time.Duration(p.Duration), rate, p.Connections.MaxInFlight,
		t.alarm())
	for i := range sim.devices {
		d := &sim.devices[i]
		d.interval = uint16(codes.Interval) // until it has codes
		d.group, d.due = sim.population.groupOf(int32(i)), sim.population.arrival(int32(i))
		sim.schedule.put(int32(i))
	}
	if o.Shard != nil {
		if err := sim.waitForStart(ctx, o.Shard); err != nil {
			sim.close()
			return nil, err
		}
	}
	return sim, nil
}

// close frees what a run holds of its machine.
func (sim *simulation) close() {
	sim.transport.Close()
	sim.schedule.alarm.Close()
}

// Interval starts one flow, as a device of the profile's first group, and returns the
// polling interval that the server announces. Its errors are those of Run.
func Interval(ctx context.Context, t Target, p *profile.Profile) (time.Duration, error) {
	q := p.WithDefaults()
	q.Devices, q.Arrivals, q.Thresholds = 1, profile.Arrivals{Kind: "ramp"}, nil
	if err := q.Check(); err != nil {
		return 0, err
	}
	if err := t.Allowed(); err != nil {
		return 0, err
	}
	sim, err := newSimulation(ctx, t, q, Options{})
	if err != nil {
		return 0, err
	}
	sim.close()
	sim.decisions.alarm.Close()
	return sim.interval, nil
}

// carrier is net/http, for what the transport does not do itself: HTTP/2 and
// proxies. It is nil where neither is wanted.
func (t Target) carrier(p *profile.Profile) (http.RoundTripper, error) {
	carrier := &http.Transport{TLSClientConfig: t.TLS.Clone(), MaxConnsPerHost: p.Connections.MaxInFlight,
		MaxIdleConnsPerHost: p.Connections.MaxInFlight, Proxy: t.Proxy}
	if carrier.Proxy == nil {
		carrier.Proxy = http.ProxyFromEnvironment
	}
	if len(t.Sources) > 0 {
		carrier.DialContext = t.dialing()
	}
	if p.Connections.HTTP == "2" {
		carrier.ForceAttemptHTTP2 = true
		return carrier, nil
	}
	for _, at := range []string{t.StartURL, t.TokenURL} {
		r, err := http.NewRequest(http.MethodPost, at, nil)
		if err != nil {
			return nil, err
		}
		proxy, err := carrier.Proxy(r)
		if err != nil {
			return nil, &NotReady{ // without the address, which may hold a password
				Problem: "HTTP_PROXY or HTTPS_PROXY is not the address of a proxy",
				Hint:    "set it to http://HOST:PORT, or exempt the host with NO_PROXY",
			}
		}
		if proxy == nil {
			continue
		}
		if p.Connections.Mode == profile.PerDevice {
			return nil, &NotReady{
				Problem: "a connection for each device is impossible: the proxy " + proxy.Host +
					" shares connections among devices",
				Hint: "connections: {mode: pooled}, or NO_PROXY=" + r.URL.Hostname(),
			}
		}
		carrier.Protocols = &http.Protocols{}
		carrier.Protocols.SetHTTP1(true)
		return carrier, nil
	}
	return nil, nil
}

// preflight starts one flow: a run on a server that gives no codes would tell
// nothing. Where the server demands a code challenge, all devices send one from then on.
func (sim *simulation) preflight(ctx context.Context, p *profile.Profile) (spec.StartResponse, error) {
	done := make(chan struct{})
	var sweeping sync.WaitGroup
	sweeping.Go(func() { sim.transport.EnforceTimeouts(done) })
	defer sweeping.Wait()
	defer close(done)
	stop := context.AfterFunc(ctx, sim.transport.Close)
	defer stop()
	r := sim.startOnce(ctx)
	if ctx.Err() == nil && r.Outcome != wire.Codes && !sim.target.PKCE && spec.DemandsPKCE(r.Body) {
		sim.target.PKCE, sim.challenged = true, true
		if err := sim.population.render(sim.target, p); err != nil {
			return spec.StartResponse{}, err
		}
		r = sim.startOnce(ctx)
	}
	if err := ctx.Err(); err != nil {
		return spec.StartResponse{}, err
	}
	if r.Outcome != wire.Codes {
		why := r.Problem
		if why == "" {
			why = fmt.Sprintf("%d %s", r.Status, spec.ErrorCode([]byte(r.Body)))
		}
		why = sim.secrets.Text(why)
		hint := "`dfcheck doctor` shows the request and the answer"
		if spec.DemandsPKCE(r.Body) {
			hint = "the server demands PKCE at the start; a code_challenge by S256 was sent, and it refuses that too"
		}
		return spec.StartResponse{}, &NotReady{
			Problem: "the device authorization request to " + sim.target.StartURL + " got no code: " + why,
			Hint:    hint,
			Silent:  r.Outcome == wire.TimedOut || r.Outcome == wire.ConnectionFailed,
		}
	}
	return r.Codes, nil
}

// startOnce sends the device authorization request of the first group's devices.
func (sim *simulation) startOnce(ctx context.Context) *wire.Reply {
	req := &sim.requests[0]
	req.Template, req.For = sim.population.groups[0].start[0], sim.claims(0)
	sim.transport.Do(ctx, &req.Request)
	return req.Reply
}
