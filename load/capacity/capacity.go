package capacity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
)

// Search is a search for the number of devices that a server holds within its
// objectives.
type Search struct {
	Objectives      []string      // threshold expressions; DefaultObjectives when empty
	First           int           // devices of the first measurement; 100 when 0
	MaxDevices      int           // of any measurement; profile.MaxDevices when 0
	Hold            time.Duration // of each measurement, when all devices poll; 10 s when 0, and two intervals at least
	Precision       float64       // width of the interval as a share of the answer; 0.1 when 0
	MaxMeasurements int           // 30 when 0
	// Progress is called after every measurement; may be nil.
	Progress func(p reports.CapacityPoint)
}

// DefaultObjectives are those of a search that is given none.
var DefaultObjectives = []string{"poll.p99 < 500ms"}

// errorObjective holds in every search that has no objective of its own for errors: a
// server that refuses at once is fast, but it holds nobody.
const errorObjective = "error_rate < 1%"

func (s Search) withDefaults() Search {
	if len(s.Objectives) == 0 {
		s.Objectives = DefaultObjectives
	}
	s.Objectives = threshold.Override([]string{errorObjective}, s.Objectives)
	s.First = cmp.Or(s.First, 100)
	s.MaxDevices = cmp.Or(s.MaxDevices, profile.MaxDevices)
	s.Hold = cmp.Or(s.Hold, 10*time.Second)
	s.Precision = cmp.Or(s.Precision, 0.1)
	s.MaxMeasurements = cmp.Or(s.MaxMeasurements, 30)
	return s
}

// comeBack is how long a target that does not answer may take to be back: a restart
// takes less.
const comeBack = 30 * time.Second

// repeats is how often a measurement is repeated in which this machine was the
// limit, before it is taken for one.
const repeats = 2

// The stages of a measurement: the devices come over an interval, poll for the
// first time over the next, and are measured in the third.
const (
	arriving = "arrive"
	settling = "settle"
	holding  = "hold"
)

// Run searches. The crowds are those of the profile, in other sizes and with
// other arrivals: within one interval, so that device authorization requests come
// as fast as polls will. A device that is done starts again at once. When ctx ends, the result is
// what is known by then.
func (s Search) Run(ctx context.Context, t load.Target, p *profile.Profile, o load.Options) (*reports.Capacity, error) {
	s = s.withDefaults()
	if err := s.Check(); err != nil {
		return nil, err
	}
	interval, err := load.Interval(ctx, t, p)
	if err != nil {
		return nil, err
	}
	out := &reports.Capacity{Objectives: s.Objectives, Confidence: confidence, MaxDevices: uint64(s.MaxDevices)}
	strat := newStrategy(s.First, s.MaxDevices, s.MaxMeasurements, s.Precision)
	for strat.next > 0 {
		point, own, err := s.measure(ctx, t, s.crowd(p, strat.next, interval), o)
		if ctx.Err() != nil {
			break
		}
		if err != nil && len(out.Points) == 0 {
			return nil, err
		}
		if s.died(ctx, t, p, point, err) {
			point.Devices, point.OK, point.Limit = uint64(strat.next), false, reports.LimitStopped
			out.Stopped = true
		} else if err != nil {
			out.Notes = append(out.Notes, "the search ended early: "+err.Error())
			break
		}
		out.Points = append(out.Points, point)
		if s.Progress != nil {
			s.Progress(point)
		}
		if own != "" {
			out.Saturated = true
			out.Notes = append(out.Notes, fmt.Sprintf("at %d devices %s", point.Devices, own))
			break
		}
		if strat.observe(strat.next, point.OK); out.Stopped {
			break
		}
	}
	if ctx.Err() != nil {
		out.Notes = append(out.Notes, "interrupted: the answer rests on the measurements made by then")
	}
	conclude(out, strat)
	return out, nil
}

// died reports whether the target was lost in a measurement, or could not be
// reached for it, and does not come back within the time that a restart takes.
func (s Search) died(ctx context.Context, t load.Target, p *profile.Profile,
	point reports.CapacityPoint, err error) bool {
	if lost, ok := errors.AsType[*load.NotReady](err); err == nil && point.OK || ok && !lost.Silent {
		return false
	}
	for began := time.Now(); ctx.Err() == nil; {
		_, err := load.Interval(ctx, t, p)
		if lost, ok := errors.AsType[*load.NotReady](err); !ok || !lost.Silent {
			return false
		}
		if time.Since(began) >= comeBack {
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return false
}

// measure puts a crowd on the server and holds it against the objectives. own
// says how this machine was the limit, again and again; it is empty when it was
// not.
func (s Search) measure(ctx context.Context, t load.Target, p *profile.Profile, o load.Options) (
	point reports.CapacityPoint, own string, err error,
) {
	for range 1 + repeats {
		l, err := load.Run(ctx, t, p, o)
		if err != nil {
			return point, "", err
		}
		if point, own = s.judge(l, p.Devices); own == "" || ctx.Err() != nil {
			break
		}
	}
	return point, own, nil
}

// Check returns an error that says what is wrong with a search, or nil.
func (s Search) Check() error {
	s = s.withDefaults()
	if s.Hold < 0 || !(s.Precision >= 0.02 && s.Precision <= 1) || s.MaxMeasurements < 1 {
		return errors.New("hold must be above 0, precision 0.02 to 1, and measurements 1 or more")
	}
	if s.First < 1 || s.MaxDevices < 1 || s.MaxDevices > profile.MaxDevices {
		return fmt.Errorf("from %d to %d devices; 1 to %d are allowed, and the first crowd must not be the larger one",
			s.First, s.MaxDevices, profile.MaxDevices)
	}
	for _, text := range s.Objectives {
		th, err := threshold.Parse(text)
		if err != nil {
			return err
		}
		if th.Part == "stage" {
			return fmt.Errorf("objective %q: a measurement has no such stage", text)
		}
	}
	return nil
}

// crowd is the profile of a measurement.
func (s Search) crowd(p *profile.Profile, devices int, interval time.Duration) *profile.Profile {
	q := p.WithDefaults()
	q.Devices = devices
	q.Arrivals = profile.Arrivals{Kind: "stages",
		Stages: []profile.Stage{{Name: arriving, Kind: "ramp", Share: 1, Over: profile.Duration(interval)},
			{Name: settling, Over: profile.Duration(interval)}, {Name: holding}}}
	q.Thresholds = nil // they may be about stages of the profile
	q.Duration = profile.Duration(2*interval + max(s.Hold, 2*interval))
	for i := range q.Groups {
		b := &q.Groups[i].Behaviour
		b.RestartAfter = cmp.Or(b.RestartAfter, profile.Duration(time.Millisecond))
	}
	return q
}

// judge holds a measurement against the objectives. own says how this machine
// was the limit, empty when it was not.
func (s Search) judge(l *reports.Load, devices int) (p reports.CapacityPoint, own string) {
	hold := l.Stages[len(l.Stages)-1]
	p = reports.CapacityPoint{Devices: uint64(devices), PollsPerSecond: hold.Requests.PollsPerSecond,
		P50: hold.Latency.Poll.P50, P99: hold.Latency.Poll.P99, ErrorRate: hold.ErrorRate, OK: true}
	for _, text := range s.Objectives {
		th, err := threshold.Parse(text)
		if err != nil {
			continue // Check read it
		}
		if th.Part == "" && th.OfParts() {
			th.Part, th.Of = "stage", holding
		}
		switch r := th.Judge(l); {
		case r.Verdict == reports.Inconclusive && l.Client.Saturated:
			p.OK, p.Limit = false, text
			return p, "this machine was the limit: " + l.Client.Why
		case !r.OK && p.OK:
			p.OK, p.Limit = false, text
		}
	}
	return p, ""
}

// conclude writes the answer.
func conclude(out *reports.Capacity, strat *strategy) {
	median, low, high := strat.interval()
	switch {
	case strat.passed == 0 && strat.failed == 0: // nothing is known
		return
	case strat.passed == 0: // not one crowd met the objectives
		out.High = uint64(strat.failed)
	case out.Saturated || out.Stopped: // the breakpoint is somewhere between
		out.Devices, out.Low, out.High = uint64(strat.passed), uint64(strat.passed), uint64(strat.failed)
	case strat.failed == 0:
		out.Devices, out.Low = uint64(strat.passed), uint64(strat.passed)
	default:
		out.Devices, out.Low, out.High = uint64(math.Round(median)), uint64(math.Round(low)), uint64(math.Round(high))
		clamp(out)
	}
	var near float64 // the measured crowd nearest to the answer
	for _, p := range out.Points {
		d := math.Abs(math.Log(float64(p.Devices) / float64(max(out.Devices, 1))))
		if p.PollsPerSecond > 0 && (out.PollsPerSecond == 0 || d < near) {
			near, out.PollsPerSecond = d, p.PollsPerSecond*float64(out.Devices)/float64(p.Devices)
		}
	}
	if strat.failed > 0 {
		out.FirstLimit = firstLimit(out)
	}
	if out.Stopped {
		out.FirstLimit = reports.LimitStopped
	}
}

// clamp keeps the answer within what was to be tried.
func clamp(out *reports.Capacity) {
	limit := out.MaxDevices
	if out.High > limit {
		out.Notes = append(out.Notes,
			fmt.Sprintf("the server may support more than %d devices, the largest crowd allowed", limit))
	}
	out.Devices, out.Low, out.High = min(out.Devices, limit), min(out.Low, limit), min(out.High, limit)
}

// firstLimit is the objective that the smallest crowds beyond the breakpoint missed.
func firstLimit(out *reports.Capacity) string {
	limit, smallest := "", uint64(0)
	for _, p := range out.Points {
		if !p.OK && p.Limit != "" && p.Devices >= out.Low && (limit == "" || p.Devices < smallest) {
			limit, smallest = p.Limit, p.Devices
		}
	}
	return limit
}
