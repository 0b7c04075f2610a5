package checks

import (
	"context"
	"maps"
	"slices"
	"sync"

	. "github.com/dfcheck/dfcheck/conformance"
)

const racingRefreshes = 4

// refreshingRounds is how many refresh tokens are raced for: each needs a code of
// its own.
func refreshingRounds(t Timing) int {
	if !t.Refresh {
		return 1
	}
	return t.Flows(max(1, t.Decided*19/20), 1)
}

// refreshingRace uses refresh tokens several times at one instant and later tries
// every token that came of it. The first one shows whether there is a race at all.
var refreshingRace = &Scenario{
	Name: "refreshing race", Lane: LaneExpiry, Needs: []Capability{NeedApprover, NeedOverlap}, Race: true,
	Cost: func(t Timing) Cost {
		n := refreshingRounds(t)
		return Cost{Requests: n * (2 + racingRefreshes), Starts: n, Wait: 2*(t.Interval+Slack) + grace(t)}
	},
	Decisions: func(f *Facts) int { return refreshingRounds(f.Timing) },
	Words:     Words{"branch": "with one of the new refresh tokens"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		var branches []func()
		rotates := false
		if f, ok := refreshable(ctx, s); ok {
			rotates, branches = raceRefreshes(ctx, s, f)
		}
		if rotates {
			var mu sync.Mutex
			s.Rounds(refreshingRounds(s.Target().Timing)-1, RacesInParallel, func(int) {
				if !s.Room(ctx, 2+racingRefreshes) {
					return
				}
				if f, ok := refreshable(ctx, s); ok {
					_, more := raceRefreshes(ctx, s, f)
					mu.Lock()
					defer mu.Unlock()
					branches = append(branches, more...)
				}
			})
		}
		if len(branches) > 0 && s.Wait(ctx, grace(s.Target().Timing)) {
			s.Parallel(branches...)
		}
	},
}

// raceRefreshes uses the refresh token of a flow several times at one instant. The
// branches try the tokens that came of it, where there are several: one alone has
// nothing beside it that could work as well.
func raceRefreshes(ctx context.Context, s *ScenarioRun, f *Flow) (rotates bool, branches []func()) {
	var mu sync.Mutex
	came := map[string]bool{}
	s.Barrier(ctx, racingRefreshes, func(_ int, unpaced Option) {
		x := s.Refresh(ctx, f.Token.RefreshToken, Step(inRace), f.Attach, unpaced, Provoked())
		if x == nil {
			return
		}
		t := x.Tokens()
		mu.Lock()
		defer mu.Unlock()
		if t.RefreshToken != "" && t.RefreshToken != f.Token.RefreshToken {
			came[t.RefreshToken] = true
		}
	})
	if len(came) < 2 {
		return len(came) > 0, nil
	}
	for token := range came {
		branches = append(branches, func() { s.Refresh(ctx, token, Step("branch"), f.Attach, Provoked()) })
	}
	return true, branches
}

// own files a call under the flow.

func judgeRefreshingRace(e *Evidence, j *Judgement) {
	flows := map[string]bool{}
	for _, x := range e.Of(refreshingRace, inRace) {
		flows[x.Flow] = true
	}
	rotates := false
	for _, flow := range slices.Sorted(maps.Keys(flows)) {
		of := func(step string) []*Exchange {
			return slices.DeleteFunc(e.Of(refreshingRace, step), func(x *Exchange) bool { return x.Flow != flow })
		}
		used := e.Issued(refreshingRace)
		if redeemed := of("redeem"); len(redeemed) > 0 {
			used = redeemed[len(redeemed)-1]
		}
		rotates = judgeBranches(j, used.Text("refresh_token"), of(inRace), of("branch")) || rotates
	}
	if !rotates {
		j.Inconclusive("the server does not rotate refresh tokens")
	}
}

// judgeBranches judges one refresh token that was raced for; false when no other
// came of it.
func judgeBranches(j *Judgement, used string, race, branches []*Exchange) (rotates bool) {
	answers := slices.DeleteFunc(slices.Clone(race), Infrastructure)
	for _, x := range answers {
		if x.Class() == 5 {
			j.Warn("an OAuth error for each refresh that lost the race", Describe(x), x)
		}
		if t := x.Text("refresh_token"); t != "" && t != used {
			rotates = true
		}
	}
	working := WithTokens(branches)
	switch {
	case !rotates:
	case Overlapping(answers) < 2 && len(answers) < len(race):
		j.Lost(LostAnswers)
	case Overlapping(answers) < 2:
		j.Lost(LostOverlap)
	case len(working) > 1:
		j.Round()
		j.Warn("at most one refresh token of a family to work after a race", "several that work", working...)
	default:
		j.Round(answers...)
	}
	return rotates
}
