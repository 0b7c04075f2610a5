package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
)

// MaxRate is the most requests per second that a run may send.
const MaxRate = 200_000

// Options of a run.
type Options struct {
	Progress func(Progress) // called once a second; may be nil
	MaxRate  int            // requests per second, of all shards together; MaxRate in each process when 0
	Results  io.Writer      // gets every request, in vegeta's encoding; may be nil
	// Scrape reads the server's own metrics, every five seconds; may be nil. Its errors
	// hold nothing that a server wrote.
	Scrape func(context.Context) (map[string]float64, error)
	Watch  func(*Running) // gets the run before its first request; may be nil
	Shard  *Sharding      // nil: this process carries out the whole crowd
}

// A NotReady error says why a run did not start, and what to change.
type NotReady struct {
	Problem, Hint string
	Silent        bool // the target did not answer
}

func (e *NotReady) Error() string { return e.Problem }

// grace is how long after its duration a run waits for answers, at most.
const grace = 30 * time.Second

// Run carries out a profile, holds the figures against its thresholds and returns
// them. When ctx ends, or the target stops answering for good, the run ends in
// order, with the figures so far. Its errors are those of the profile, NotReady,
// that of a ctx that ended before anything was sent, and, beside the figures,
// LostResults.
func Run(ctx context.Context, t Target, p *profile.Profile, o Options) (*reports.Load, error) {
	p = p.WithDefaults()
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := Divided(p.Devices, o.part().Count); err != nil {
		return nil, err
	}
	if len(t.Sources) > 0 && p.Connections.Mode == profile.Pooled && p.Connections.HTTP != "2" {
		p.Connections.Mode = profile.PerDevice // a pool would hardly use more than one of them
	}
	if err := t.claimsOnce(&p.Connections); err != nil {
		return nil, err
	}
	if most := o.part().Count * MaxRate; o.MaxRate < 0 || o.MaxRate > most {
		return nil, fmt.Errorf("%d requests per second; 1 to %d are allowed", o.MaxRate, most)
	}
	if err := t.Allowed(); err != nil {
		return nil, err
	}
	owned := p.Connections.Mode == profile.PerDevice // a pool is hardly ever used up
	if err := roomFor(o.part().connections(p), t.Embedded && owned); err != nil {
		return nil, err
	}
	sim, err := newSimulation(ctx, t, p, o)
	if err != nil {
		return nil, err
	}
	defer sim.close()
	defer collectBy(spareHeap)()
	sim.before = usage()
	complete, lost := sim.run(ctx, p, o)
	l, err := sim.report(complete)
	if err != nil {
		return nil, err
	}
	sim.spend(l)
	stale, idle := sim.transport.StaleConnections()
	if note := keepAliveNote(stale, idle, l.Requests.Total(), sim.interval); note != "" {
		l.Notes = append(l.Notes, note)
	}
	if sim.broken != nil {
		l.Notes = append(l.Notes, "decisions failed: "+sim.secrets.Text(sim.broken.Error()))
	}
	if o.Shard == nil {
		judge(l, p.Thresholds)
		return l, lost
	}
	l.Shard.CPUSeconds, l.Shard.MaxRSSBytes = l.Client.CPUSeconds, l.Client.MaxRSSBytes
	o.Shard.Flush(l, sim.digests.Drain(true))
	return l, lost
}

// judge holds the figures against what was expected of them.
func judge(l *reports.Load, thresholds []string) {
	for _, text := range thresholds {
		th, err := threshold.Parse(text)
		if err != nil {
			continue // Check read it
		}
		l.Thresholds = append(l.Thresholds, th.Judge(l))
	}
}

// run attacks until the end of the profile, and reports whether it came to that.
// Its error is LostResults.
func (sim *simulation) run(ctx context.Context, p *profile.Profile, o Options) (complete bool, lost error) {
	var flushing sync.WaitGroup
	defer flushing.Wait()
	done := make(chan struct{})
	defer close(done)
	go sim.transport.EnforceTimeouts(done)
	go sim.schedule.limiter.watch(done)
	stop := context.AfterFunc(ctx, sim.schedule.stop)
	defer stop()
	last := time.AfterFunc(time.Duration(p.Duration)+grace, sim.transport.Close)
	defer last.Stop()
	people, dismiss := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(p.Duration)+grace)
	var deciding sync.WaitGroup
	if sim.approver != nil {
		deciding.Go(func() { sim.decide(people) })
	}
	running := &Running{sim: sim, profile: p}
	if o.Watch != nil {
		o.Watch(running)
	}
	if o.Progress != nil {
		go running.tell(o.Progress, done)
	}
	if o.Shard != nil {
		flushing.Go(func() { sim.flushEvery(o.Shard, done) })
	} else if p.AbortOnBreach {
		flushing.Go(func() { sim.endOnBreach(done) })
	}
	if o.Scrape != nil {
		flushing.Go(func() { sim.scrape(people, o.Scrape, done) })
	}
	// The Attacker hands out hits to its workers in turn, and those that are idle
	// go cold: it starts with one and adds what it needs.
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: sim, CheckRedirect: noRedirect}),
		vegeta.Workers(1), vegeta.MaxWorkers(uint64(p.Connections.MaxInFlight)), vegeta.Redirects(vegeta.NoFollow))
	var out *results
	if o.Results != nil {
		out = newResults(o.Results, sim.schedule.began, sim.secrets)
	}
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { sim.watch(over) })
	for r := range attacker.Attack(sim.next, sim.schedule, 0, "") {
		n, err := slotOf(r.URL)
		if err != nil {
			continue
		}
		req := &sim.requests[n]
		if out != nil {
			out.add(req)
		}
		sim.schedule.done(int32(n), req.Sent, req.Received)
	}
	if out != nil {
		lost = out.close()
	}
	close(over)
	watching.Wait()
	dismiss()
	sim.decisions.alarm.Set(0)
	deciding.Wait()
	sim.decisions.alarm.Close()
	complete = ctx.Err() == nil && !sim.record.silence.ended && sim.breach.Load() == nil
	if complete {
		sim.gone(goneAtEnd)
	}
	return complete, lost
}

// attackName stands in the results. The Attacker is not told: it would set a
// header in each request, which is not sent.
const attackName = "dfcheck"

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
