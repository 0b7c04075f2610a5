package checks

import (
	"context"
	"sync"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
)

// aim is what crossings teach of the moment at which a poll meets a long decision: it
// must be answered before the server has carried it out.
type aim struct {
	mu   sync.Mutex
	late time.Duration // into the decision, when polls get tokens; 0 when not known
}

// aimPoints is how many moments of a long decision polls are aimed at: at which one the
// server learns of it is not known.
const aimPoints = 4

// next is the moment of a poll after the beginning of a decision that usually takes so
// long.
func (a *aim) next(i int, usual time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.late == 0 || usual < a.late {
		a.late = usual
	}
	return a.late * time.Duration(i%aimPoints) / aimPoints
}

// learn hears what came of a poll at a moment: one that got tokens came too late.
func (a *aim) learn(at time.Duration, poll *Exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if poll.HasTokens() && at > 0 {
		a.late = min(a.late, at)
	}
}

// crossingMost is how many polls meet an approval, at most. Two meet it more often
// than one, but the second is too fast and slows the device down, so that less can be
// done with the code afterwards: it is so for one code of crossingTwice.
const (
	crossingMost  = 2
	crossingTwice = 3
)

// cross approves a code and polls it while the server learns of it; crossed reports
// whether a poll may have read the record as it was before. Where the decision takes
// no longer than a poll, the polls leave at the moment at which it begins: all that is
// left to do for them is to be written.
func cross(ctx context.Context, f *Flow, a *aim, i int) (out Outcome, crossed bool) {
	s := f.Run()
	at := a.next(i, usualDecision(s))
	var approval sync.WaitGroup
	var begun time.Duration
	deciding := make(chan struct{})
	begin := sync.OnceFunc(func() {
		approval.Go(func() {
			begun = s.Now()
			close(deciding)
			out = f.Approve(ctx)
		})
		<-deciding
	})
	polls := make([]*Exchange, 1)
	if i%crossingTwice == 0 {
		polls = make([]*Exchange, crossingMost)
	}
	s.Barrier(ctx, len(polls), func(i int, unpaced Option) {
		if at > 0 {
			begin()
		}
		if s.Wait(ctx, at) {
			polls[i] = f.Poll(ctx, Step("crossing"), unpaced, Held(begin))
		}
	})
	begin() // should nothing have been sent
	approval.Wait()
	for _, x := range polls {
		if x != nil {
			a.learn(at, x)
			crossed = crossed || meets(x, begun, s.Now())
		}
	}
	return out, crossed
}

// meets reports whether a poll was in flight during a decision and saw the code
// undecided.
func meets(x *Exchange, begun, ended time.Duration) bool {
	return !x.Infrastructure() && x.StillPending() && x.Sent <= ended && x.Received >= begun
}
