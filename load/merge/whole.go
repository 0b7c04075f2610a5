package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
)

// report is the document of the whole run.
func (run *run) report(seen *digests.Set) (*reports.Report, error) {
	first := run.parts[slices.IndexFunc(run.parts, func(p part) bool { return p.Report != nil })]
	out := reports.New(reports.KindLoad, first.Tool.Version)
	out.Tool, out.Target = first.Tool, first.Target
	out.Run.ID, out.Run.Started = first.Run.ID, *first.Load.Shard.StartAt
	out.Run.Config, out.Run.CI = first.Run.Config, first.Run.CI
	l := &reports.Load{Profile: first.Load.Profile, Shards: run.shards, Violations: []reports.Violation{},
		Timeline: []reports.Second{}, Thresholds: []reports.Threshold{}}
	out.Load = l
	seconds := 0.0
	for i := range run.shards {
		s := &run.shards[i]
		if p := run.parts[i]; p.Report != nil && !s.Late {
			s.Polls, seconds = p.Load.Requests.Polls, max(seconds, s.Seconds)
		}
	}
	out.Run.DurationMS = 1000 * seconds
	list := run.there()
	if len(list) > 0 {
		if err := sections(l, list, seconds); err != nil {
			return nil, err
		}
	}
	run.crowd(l)
	if seen != nil {
		l.Violations = addTwice(l.Violations, seen, time.Duration(l.Crowd.ClockSpreadMS*float64(time.Millisecond)))
	}
	run.judge(l)
	if l.Stopped != nil {
		out.Run.Problem = &reports.Problem{Kind: reports.ProblemDied, Message: l.Stopped.String()}
	}
	out.Run.ExitCode = reports.ExitCode(out, reports.ExitOptions{})
	return out, nil
}

// sections fills the figures of the whole in.
func sections(l *reports.Load, list []*reports.Load, seconds float64) (err error) {
	took := time.Duration(seconds * float64(time.Second))
	var wholes []*reports.Breakdown
	var groups, stages [][]reports.Breakdown
	for _, s := range list {
		wholes = append(wholes, s.Whole())
		groups, stages = append(groups, s.Groups), append(stages, s.Stages)
		sumCounts(&l.States, s.States)
		sumCounts(&l.Offered, s.Offered)
	}
	b, err := breakdown(wholes, seconds)
	if err != nil {
		return err
	}
	l.SetWhole(b)
	l.Requests.SteadyPollsPerSecond = steady(list)
	l.Offered.Derive(took)
	if l.Groups, err = breakdowns(groups, func(int) float64 { return seconds }); err != nil {
		return err
	}
	from := func(i int) float64 {
		if i < len(stages[0]) {
			return min(stages[0][i].FromSecond, seconds)
		}
		return seconds
	}
	if l.Stages, err = breakdowns(stages, func(i int) float64 { return from(i+1) - from(i) }); err != nil {
		return err
	}
	if l.Timeline, err = timeline(list); err != nil {
		return err
	}
	if l.Trend, err = trends(list, l.Timeline); err != nil {
		return err
	}
	type part = *reports.Load
	m := merging[part]{list: list}
	ms := reports.Milliseconds
	m.add(&l.Service.Start, "service_ms.start", ms, func(s part) reports.Distribution { return s.Service.Start })
	m.add(&l.Service.Poll, "service_ms.poll", ms, func(s part) reports.Distribution { return s.Service.Poll })
	m.add(&l.Lag, "lag_ms", ms, func(s part) reports.Distribution { return s.Lag })
	l.Violations, l.Errors = violations(list), errorKinds(list)
	l.Exchanges = exchanges(list, l.Violations, l.Errors)
	client(l, list)
	stopped(l, list)
	notes(l, list)
	return m.err
}

// steady adds the shards' rates, which are of the same seconds where all shards ran
// to the end. Otherwise there is none.
func steady(list []*reports.Load) (sum float64) {
	for _, s := range list {
		if !s.Shard.Complete || s.Requests.SteadyPollsPerSecond == 0 {
			return 0
		}
		sum += s.Requests.SteadyPollsPerSecond
	}
	return sum
}

// client adds what the load generators took. One that was too slow makes the whole
// its own: its figures are among the others'.
func client(l *reports.Load, list []*reports.Load) {
	for _, s := range list {
		c := s.Client
		l.Client.CPUSeconds += c.CPUSeconds
		l.Client.MaxRSSBytes += c.MaxRSSBytes
		l.Client.Machine = sameMachine(list)
		if c.Saturated {
			l.Client.Saturated = true
			l.Client.Why = cmp.Or(l.Client.Why, fmt.Sprintf("shard %d: %s", s.Shard.Index, c.Why))
		}
		for _, short := range c.Shortages {
			i := slices.IndexFunc(l.Client.Shortages, func(o reports.Shortage) bool { return o.Of == short.Of })
			if i < 0 {
				l.Client.Shortages = append(l.Client.Shortages, short)
				continue
			}
			l.Client.Shortages[i].NotSent += short.NotSent
		}
	}
}

// sameMachine is what all shards ran on, nil when that differs.
func sameMachine(list []*reports.Load) *reports.Machine {
	first := list[0].Client.Machine
	for _, s := range list {
		if m := s.Client.Machine; first == nil || m == nil || *m != *first {
			return nil
		}
	}
	return first
}

// stopped: the target is gone for the whole when it is for one shard.
func stopped(l *reports.Load, list []*reports.Load) {
	for _, s := range list {
		if s.Stopped == nil {
			continue
		}
		if l.Stopped == nil {
			l.Stopped = &reports.Stopped{AtSeconds: s.Stopped.AtSeconds}
		}
		l.Stopped.AtSeconds = min(l.Stopped.AtSeconds, s.Stopped.AtSeconds)
		l.Stopped.Failed += s.Stopped.Failed
		l.Stopped.EndedRun = l.Stopped.EndedRun || s.Stopped.EndedRun
	}
}

// notes are those of the shards, once where all have them.
func notes(l *reports.Load, list []*reports.Load) {
	by := map[string]int{}
	for _, s := range list {
		for _, n := range s.Notes {
			by[n]++
		}
	}
	for _, s := range list {
		for _, n := range s.Notes {
			text := fmt.Sprintf("shard %d: %s", s.Shard.Index, n)
			if by[n] == len(list) {
				text = n
			}
			if !slices.Contains(l.Notes, text) {
				l.Notes = append(l.Notes, text)
			}
		}
	}
}

// maxClockSpread is how far the clocks of shards may be apart before their figures
// are not of one time.
const maxClockSpread = 100 // milliseconds

// crowd compares what was planned with what the shards were.
func (run *run) crowd(l *reports.Load) {
	c := &reports.Crowd{Devices: uint64(profile.DevicesOf(l.Profile))}
	var sum uint64
	expected, known := "", true
	duration, _ := l.Profile["duration"].(string)
	long, _ := time.ParseDuration(duration)
	for i, s := range run.shards {
		p := run.parts[i]
		if p.Report == nil {
			known = false
			continue
		}
		n, err := strconv.ParseUint(s.Digest, 16, 64)
		if expected = s.CrowdDigest; err != nil {
			known = false
		}
		sum += n
		if s.Late {
			continue
		}
		st := p.Load.States
		c.Arrived += st.Sum() - st.Absent
		c.Load += float64(s.Devices) / float64(max(c.Devices, 1)) * min(s.Seconds/max(long.Seconds(), 1e-9), 1)
	}
	if c.Load > 0.9999999 { // sums of thirds
		c.Load = 1
	}
	c.Digest = fmt.Sprintf("%016x", sum)
	c.DigestRight = known && c.Digest == expected
	l.Crowd = c
	l.Shard = reports.Shard{Count: 1, Digest: c.Digest, CrowdDigest: expected, Complete: l.Complete(),
		Seconds: run.shortest()}
	var sure bool
	if c.ClockSpreadMS, sure = clockSpread(run.shards); sure && c.ClockSpreadMS > maxClockSpread {
		l.Notes = append(l.Notes, fmt.Sprintf("the clocks of the shards are %.0f ms apart: they did not start together, "+
			"and seconds of the time line are not of one time; synchronise the clocks of the nodes", c.ClockSpreadMS))
	}
}

// shortest is for how long the shard with the oldest figures had sent.
func (run *run) shortest() (seconds float64) {
	for i, l := range run.there() {
		if s := l.Shard.Seconds; i == 0 || s < seconds {
			seconds = s
		}
	}
	return seconds
}

// clockSpread is how far the clocks of two shards are apart at most; sure says that
// it is not how inexactly they are known.
func clockSpread(shards []reports.Shard) (ms float64, sure bool) {
	for _, a := range shards {
		for _, b := range shards {
			known := a.ClockErrorMS > 0 && b.ClockErrorMS > 0
			if d := a.ClockOffsetMS - b.ClockOffsetMS; known && d > ms {
				ms, sure = d, d > a.ClockErrorMS+b.ClockErrorMS
			}
		}
	}
	return ms, sure
}

// judge holds the whole against the thresholds of the profile. What was met without
// all shards is no pass.
func (run *run) judge(l *reports.Load) {
	why := l.Incomplete()
	list, _ := l.Profile["thresholds"].([]any)
	for _, text := range list {
		th, err := threshold.Parse(fmt.Sprint(text))
		if err != nil {
			continue // the shards read it
		}
		t := th.Judge(l)
		if why != "" {
			t = th.WithoutAll(t, why)
		}
		l.Thresholds = append(l.Thresholds, t)
	}
}
