package checks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// patientPolls keeps the interval on one code that nobody decides, beside the whole
// run: every other poll on a new connection, the others on the one that issued the
// code. An answer that is not pending is followed up: it matters whether it lasts.
var patientPolls = &Scenario{
	Name: "patient device", Lane: LaneExpiry,
	Cost: func(t Timing) Cost {
		return Cost{Requests: 1 + t.Patience, Starts: 1, Wait: time.Duration(t.Patience) * t.Polled()}
	},
	Words: Words{"kept": "on the connection that issued the code", "fresh": "on a new connection"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		kept, done := s.Kept()
		defer done()
		f, others := s.Start(ctx, kept), 0
		for i := range s.Target().Timing.Patience {
			step, way := "kept", kept
			if i%2 == 1 {
				step, way = "fresh", Fresh()
			}
			x := pollPatiently(ctx, f, Step(step), way, Punctual(), onceAfter(i))
			switch {
			case x == nil || x.HasTokens() || others == followedUp:
				return
			case x.ErrorCode() == spec.ErrAuthorizationPending:
				others = 0
			default:
				others++
			}
		}
	},
}

// followedUp is how many polls in a row may be answered otherwise than as pending,
// before the device gives up.
const followedUp = 6

// onceAfter sends a device's poll once, but for the first, before which there is no
// pace to keep.
func onceAfter(polls int) Option {
	if polls == 0 {
		return func(*Call) {}
	}
	return Once()
}

// pollPatiently polls when it is due, nil when the code ends before that.
func pollPatiently(ctx context.Context, f *Flow, how ...Option) *Exchange {
	if !f.WithinLifetime(f.Interval()+Slack) || !f.WaitInterval(ctx, Slack) {
		return nil
	}
	return f.Poll(ctx, how...)
}

// Alone, a limiter has so long to forget what the run sent before.
const forgetting = time.Minute

// patientAlone repeats the patient device with nothing beside it, where something
// limited it: dfcheck polls with many devices from one address, a household does not.
var patientAlone = &Scenario{
	Name: "patient device, alone", Lane: LaneQuiet, Cost: FixedCost(0, 0),
	Words: Words{
		"alone":           "of a device that is alone",
		"another":         "of another device",
		"another at once": "of another device at once",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		limited := func(x *Exchange) bool { return x.In(patientPolls) && isLimit(x) }
		if !slices.ContainsFunc(s.Recorded(OpToken), limited) || s.Target().MaxWait <= forgetting {
			return
		}
		s.Event(EventBranch, "", "the patient device was limited beside the rest of the run: it is repeated alone")
		if !s.Wait(ctx, forgetting) {
			return
		}
		end := s.Now() + s.Target().MaxWait
		f, limits, compared := s.Start(ctx), 0, false
		for i := range s.Target().Timing.Patience {
			x := pollPatiently(ctx, f, Step("alone"), onceAfter(i))
			if x == nil || s.Now() > end {
				return
			}
			if limits++; x.ErrorCode() == spec.ErrAuthorizationPending {
				limits = 0
			}
			if !compared && (limits == spell || x.ErrorCode() == spec.ErrSlowDown) {
				compared = true
				compareWithAnother(ctx, f)
			}
		}
	},
}

// spell is how many limited polls in a row tell a device that is kept out from one
// that met an almost empty bucket.
const spell = 2

// compareWithAnother shows whether a limit is on the code: another code is served
// while this one is not.
func compareWithAnother(ctx context.Context, f *Flow) {
	g := f.Run().Start(ctx, Once())
	g.Poll(ctx, Step("another at once"), Once())
	pollPatiently(ctx, g, Step("another"), Once())
	pollPatiently(ctx, f, Step("alone"), Once())
}

// isLimit asks for an answer that puts a device off: 429, slow_down, or an error that
// neither ends the grant nor leaves it pending.
func isLimit(x *Exchange) bool {
	switch code := x.ErrorCode(); {
	case x.Status() == http.StatusTooManyRequests, code == spec.ErrSlowDown:
		return true
	default:
		return x.Class() == 4 && !x.Infrastructure() && code != spec.ErrAuthorizationPending && !IsTerminal(x)
	}
}

func judgePatience(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(patientPolls) {
		polls := slices.DeleteFunc(alive(e, e.Polls(flow, "kept", "fresh")), func(x *Exchange) bool {
			return x.Infrastructure() && x.Status() != http.StatusTooManyRequests
		})
		n := slices.IndexFunc(polls, func(x *Exchange) bool { return x.ErrorCode() != spec.ErrAuthorizationPending })
		if n < 0 {
			j.Pass(polls...)
			continue
		}
		x, lasts := polls[n], !slices.ContainsFunc(polls[n:], ErrorIs(spec.ErrAuthorizationPending))
		switch got := onPoll(e, x, n); {
		case isLimit(x):
			judgeLimit(e, j, x, got)
		case IsTerminal(x) && !lasts:
			j.Inconclusive(got+", and pending on a later one: see DF-HTTP-010", x)
		case IsTerminal(x) && slices.ContainsFunc(e.Of(idleUntilEnd, "before the end"), endedEarly(e)):
			j.Inconclusive(got+", and a code that was hardly polled ended early as well: see DF-EXPIRY-002", x)
		case IsTerminal(x):
			others := startedBetween(e, e.Authorization(flow), x)
			j.Fail(staysPending, fmt.Sprintf("%s, after %s", got, reports.Count(others, "other code", "other codes")), x)
		case x.Class() == 5 && !lasts:
			j.Inconclusive(got+", and pending on a later one", x)
		default:
			j.Fail(staysPending, got, x)
		}
	}
}

const staysPending = "a code that nobody decides to stay pending for a device that keeps its interval, until the " +
	"lifetime is over"

// onPoll tells after how many polls, and how long, a device got an answer.
func onPoll(e *Evidence, x *Exchange, before int) string {
	begun := e.Authorization(x.Flow)
	return fmt.Sprintf("%s on poll %d, %s into a lifetime of %s", Describe(x), before+1,
		Seconds(x.Received-begun.Received), Seconds(e.Earliest(x.Flow)-begun.Sent))
}

// judgeLimit judges a limit by what it did to a device that was alone (ruling R70).
func judgeLimit(e *Evidence, j *Judgement, beside *Exchange, got string) {
	polls := alive(e, e.Of(patientAlone, "alone"))
	n := slices.IndexFunc(polls, isLimit)
	if n > 0 {
		got = onPoll(e, polls[n], n) + ", though no other request was in flight"
	}
	switch {
	case len(polls) == 0 || n == 0:
		j.Inconclusive(got+"; other requests of the run were in flight, and it could not be repeated without them", beside)
	case n < 0:
		j.Pass(polls...)
	case onTheCode(e, polls[n], polls[len(polls)-1]):
		j.Fail(staysPending, got+"; another code was served at that moment", polls[n])
	case spells(polls) > 1:
		j.Fail(staysPending, got+"; and so again later", polls[n])
	default:
		j.Inconclusive(got+"; the limit may remember the rest of the run", polls[n])
	}
}

// onTheCode reports whether another code was served while the first was limited.
func onTheCode(e *Evidence, limit, last *Exchange) bool {
	another := e.One(patientAlone, "another")
	if another == nil || another.ErrorCode() != spec.ErrAuthorizationPending {
		return false
	}
	if limit.ErrorCode() == spec.ErrSlowDown { // which the device obeys, so that it is served again
		return !throttled(e)(limit)
	}
	atOnce := e.One(patientAlone, "another at once")
	return atOnce.StillPending() && isLimit(last) && last.Sent > another.Sent
}

// spells counts the times that a device which had been served was kept out for several
// polls. A limiter that does so twice counts no more than what lies between.
func spells(polls []*Exchange) int {
	n, served, limits := 0, 0, 0
	for _, x := range polls {
		if !isLimit(x) {
			if limits > 0 {
				served, limits = 0, 0
			}
			served++
			continue
		}
		if limits++; limits == spell && served > spell {
			n++
		}
	}
	return n
}
