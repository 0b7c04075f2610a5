package checks

import (
	"context"
	"net/http/httptrace"
	"runtime"
	"sync"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
)

// aim is what crossings teach of the moment at which a poll meets an approval: it must
// be read before the approval, and be answered after. How long that takes depends on the
// server and on this machine, so no fixed time would do; and it is shorter than a timer
// can measure on a busy machine.
type aim struct {
	mu   sync.Mutex
	lead int           // how often this goroutine yields between the poll and the approval
	late time.Duration // into a long decision, when polls get tokens; 0 when not known
}

// aimPoints is how many moments of a long decision polls are aimed at: at which one the
// server learns of it is not known.
const aimPoints = 4

// mostLead is about a millisecond.
const mostLead = 1 << 12

// next is the moment of a poll after the beginning of a decision that usually takes so
// long; where that is 0, lead is by how much the poll comes before it.
func (a *aim) next(i int, usual time.Duration) (at time.Duration, lead int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.late == 0 || usual < a.late {
		a.late = usual
	}
	return a.late * time.Duration(i%aimPoints) / aimPoints, a.lead
}

// learn hears what came of a poll at a moment. A poll that got tokens came too late, one
// that was answered before the approval began too early.
func (a *aim) learn(at time.Duration, poll *Exchange, begun time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case poll.HasTokens() && at > 0:
		a.late = min(a.late, at)
	case poll.HasTokens():
		a.lead = min(a.lead*3/2+8, mostLead)
	case poll.Received < begun:
		a.lead = a.lead * 3 / 4
	}
}

// cross approves a code and polls it while the server learns of it; crossed reports
// whether the poll may have read the record as it was before.
func cross(f *Flow, ctx context.Context, a *aim, i int) (out Outcome, crossed bool) {
	s := f.Run()
	at, lead := a.next(i, usualDecision(s))
	var approval sync.WaitGroup
	var begun time.Duration
	var poll *Exchange
	s.Barrier(ctx, 1, func(_ int, unpaced Option) {
		begin := sync.OnceFunc(func() {
			approval.Go(func() {
				for range lead {
					runtime.Gosched()
				}
				begun = s.Now()
				out = f.Approve(ctx)
			})
		})
		defer begin() // should nothing have been written
		polling := ctx
		if at > 0 {
			begin()
		} else {
			polling = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { begin() }})
		}
		if s.Wait(ctx, at) {
			poll = f.Poll(polling, Step("crossing"), unpaced)
		}
	})
	approval.Wait()
	if poll == nil || poll.Infrastructure() {
		return out, false
	}
	a.learn(at, poll, begun)
	return out, !poll.HasTokens() && poll.Received >= begun
}
