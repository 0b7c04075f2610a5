package checks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
)

// A polite crowd is so many devices, each of which polls so often at its interval.
const (
	crowdSize  = 30
	crowdPolls = 3
)

// Steps of the polite crowd.
const (
	inCrowd      = "crowd"
	inCrowdAlone = "alone"
	inCrowdAgain = "crowd again"
)

// politeCrowd has many devices behind one address poll at their interval. Where one of
// them is refused, the limiter gets time to forget the run; then a device polls alone,
// and then a crowd once more (ruling R132).
var politeCrowd = &Scenario{
	Name: "polite crowd", Lane: LaneQuiet, Needs: []Capability{NeedThorough},
	Cost: WaitingCost(crowdSize*(1+crowdPolls), crowdSize, 1+crowdPolls),
	Words: Words{
		inCrowd:      "of one device of many",
		inCrowdAlone: "of a device that is alone",
		inCrowdAgain: "of one device of many, later",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		if served := gather(ctx, s, crowdSize, inCrowd); served || s.Target().MaxWait <= forgetting {
			return
		}
		s.Event(EventBranch, "", "a polite crowd was refused: it is tried again when the limiter had time to forget the run")
		if s.Wait(ctx, forgetting) && gather(ctx, s, 1, inCrowdAlone) {
			gather(ctx, s, crowdSize, inCrowdAgain)
		}
	},
}

// gather begins devices one after the other within an interval, so that they poll at
// different moments, as devices do that know nothing of each other. It reports whether
// none of their polls was refused.
func gather(ctx context.Context, s *ScenarioRun, devices int, step string) (served bool) {
	var all sync.WaitGroup
	var refused atomic.Bool
	for range devices {
		all.Go(func() {
			f := s.Start(ctx)
			for range crowdPolls {
				x := pollPatiently(ctx, f, Step(step), Once())
				if x == nil {
					return
				}
				if x.Infrastructure() {
					refused.Store(true)
				}
			}
		})
		if !s.Wait(ctx, s.Target().Timing.Interval/crowdSize) {
			break
		}
	}
	all.Wait()
	return !refused.Load()
}

func judgePoliteCrowd(e *Evidence, j *Judgement) {
	first, alone, again := alive(e, e.Of(politeCrowd, inCrowd)), e.Of(politeCrowd, inCrowdAlone),
		alive(e, e.Of(politeCrowd, inCrowdAgain))
	switch lost, late := refusedOf(first), refusedOf(again); {
	case len(lost) == 0:
		servedTogether(e, j, first)
	case len(refusedOf(alone)) > 0:
		j.Inconclusive(refusedOf(alone)[0].Replied()+": DF-POLL-022 is about that", refusedOf(alone)[0])
	case len(again) == 0:
		j.Inconclusive(lost[0].Replied()+"; it could not be tried again when the limiter had forgotten the run", lost[0])
	case len(late) == 0:
		servedTogether(e, j, again)
	case late[0].Status() != http.StatusTooManyRequests && 10*len(late) < len(again):
		j.Inconclusive(fmt.Sprintf("%d of %d polls got no answer of the server's: %s", len(late), len(again),
			late[0].Replied()), late[0])
	default:
		j.Warn(fmt.Sprintf("%d devices behind one address to be served, each of which polls at its interval", crowdSize),
			fmt.Sprintf("%d of %d polls refused with %s, though a device that polled alone was served", len(late), len(again),
				Describe(late[0])), late[0], alone[len(alone)-1])
	}
}

// refusedOf lists the polls that something answered which is not the device flow. A
// slow_down puts a device off in the protocol's own words, and is none of them.
func refusedOf(polls []*Exchange) []*Exchange {
	return slices.DeleteFunc(slices.Clone(polls), func(x *Exchange) bool { return !x.Infrastructure() })
}

// servedTogether passes where about as many devices polled in one interval as are meant.
func servedTogether(e *Evidence, j *Judgement, polls []*Exchange) {
	if n := mostWithin(polls, e.Timing.Polled()+e.Timing.Interval/10); n < crowdSize*9/10 {
		j.Inconclusive(fmt.Sprintf("only %d devices could poll within one interval, for want of codes or of requests per "+
			"second (--max-rps); %d are enough to tell", n, crowdSize))
		return
	}
	j.Pass(polls...)
}

// mostWithin is how many requests were sent within a time, at most.
func mostWithin(xs []*Exchange, window time.Duration) (most int) {
	for _, first := range xs {
		n := 0
		for _, x := range xs {
			if x.Sent >= first.Sent && x.Sent < first.Sent+window {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
