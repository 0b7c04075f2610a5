package checks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// Every state of a poll in every encoding of the token operation. A state that
// is wrong in all encodings alike belongs to the check of that state; the
// checks here hold that the encodings do not differ.

// inEncodings runs f side by side for each encoding of the token operation,
// with a flow that was started in the same encoding where it is declared.
func inEncodings(ctx context.Context, s *ScenarioRun, f func(flow *Flow, in, step Option)) {
	encs := s.Encodings(OpToken)
	s.Times(len(encs), func(i int) {
		var start []Option
		if s.Operation(OpStart).Accepts(encs[i]) {
			start = append(start, In(encs[i]))
		}
		flow := s.Start(ctx, start...)
		if !flow.OK() { // what the start cannot is DF-CTYPE-001 to 003
			flow = s.Start(ctx)
		}
		if flow.OK() {
			f(flow, In(encs[i]), Step(encs[i].Short()))
		}
	})
}

// perEncoding is the cost of a scenario for each encoding.
func perEncoding(requests, intervals int) func(Timing) Cost {
	return func(t Timing) Cost {
		return Cost{Requests: requests * t.Encodings, Starts: t.Encodings,
			Wait: time.Duration(intervals) * (t.Interval + Slack)}
	}
}

// differ reports whether not all values are the same.
func differ(said map[string]string) bool {
	seen := map[string]bool{}
	for _, v := range said {
		seen[v] = true
	}
	return len(seen) > 1
}

// listed prints them in the order of their names.
func listed(said map[string]string) string {
	var out []string
	for k, v := range said {
		out = append(out, k+": "+v)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// encodedHaste polls in time and then far too fast, in each encoding.
var encodedHaste = &Scenario{
	Name: "too fast in every encoding", Lane: LaneInterval, Cost: perEncoding(4, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		inEncodings(ctx, s, func(f *Flow, in, step Option) {
			s.Burst(ctx, 3, func(unpaced Option) {
				x := f.PollDue(ctx, in, unpaced)
				for range 2 {
					if x == nil || x.ErrorCode() != spec.ErrAuthorizationPending || !s.Wait(ctx, HastyPause) {
						return
					}
					x = f.Poll(ctx, in, step, unpaced)
				}
			})
		})
	},
}

func judgeEncodedHaste(e *Evidence, j *Judgement) {
	said, xs := map[string]string{}, []*Exchange{}
	for _, enc := range usable(e) {
		for _, x := range e.Of(encodedHaste, enc.Short()) {
			if x.Infrastructure() {
				j.Inconclusive(OfInfrastructure(x), x)
				continue
			}
			if !e.TooFast(x) {
				j.Inconclusive("the poll was not too fast by the time it was answered", x)
				continue
			}
			xs = append(xs, x)
			if said[enc.Short()] != spec.ErrSlowDown {
				said[enc.Short()] = refusal(x)
			}
		}
	}
	states := []string{spec.ErrSlowDown, spec.ErrAuthorizationPending}
	outside := slices.ContainsFunc(xs, func(x *Exchange) bool { return !slices.Contains(states, x.ErrorCode()) })
	switch {
	case len(xs) == 0:
	case differ(said):
		j.Fail("polls that come too fast to be answered the same in every encoding", listed(said), xs...)
	case outside:
		j.Inconclusive("the answers are wrong in the same way in every encoding; see DF-POLL-004", xs...)
	default:
		j.Pass(xs...)
	}
}

// encodedRedemptions approves a code per encoding, redeems it in that encoding
// and replays it in each of the others.
var encodedRedemptions = &Scenario{
	Name: "redemption in every encoding", Lane: LaneApprove, Needs: []Capability{NeedApprover},
	Decisions: func(f *Facts) int { return f.Timing.Encodings },
	Cost: func(t Timing) Cost {
		n := t.Encodings
		return Cost{Requests: n * (n + 1), Starts: n, Wait: time.Duration(n) * (t.Interval + Slack)}
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		inEncodings(ctx, s, func(f *Flow, in, step Option) {
			if f.Approve(ctx) != Accepted {
				return
			}
			f.Settle(ctx)
			x := f.Collect(ctx, "redeem", in)
			if x == nil || !x.HasTokens() {
				return
			}
			for _, enc := range s.Encodings(OpToken) {
				if enc != x.Request.Encoding {
					f.PollDue(ctx, In(enc), Step("replay"))
				}
			}
		})
	},
}

// collected returns the last poll of each flow that was decided, by encoding,
// and how many polls it took.
func collected(e *Evidence, j *Judgement, s *Scenario, step string) (last map[string]*Exchange, polls map[string]int) {
	last, polls = map[string]*Exchange{}, map[string]int{}
	for _, f := range e.FlowsOf(s) {
		if !decidedFlow(e, j, s, f) {
			continue
		}
		xs := Unlimited(e.Polls(f, step))
		if len(xs) == 0 || !works(e, OpToken, xs[0].Request.Encoding) {
			continue
		}
		x := xs[len(xs)-1]
		if x.Infrastructure() || x.StillPending() && (len(xs) < 3 || !e.Alive(x)) {
			j.Inconclusive("the decision had no effect on the polls: "+Describe(x), x)
			continue
		}
		last[x.Request.Encoding.Short()], polls[x.Request.Encoding.Short()] = x, len(xs)
	}
	return last, polls
}

// decidedFlow is decided, but passes over flows whose start failed.
func decidedFlow(e *Evidence, j *Judgement, s *Scenario, flow string) bool {
	if b := e.Authorization(flow); b == nil || !b.HasCodes() {
		return false
	}
	return WasDecided(e, j, s, flow)
}

func judgeEncodedRedemptions(e *Evidence, j *Judgement) {
	last, polls := collected(e, j, encodedRedemptions, "redeem")
	members, late := map[string]string{}, map[string]string{}
	var xs, missing []*Exchange
	for _, enc := range slices.Sorted(maps.Keys(last)) {
		x := last[enc]
		xs = append(xs, x)
		if !x.HasTokens() {
			missing = append(missing, x)
			continue
		}
		members[enc] = fmt.Sprint(SortedNames(x.Object()))
		late[enc] = fmt.Sprintf("poll %d", polls[enc])
	}
	switch {
	case len(last) == 0:
	case len(missing) == len(last):
		j.Inconclusive("no encoding got tokens; see "+GateTokens, missing...)
	case len(missing) > 0:
		for _, x := range missing {
			j.Fail("tokens in every encoding", Describe(x)+" as "+x.Request.Encoding.Short(), x)
		}
	case differ(members):
		j.Fail("token responses with the same members in every encoding", listed(members), xs...)
	case differ(late):
		j.Warn("tokens on the first poll in every encoding", listed(late), xs...)
	default:
		j.Pass(xs...)
	}
}

func judgeEncodedReplays(e *Evidence, j *Judgement) {
	if len(e.Contract.Token.Encodings) < 2 {
		j.Skip("the contract declares only one encoding")
		return
	}
	second := map[string][]*Exchange{} // new tokens, by the encoding of the replay
	pairs := map[string]int{}
	for _, f := range e.FlowsOf(encodedRedemptions) {
		first := lastOf(e.Polls(f, "redeem"))
		if first == nil || !first.HasTokens() {
			continue
		}
		for _, x := range e.Polls(f, "replay") {
			pair := first.Request.Encoding.Short() + " then " + x.Request.Encoding.Short()
			pairs[pair]++
			switch {
			case x.HasTokens() && x.Text("access_token") != first.Text("access_token"):
				second[pair] = append(second[pair], first, x)
			case x.HasTokens():
				j.Warn("no tokens for a code that was redeemed already", "the same tokens again ("+pair+")", first, x)
			case x.Infrastructure():
				j.Inconclusive(OfInfrastructure(x), x)
			default:
				j.Pass(x)
			}
		}
	}
	if len(second) == len(pairs) && len(pairs) > 0 {
		j.Inconclusive("redeemed codes give tokens again in every encoding; see DF-REUSE-001")
		return
	}
	for _, pair := range slices.Sorted(maps.Keys(second)) {
		j.Fail("no tokens for a code that was redeemed already", "another set of tokens ("+pair+")", second[pair]...)
	}
}

func lastOf(xs []*Exchange) *Exchange {
	if len(xs) == 0 {
		return nil
	}
	return xs[len(xs)-1]
}

// encodedDenials denies a code per encoding.
var encodedDenials = &Scenario{
	Name: "denial in every encoding", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: perEncoding(2, 1),
	Decisions: func(f *Facts) int { return f.Timing.Encodings },
	Run: func(ctx context.Context, s *ScenarioRun) {
		inEncodings(ctx, s, func(f *Flow, in, _ Option) {
			if f.Decide(ctx, approve.Deny, DecisionOptions{}) == Accepted {
				f.Settle(ctx)
				f.Collect(ctx, "denied", in)
			}
		})
	},
}

func judgeEncodedDenials(e *Evidence, j *Judgement) {
	last, _ := collected(e, j, encodedDenials, "denied")
	judgeAlike(j, last, "access_denied in every encoding", "DF-DENY-001", spec.ErrAccessDenied)
}

// judgeAlike holds that a final state is the same in every encoding. Which of
// the terminal errors it is, and what is wrong with all of them, belongs to the
// check of the state.
func judgeAlike(j *Judgement, last map[string]*Exchange, expected, owner string, right ...string) {
	said, xs := map[string]string{}, []*Exchange{}
	var wrong, other []*Exchange
	for _, enc := range slices.Sorted(maps.Keys(last)) {
		x := last[enc]
		said[enc], xs = refusal(x), append(xs, x)
		switch {
		case !IsTerminal(x):
			wrong = append(wrong, x)
		case !slices.Contains(right, x.ErrorCode()):
			other = append(other, x)
		}
	}
	switch {
	case len(xs) == 0:
	case !differ(said) && len(wrong) > 0:
		j.Inconclusive("the answers are wrong in the same way in every encoding; see "+owner, xs...)
	case len(wrong) > 0:
		for _, x := range wrong {
			j.Fail(expected, Describe(x)+" as "+x.Request.Encoding.Short(), x)
		}
	case differ(said) && len(other) > 0:
		j.Warn(expected, listed(said), other...)
	default:
		j.Pass(xs...)
	}
}

// encodedExpiries lets a code per encoding run out.
var encodedExpiries = &Scenario{
	Name: "expiry in every encoding", Lane: LaneExpiry, Needs: []Capability{NeedShortExpiry},
	Cost: func(t Timing) Cost {
		return Cost{Requests: 4 * t.Encodings, Starts: t.Encodings, Wait: t.Lifetime + t.Tolerance() + t.Interval + Slack}
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		inEncodings(ctx, s, func(f *Flow, in, step Option) {
			f.PollDue(ctx, in)
			if f.Codes.ExpiresIn <= 0 || !Sleep(ctx, f.Latest()+s.Target().Timing.Tolerance()-s.Now()) {
				return
			}
			if x := f.PollDue(ctx, in, step); x != nil && x.StillPending() {
				f.PollDue(ctx, in, step)
			}
		})
	},
}

func judgeEncodedExpiries(e *Evidence, j *Judgement) {
	last := map[string]*Exchange{}
	for _, enc := range usable(e) {
		switch x := e.One(encodedExpiries, enc.Short()); {
		case x == nil:
		case x.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
		default:
			last[enc.Short()] = x
		}
	}
	right := []string{spec.ErrExpiredToken}
	if slices.ContainsFunc(slices.Collect(maps.Values(last)), func(x *Exchange) bool { return !e.JustEnded(x) }) {
		right = append(right, spec.ErrInvalidGrant)
	}
	judgeAlike(j, last, "a terminal error in every encoding", "DF-EXPIRY-001", right...)
}
