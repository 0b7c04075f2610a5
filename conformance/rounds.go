package conformance

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// How many rounds races are laid out for: enough for the rates in power.go. An
// approver that takes seconds for a decision is asked for fewer.
const (
	defaultRounds  = 40
	thoroughRounds = 200
	slowRounds     = 6
	serialRounds   = 3 // where one code at a time is all there can be
)

func laidOut(o Options) int {
	if o.Thorough {
		return thoroughRounds
	}
	return defaultRounds
}

// layOut plans races of n rounds.
func (f *Facts) layOut(n int) {
	f.Timing.Rounds, f.Timing.Decided = n, n
	if f.SlowApprover {
		f.Timing.Decided = min(n, slowRounds)
	}
}

// Rounds says what the races of the plan are laid out for, "" when there are none.
func (r *Run) Rounds() string {
	t := &r.Target.Facts
	if !slices.ContainsFunc(r.plan.Scenarios, func(s *Scenario) bool { return s.Race }) {
		return ""
	}
	out := fmt.Sprintf("races of %s, to see a fault that shows in %g %% of them with %s probability",
		reports.Count(t.Timing.Rounds, "round", "rounds"), 100*t.rate(), percent(sees(t.Timing.Rounds, t.rate())))
	if t.Timing.Decided < t.Timing.Rounds {
		out += fmt.Sprintf("; %d where this approver decides", t.Timing.Decided)
	}
	if !t.Thorough {
		out += "; --thorough sees rarer ones"
	}
	return out
}

// Thorough reports whether the run is laid out for faults that show rarely.
func (s *ScenarioRun) Thorough() bool { return s.target.Thorough }

// Rounds runs f(0) … f(n-1), at most so many abreast; few, and one after the
// other, where devices disturb each other.
func (s *ScenarioRun) Rounds(n, abreast int, f func(i int)) {
	if s.serial {
		n = min(n, serialRounds)
	}
	places := make(chan struct{}, abreast)
	s.Times(n, func(i int) {
		places <- struct{}{}
		defer func() { <-places }()
		f(i)
	})
}

// crowdShare is what races may take of the requests per second, beside what waits
// for an interval or the end of a code and must not wait for them. roomBurst of
// their requests may be meant to leave at once.
const (
	crowdShare = 0.5
	roomBurst  = 60
)

// Followers is how many scenarios of the plan take the codes of this one, one after
// the other.
func (s *ScenarioRun) Followers() int {
	n := 0
	for k := range s.left { // those that leave codes
		for ; k != nil; k = k.After {
			if k == s.scenario {
				n++
			}
		}
	}
	return n
}

// Room waits until a round of a race may begin that will send n requests; false
// when the run has ended. Its code is started after that, so that it does not grow
// old in a queue.
func (s *ScenarioRun) Room(ctx context.Context, n int) bool {
	var last time.Duration
	for ; n > 0; n -= roomBurst {
		last = s.room.ReserveN(time.Now(), min(n, roomBurst)).Delay()
	}
	return Sleep(ctx, last)
}

// Leave hands a code on to the scenario after this one, if there is one.
func (s *ScenarioRun) Leave(f *Flow) {
	select {
	case s.left[s.scenario] <- f:
	default: // nobody wants it
	}
}

// Taken returns the next code that the scenario before leaves, nil when it leaves
// no more.
func (s *ScenarioRun) Taken(ctx context.Context) *Flow {
	left := s.left[s.scenario.After]
	if left == nil {
		return nil
	}
	select {
	case f := <-left:
		if f != nil {
			f.run = s
		}
		return f
	case <-ctx.Done():
		return nil
	}
}

// Waiting returns the next code that the scenario before leaves and that lives for
// the given time yet, nil when there is no more.
func (s *ScenarioRun) Waiting(ctx context.Context, need time.Duration) *Flow {
	f := s.Taken(ctx)
	for f != nil && !f.WithinLifetime(need) {
		f = s.Taken(ctx)
	}
	return f
}

// Undecided returns a code that waits, or a new one.
func (s *ScenarioRun) Undecided(ctx context.Context, need time.Duration) *Flow {
	if f := s.Waiting(ctx, need); f != nil {
		return f
	}
	return s.Start(ctx)
}

// Barrier reserves the pace for n requests and then releases all of them at
// once, truly side by side: when all of them are built, for building one can take
// longer than a server needs to answer it. Where fewer may be in flight (--concurrency), they go
// in groups of as many. f must send with the Unpaced option it is given.
func (s *ScenarioRun) Barrier(ctx context.Context, n int, f func(i int, unpaced Option)) {
	for first := 0; first < n; first += s.opts.Concurrency {
		s.release(ctx, first, min(n, first+s.opts.Concurrency), f)
	}
}

// release sends the requests first … end-1 of a barrier.
func (s *ScenarioRun) release(ctx context.Context, first, end int, f func(i int, unpaced Option)) {
	var last time.Duration
	for range end - first {
		if s.scenario.Race {
			last = max(last, s.crowd.Reserve().Delay())
		}
		last = max(last, s.pace.Reserve().Delay())
	}
	if !Sleep(ctx, last) || s.slots.Acquire(ctx, int64(end-first)) != nil {
		return
	}
	defer s.slots.Release(int64(end - first))
	var done, built sync.WaitGroup
	built.Add(end - first)
	for i := first; i < end; i++ {
		done.Go(func() {
			ready := sync.OnceFunc(built.Done)
			defer ready() // where nothing was sent
			f(i, func(c *Call) { c.Unpaced, c.Once, c.gate = true, true, func() { ready(); built.Wait() } })
		})
	}
	done.Wait()
}

// What shows by chance is looked for in rounds, and a pass is worth no more than
// the number of rounds that were observed (ruling R45). A default run is laid
// out for faults that show in one round of ten, a thorough one for one of fifty.
const (
	commonRate = 0.10
	rareRate   = 0.02
	enough     = 0.90 // probability of seeing one
)

// sees is the probability that n rounds show a fault of a rate at least once.
func sees(n int, rate float64) float64 { return 1 - math.Pow(1-rate, float64(n)) }

// roundsFor is how many rounds see a fault of a rate well enough.
func roundsFor(rate float64) int { return int(math.Ceil(math.Log(1-enough) / math.Log(1-rate))) }

// rate is that of the faults a run was laid out for.
func (f *Facts) rate() float64 {
	if f.Thorough {
		return rareRate
	}
	return commonRate
}

// Round records a round that could have shown the fault, and the exchanges in
// which it did not.
func (j *Judgement) Round(xs ...*Exchange) {
	j.rounds++
	j.Pass(xs...)
}

// Lost records a round that says nothing, with the reason.
func (j *Judgement) Lost(why string) {
	if j.lost == nil {
		j.lost = map[string]int{}
	}
	j.lost[why]++
}

// power is what the rounds were worth, "" where there were none.
func (j *Judgement) power(rate float64) string {
	if j.rounds == 0 {
		return ""
	}
	text := fmt.Sprintf("%s: would have seen a fault that shows in %g %% of rounds with %s probability",
		reports.Count(j.rounds, "round", "rounds"), 100*rate, percent(sees(j.rounds, rate)))
	if need := roundsFor(rate); j.rounds < need {
		text += fmt.Sprintf("; %g %% takes %d rounds", 100*enough, need)
	}
	if len(j.lost) > 0 {
		text += "; not counted: " + j.losses()
	}
	return text
}

// losses lists why rounds did not count.
func (j *Judgement) losses() string {
	var out []string
	for _, why := range slices.Sorted(maps.Keys(j.lost)) {
		out = append(out, fmt.Sprintf("%d (%s)", j.lost[why], why))
	}
	return strings.Join(out, ", ")
}

// percent is a probability as it is read, never rounded up to certainty.
func percent(p float64) string {
	if p > 0.995 {
		return "more than 99 %"
	}
	return fmt.Sprintf("%.0f %%", math.Floor(100*p+0.5))
}

// Why a round does not count.
const (
	LostAnswers = "answered by infrastructure"
	LostOverlap = "the requests did not overlap in time"
	LostTime    = "too close to the end of the code"
	LostCode    = "another device got the same code"
)

// Overlapping is the largest number of exchanges in flight with any one of them.
func Overlapping(xs []*Exchange) int {
	most := 0
	for _, x := range xs {
		n := 0
		for _, y := range xs {
			if x.Overlaps(y) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// RacesInParallel is how many codes are raced for at the same time.
const RacesInParallel = 24

// RedemptionRounds is how many codes are redeemed in races.
func RedemptionRounds(t Timing) int { return t.Flows(CrossingRounds(t), 2) }

// CrossingRounds is how many codes are polled across their approval, at most: some more
// than the rounds that are wanted, for not every poll meets the approval.
func CrossingRounds(t Timing) int { return t.Decided + SpareCrossings(t) }

// SpareCrossings is how many they are.
func SpareCrossings(t Timing) int { return t.Decided / 8 }
