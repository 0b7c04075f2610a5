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

// Model is what a forecast rests on.
type Model struct {
	Devices  uint64
	Interval time.Duration
	Lifetime time.Duration    // of the codes
	Latency  time.Duration    // of an answer
	Profile  *profile.Profile // of the devices; their number does not count
	Speed    load.Speed
}

// ReferenceSizes are those of the reference server, for a forecast without a
// measurement.
var ReferenceSizes = load.Sizes{StartIn: 295, StartOut: 480, PollIn: 325, WaitOut: 260, TokenOut: 330}

// ReferenceMemory is that of the measurements in load/README.md.
var ReferenceMemory = load.Memory{Base: 64e6, Device: 220}

// otherIntervals are those a forecast compares with its own.
var otherIntervals = []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second,
	30 * time.Second, time.Minute}

// longestInterval that devices accept.
const longestInterval = time.Hour

// Check returns an error that says what is wrong with a model, or nil.
func (m *Model) Check() error {
	switch {
	case m.Devices < 1:
		return errors.New("devices must be 1 or more")
	case m.Interval < time.Second || m.Interval > longestInterval:
		return fmt.Errorf("interval %s is not between 1 s and %.0f s", m.Interval, longestInterval.Seconds())
	case m.Lifetime < m.Interval:
		return fmt.Errorf("lifetime %s is shorter than the interval %s", m.Lifetime, m.Interval)
	case m.Latency < 0 || m.Latency > time.Minute:
		return fmt.Errorf("latency %s is not between 0 and 1 min", m.Latency)
	case m.Speed.PerSecond < 0:
		return fmt.Errorf("speed is %g requests per second; it must be above 0", m.Speed.PerSecond)
	}
	return nil
}

// Forecast computes what the crowd asks of a server, as the section of a report. Its
// error is that of Check.
func (m *Model) Forecast() (*reports.Forecast, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	out := &reports.Forecast{Devices: m.Devices, IntervalSeconds: m.Interval.Seconds(),
		LifetimeSeconds: m.Lifetime.Seconds(), Rates: m.rates(m.Interval),
		Shard: reports.ForecastShard{RequestsPerSecond: math.Round(m.Speed.PerSecond),
			CPUMicroseconds: m.Speed.CPU * 1e6, Processors: uint64(m.Speed.Processors)},
		Others: []reports.ForecastRates{}}
	for _, i := range otherIntervals {
		if i != m.Interval && i <= m.Lifetime {
			out.Others = append(out.Others, m.rates(i))
		}
	}
	m.size(out)
	q := m.Profile.WithDefaults()
	if slices.ContainsFunc(q.Groups, func(g profile.Group) bool { return g.Behaviour.RestartAfter == 0 }) {
		out.Notes = append(out.Notes, "devices of this profile arrive once: "+
			"the rates are those at the end of the arrivals, when most of them poll")
	}
	return out, nil
}

// spare is how much more memory a shard should have than was measured: answers wait in
// it while the server is slow, and figures grow with the length of the run.
const spare = 1.5

// size says what a shard must be to carry its part.
func (m *Model) size(f *reports.Forecast) {
	s := &f.Shard
	s.Devices = (m.Devices + f.Rates.Shards - 1) / f.Rates.Shards
	s.MemoryBytes = uint64(spare * (m.Speed.Memory.Base + float64(s.Devices)*m.Speed.Memory.Device))
	s.SentPerSecond = f.Rates.RequestsPerSecond / float64(f.Rates.Shards)
}

// rates are those at an interval.
func (m *Model) rates(interval time.Duration) reports.ForecastRates {
	q := m.Profile.WithDefaults()
	at := pace{interval, m.Lifetime, m.Latency}
	over := time.Duration(q.Timetable().LastArrival())
	if q.Arrivals.Kind == "constant" {
		over = time.Duration(float64(m.Devices) / q.Arrivals.Rate * float64(time.Second))
	}
	weight := 0.0
	for _, g := range q.Groups {
		weight += g.Weight
	}
	var all demand
	for i := range q.Groups {
		g := &q.Groups[i]
		d := demandOf(g, float64(m.Devices)*g.Weight/weight, over, at)
		all.polls, all.flows, all.tokens = all.polls+d.polls, all.flows+d.flows, all.tokens+d.tokens
		all.wait, all.over = all.wait+d.wait, all.over+d.over
	}
	r := reports.ForecastRates{IntervalSeconds: interval.Seconds(), PollsPerSecond: all.polls,
		StartsPerSecond: all.flows, TokensPerSecond: all.tokens, RequestsPerSecond: all.polls + all.flows,
		PollsPerFlow: all.polls / all.flows, PollWaste: max(1-all.over/all.polls, 0),
		KeptConnections: float64(m.Devices)}
	if all.tokens > 0 {
		r.TokenWaitSeconds = all.wait / all.tokens
	}
	r.InFlight, r.NewConnectionsPerSecond = r.RequestsPerSecond*m.Latency.Seconds(), r.RequestsPerSecond
	s := m.Speed.Sizes
	r.BytesInPerSecond = all.polls*s.PollIn + all.flows*s.StartIn
	r.BytesOutPerSecond = (all.polls-all.tokens)*s.WaitOut + all.tokens*s.TokenOut + all.flows*s.StartOut
	r.Shards = m.shards(r)
	return r
}

// shards that carry a crowd: each can send so much, have so many devices and so
// many requests in flight.
func (m *Model) shards(r reports.ForecastRates) uint64 {
	n := max(math.Ceil(float64(m.Devices)/profile.MaxDevices), math.Ceil(r.InFlight/profile.MaxInFlight), 1)
	for _, speed := range []float64{m.Speed.PerSecond, load.MaxRate} {
		if speed > 0 {
			n = max(n, math.Ceil(r.RequestsPerSecond/speed))
		}
	}
	return uint64(n)
}
