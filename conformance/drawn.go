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
func (e *Evidence) drawn(cited map[string]bool) (out []reports.Flow) {
	var ids []string
	if id := e.exemplary(); id != "" {
		ids = append(ids, id)
	}
	for _, x := range e.Exchanges {
		if x.Flow != "" && cited[x.ID] && !slices.Contains(ids, x.Flow) {
			ids = append(ids, x.Flow)
		}
	}
	for _, id := range ids {
		if f := e.life(id); len(f.Moments) > 1 && len(f.Moments) <= maxMoments && len(out) < maxDrawn {
			out = append(out, f)
		}
	}
	return out
}

// exemplary is the first flow that went as RFC 8628 has it: polled in time while it
// was pending, approved once, and redeemed; "" when there is none.
func (e *Evidence) exemplary() string {
	approved := map[string]int{}
	for _, ev := range e.Events {
		if d := ev.Decision; d != nil && d.Decision == string(approve.Approve) && d.Outcome == Accepted {
			approved[ev.Flow]++
		}
	}
	for _, x := range e.Exchanges {
		if x.Flow != "" && x.HasTokens() && approved[x.Flow] == 1 && orderly(e.life(x.Flow).Moments) {
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
func (e *Evidence) life(id string) reports.Flow {
	f := reports.Flow{ID: id, IntervalSeconds: e.AnnouncedInterval(id).Seconds(), Moments: []reports.Moment{}}
	for _, x := range e.Exchanges {
		if x.Flow != id {
			continue
		}
		if f.Scenario = x.Scenario; x.Op == OpStart {
			if n, ok := x.Number("expires_in"); ok {
				f.LifetimeSeconds = float64(max(n, 0))
			}
		}
		m := x.moment()
		if m.Kind == reports.MomentPoll {
			m.Early, m.IntervalSeconds = e.early(x), e.pace(x).Seconds()
		}
		f.Moments = append(f.Moments, m)
	}
	for _, ev := range e.Events {
		if d := ev.Decision; d != nil && ev.Flow == id {
			f.Moments = append(f.Moments, reports.Moment{Kind: reports.MomentDecision, AtMS: milliseconds(ev.At - d.Took),
				DurationMS: milliseconds(d.Took), Step: d.Label, Decision: d.Decision, Outcome: string(d.Outcome)})
		}
	}
	slices.SortStableFunc(f.Moments, func(a, b reports.Moment) int { return cmp.Compare(a.AtMS, b.AtMS) })
	interval := e.Pace(id).Seconds()
	for i := range f.Moments {
		interval = max(interval, f.Moments[i].IntervalSeconds)
		f.Moments[i].IntervalSeconds = interval
	}
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

// early reports whether a poll came before its time: before the interval had passed since
// the last answer that its device had (rule C2). After an answer that ends the flow no
// poll has a time.
func (e *Evidence) early(x *Exchange) bool {
	waited, polled := e.Waited(x)
	if start := e.Authorization(x.Flow); !polled && start != nil {
		waited = x.Sent - start.Received
	}
	over := slices.ContainsFunc(e.Polls(x.Flow), func(y *Exchange) bool {
		return y.Received <= x.Sent && (y.HasTokens() || IsTerminal(y))
	})
	return !over && waited < e.Interval(x)
}

// pace is the interval that holds for the device once it has an answer.
func (e *Evidence) pace(x *Exchange) time.Duration {
	if x.ErrorCode() == spec.ErrSlowDown {
		return e.Interval(x) + e.Timing.Adapted.raised(1)
	}
	return e.Interval(x)
}
