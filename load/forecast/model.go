package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// Model is a forecast of what a crowd asks of a server.
type Model struct {
	Devices  uint64
	Interval time.Duration
	Lifetime time.Duration    // of the codes
	Latency  time.Duration    // of an answer
	Profile  *profile.Profile // of the devices; their number does not count
	Speed    load.Speed
}

// ReferenceSizes are those of the reference server, for a plan without a measurement.
var ReferenceSizes = load.Sizes{StartIn: 295, StartOut: 480, PollIn: 325, WaitOut: 260, TokenOut: 330}

// otherIntervals are those a plan compares with its own.
var otherIntervals = []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// longestInterval that devices take for meant.
const longestInterval = time.Hour

// Check reports what is wrong with a plan.
func (p *Model) Check() error {
	switch {
	case p.Devices < 1:
		return errors.New("devices must be 1 or more")
	case p.Interval < time.Second || p.Interval > longestInterval:
		return fmt.Errorf("interval %s is not between 1 s and %.0f s", p.Interval, longestInterval.Seconds())
	case p.Lifetime < p.Interval:
		return fmt.Errorf("lifetime %s is shorter than the interval %s", p.Lifetime, p.Interval)
	case p.Latency < 0 || p.Latency > time.Minute:
		return fmt.Errorf("latency %s is not between 0 and 1 min", p.Latency)
	case p.Speed.PerSecond < 0:
		return fmt.Errorf("speed is %g requests per second; it must be above 0", p.Speed.PerSecond)
	}
	return nil
}

// Forecast makes the section of a report.
func (p *Model) Forecast() (*reports.Forecast, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	out := &reports.Forecast{Devices: p.Devices, IntervalSeconds: p.Interval.Seconds(), LifetimeSeconds: p.Lifetime.Seconds(), Rates: p.rates(p.Interval),
		Shard:  reports.ForecastShard{RequestsPerSecond: math.Round(p.Speed.PerSecond), CPUMicroseconds: p.Speed.CPU * 1e6, Processors: uint64(p.Speed.Processors)},
		Others: []reports.ForecastRates{}}
	for _, i := range otherIntervals {
		if i != p.Interval && i <= p.Lifetime {
			out.Others = append(out.Others, p.rates(i))
		}
	}
	q := p.Profile.WithDefaults()
	if slices.ContainsFunc(q.Groups, func(g profile.Group) bool { return g.Behaviour.RestartAfter == 0 }) {
		out.Notes = append(out.Notes, "devices of this profile arrive once: the rates are those at the end of the arrivals, when most of them poll")
	}
	return out, nil
}

// rates are those at an interval.
func (p *Model) rates(interval time.Duration) reports.ForecastRates {
	q := p.Profile.WithDefaults()
	at := pace{interval, p.Lifetime, p.Latency}
	over := time.Duration(q.Timetable().LastArrival())
	if q.Arrivals.Kind == "constant" {
		over = time.Duration(float64(p.Devices) / q.Arrivals.Rate * float64(time.Second))
	}
	weight := 0.0
	for _, g := range q.Groups {
		weight += g.Weight
	}
	var all demand
	for i := range q.Groups {
		g := &q.Groups[i]
		d := demandOf(g, float64(p.Devices)*g.Weight/weight, over, at)
		all.polls, all.flows, all.tokens, all.wait, all.over = all.polls+d.polls, all.flows+d.flows, all.tokens+d.tokens, all.wait+d.wait, all.over+d.over
	}
	r := reports.ForecastRates{IntervalSeconds: interval.Seconds(), PollsPerSecond: all.polls, StartsPerSecond: all.flows, TokensPerSecond: all.tokens,
		RequestsPerSecond: all.polls + all.flows, PollsPerFlow: all.polls / all.flows, PollWaste: max(1-all.over/all.polls, 0), KeptConnections: float64(p.Devices)}
	if all.tokens > 0 {
		r.TokenWaitSeconds = all.wait / all.tokens
	}
	r.InFlight, r.NewConnectionsPerSecond = r.RequestsPerSecond*p.Latency.Seconds(), r.RequestsPerSecond
	s := p.Speed.Sizes
	r.BytesInPerSecond = all.polls*s.PollIn + all.flows*s.StartIn
	r.BytesOutPerSecond = (all.polls-all.tokens)*s.WaitOut + all.tokens*s.TokenOut + all.flows*s.StartOut
	r.Shards = p.shards(r)
	return r
}

// shards that carry a crowd: each can send so much, have so many devices and so
// many requests in flight.
func (p *Model) shards(r reports.ForecastRates) uint64 {
	n := max(math.Ceil(float64(p.Devices)/profile.MaxDevices), math.Ceil(r.InFlight/profile.MaxInFlight), 1)
	for _, speed := range []float64{p.Speed.PerSecond, load.MaxRate} {
		if speed > 0 {
			n = max(n, math.Ceil(r.RequestsPerSecond/speed))
		}
	}
	return uint64(n)
}
