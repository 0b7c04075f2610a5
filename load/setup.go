package load

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

func newCrowd(ctx context.Context, t Target, p *Profile, o Options) (*crowd, error) {
	c := &crowd{target: t, approver: t.Approver, population: newPopulation(p),
		decisions: &decisions{waker: newWaker()}}
	c.record = newRecord(c.population)
	if err := c.population.render(t, p); err != nil {
		return nil, err
	}
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) }
	c.transport = &transport{jobs: make([]job, p.Connections.Most), pool: newPool(time.Duration(p.Timeout), now), now: now, timeout: time.Duration(p.Timeout)}
	c.transport.pool.tls = t.TLS
	if p.Connections.HTTP == "2" {
		c.transport.other = &http.Transport{TLSClientConfig: t.TLS.Clone(), ForceAttemptHTTP2: true, MaxConnsPerHost: p.Connections.Most, Proxy: http.ProxyFromEnvironment}
	}
	for i := range c.transport.jobs {
		c.transport.jobs[i].url = slotURL(i)
	}
	codes, err := c.preflight(ctx)
	if err != nil {
		return nil, err
	}
	c.interval = time.Duration(codes.Interval) * time.Second
	c.devices = make([]device, p.Devices)
	c.codes = newArena(p.Devices, len(codes.DeviceCode))
	c.ledger = newLedger(c.devices, c.codes)
	if slices.ContainsFunc(p.Groups, func(g Group) bool { return g.Behaviour.GiveUp > 0 }) {
		c.giveUp = make([]int64, p.Devices)
	}
	rate := cmp.Or(o.MaxRate, MaxRate)
	began = time.Now()
	c.schedule = newSchedule(c.devices, began, time.Duration(p.Duration), rate, p.Connections.Most, newWaker())
	for i := range c.devices {
		d := &c.devices[i]
		d.group, d.due = c.population.group(int32(i)), c.population.arrival(int32(i))
		c.schedule.put(int32(i))
	}
	return c, nil
}

// preflight starts one flow: a run on a server that gives no codes would tell
// nothing.
func (c *crowd) preflight(ctx context.Context) (spec.StartResponse, error) {
	done := make(chan struct{})
	var sweeping sync.WaitGroup
	sweeping.Go(func() { c.transport.pool.keepSwept(done) })
	defer sweeping.Wait()
	defer close(done)
	stop := context.AfterFunc(ctx, c.transport.pool.close)
	defer stop()
	j := &c.transport.jobs[0]
	j.template = c.population.kinds[0].start[0]
	if c.transport.other != nil {
		c.transport.foreign(ctx, j)
	} else {
		c.transport.exchange(j)
	}
	if err := ctx.Err(); err != nil {
		return spec.StartResponse{}, err
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
