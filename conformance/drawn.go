package conformance

import (
	"cmp"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// A report draws at most so many flows, of at most so many moments each: beyond
// that nobody can see anything, and the file grows.
const maxDrawn, maxMoments = 40, 40

// drawn are the flows that a report can draw: one that went from its start to a
// token, then those that findings cite an exchange of. Flows of a single moment
// have nothing to show.
func (t *Transcript) drawn(cited map[string]bool) (out []reports.Flow) {
	var ids []string
	if id := t.exemplary(); id != "" {
		ids = append(ids, id)
	}
	for _, x := range t.Exchanges {
		if x.Flow != "" && cited[x.ID] && !slices.Contains(ids, x.Flow) {
			ids = append(ids, x.Flow)
		}
	}
	for _, id := range ids {
		if f := t.life(id); len(f.Moments) > 1 && len(f.Moments) <= maxMoments && len(out) < maxDrawn {
			out = append(out, f)
		}
	}
	return out
}

// exemplary is the first flow that went as RFC 8628 has it: polled in time while it
// was pending, approved once, and redeemed; "" when there is none.
func (t *Transcript) exemplary() string {
	approved := map[string]int{}
	for _, ev := range t.Events {
		if d := ev.Decision; d != nil && d.Decision == string(approve.Approve) && d.Outcome == Accepted {
			approved[ev.Flow]++
		}
	}
	for _, x := range t.Exchanges {
		if x.Flow != "" && x.HasTokens() && approved[x.Flow] == 1 && orderly(t.life(x.Flow).Moments) {
			return x.Flow
		}
	}
	return ""
}

// orderly reports whether a flow has nothing but its start, polls in time, of which
// one at least was pending, one decision, and the token at the end.
func orderly(moments []reports.Moment) bool {
	pending, decisions := 0, 0
	for i, m := range moments {
		last := i == len(moments)-1
		switch {
		case m.Kind == reports.MomentDecision:
			decisions++
		case m.Kind == reports.MomentOther, m.Early, m.Tokens != last:
			return false
		case m.Error == spec.ErrAuthorizationPending:
			pending++
		case m.Error != "":
			return false
		}
	}
	return pending > 0 && decisions == 1
}

// life is a flow as a report draws it.
func (t *Transcript) life(id string) reports.Flow {
	f := reports.Flow{ID: id, IntervalSeconds: spec.DefaultInterval, Moments: []reports.Moment{}}
	for _, x := range t.Exchanges {
		if x.Flow != id {
			continue
		}
		if f.Scenario = x.Scenario; x.Op == OpStart {
			if n, ok := x.Number("interval"); ok {
				f.IntervalSeconds = float64(max(n, 1))
			}
			if n, ok := x.Number("expires_in"); ok {
				f.LifetimeSeconds = float64(max(n, 0))
			}
		}
		f.Moments = append(f.Moments, x.moment())
	}
	for _, ev := range t.Events {
		if d := ev.Decision; d != nil && ev.Flow == id {
			f.Moments = append(f.Moments, reports.Moment{Kind: reports.MomentDecision, AtMS: milliseconds(ev.At - d.Took),
				DurationMS: milliseconds(d.Took), Step: d.Label, Decision: d.Decision, Outcome: string(d.Outcome)})
		}
	}
	slices.SortStableFunc(f.Moments, func(a, b reports.Moment) int { return cmp.Compare(a.AtMS, b.AtMS) })
	pace(&f)
	return f
}

func (x *Exchange) moment() reports.Moment {
	m := reports.Moment{Kind: reports.MomentOther, AtMS: milliseconds(x.Sent),
		DurationMS: milliseconds(x.Received - x.Sent), Step: x.Step, Exchange: x.ID, Status: x.Status(),
		Error: x.ErrorCode(), Tokens: x.HasTokens()}
	switch x.Op {
	case OpStart:
		m.Kind = reports.MomentStart
	case OpToken:
		m.Kind = reports.MomentPoll
	}
	return m
}

// pace marks the polls that came before their time: before the interval had passed
// since the last answer that the device had by then (rule C2). After an answer that
// ends the flow no poll has a time.
func pace(f *reports.Flow) {
	for i := range f.Moments {
		m := &f.Moments[i]
		m.IntervalSeconds = f.IntervalSeconds
		over, due := false, 0.0
		for _, before := range f.Moments[:i] {
			answered := before.AtMS + before.DurationMS
			if before.Kind != reports.MomentStart && before.Kind != reports.MomentPoll || answered > m.AtMS {
				continue
			}
			over = over || before.Kind == reports.MomentPoll && before.Error != spec.ErrAuthorizationPending &&
				before.Error != spec.ErrSlowDown
			m.IntervalSeconds = max(m.IntervalSeconds, before.IntervalSeconds)
			due = max(due, answered+before.IntervalSeconds*float64(time.Second/time.Millisecond))
		}
		if m.Kind != reports.MomentPoll {
			continue
		}
		m.Early = !over && m.AtMS < due
		if m.Error == spec.ErrSlowDown {
			m.IntervalSeconds += float64(spec.SlowDownStep)
		}
	}
}
