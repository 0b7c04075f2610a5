package checks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// unknownScope is a well-formed scope that nobody registered.
const unknownScope = "dfcheck_unknown"

// What the flows of askedScopes ask for.
const (
	askedNothing = "without scope"
	askedPart    = "for a part of the scope"
	askedUnknown = "with an unknown scope"
)

// askedScopes asks for no scope, for a part of the configured one, and for one that no
// server knows; each request is approved and redeemed. The token with the least scope is
// refreshed.
var askedScopes = &Scenario{
	Name: "scopes asked for", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedScope}, Cost: WaitingCost(11, 3, 1),
	Decisions: func(f *Facts) int { return 2 + len(partOf(f.Scope)) }, Spared: true,
	Run: func(ctx context.Context, s *ScenarioRun) {
		var part, nothing string // refresh tokens
		asks := []func(){
			func() { nothing = askScope(ctx, s, askedNothing, Without("scope")) },
			func() { askScope(ctx, s, askedUnknown, With("scope", JoinScopes(s.Target().Scope, unknownScope))) },
		}
		for _, p := range partOf(s.Target().Scope) {
			asks = append(asks, func() { part = askScope(ctx, s, askedPart, With("scope", p)) })
		}
		s.Parallel(asks...)
		if least := cmp.Or(part, nothing); least != "" {
			refreshAndInspect(ctx, s, least)
		}
	},
}

const offlineAccess = "offline_access"

// partOf is a part of a scope of several words, none of any other: openid where it is
// among them, which OpenID providers insist on, and offline_access where that leaves
// something out, because many servers give no refresh token without it.
func partOf(scope string) []string {
	words := strings.Fields(scope)
	if len(words) < 2 {
		return nil
	}
	first := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == offlineAccess })
	part := words[0]
	switch {
	case slices.Contains(words, "openid"):
		part = "openid"
	case len(first) > 0:
		part = first[0]
	}
	if len(first) > 1 && len(first) < len(words) {
		part = JoinScopes(part, offlineAccess)
	}
	return []string{part}
}

// askScope redeems one request, and looks what its token is worth. It returns the refresh
// token, "" for none.
func askScope(ctx context.Context, s *ScenarioRun, step string, scope Option) string {
	f, ok := s.Redeem(ctx, scope, Step(step))
	if !ok {
		return ""
	}
	s.InspectToken(ctx, f.Token.AccessToken, "introspect")
	return f.Token.RefreshToken
}

// polledScopes sends a scope with the poll: the whole one where none and where a part was
// asked for, and a part where the whole one was.
var polledScopes = &Scenario{
	Name: "scopes sent with the poll", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedScope},
	Cost:      WaitingCost(9, 3, 1),
	Decisions: func(f *Facts) int { return 1 + 2*len(partOf(f.Scope)) }, Spared: true,
	Run: func(ctx context.Context, s *ScenarioRun) {
		whole := With("scope", s.Target().Scope)
		polls := []func(){func() { pollScope(ctx, s, Without("scope"), whole) }}
		for _, part := range partOf(s.Target().Scope) {
			polls = append(polls,
				func() { pollScope(ctx, s, With("scope", part), whole) },
				func() { pollScope(ctx, s, whole, With("scope", part)) })
		}
		s.Parallel(polls...)
	},
}

func pollScope(ctx context.Context, s *ScenarioRun, asked, polled Option) {
	f := s.Start(ctx, asked)
	if f.Approve(ctx) == Accepted {
		f.Collect(ctx, "redeem", polled)
		s.InspectToken(ctx, f.Token.AccessToken, "introspect")
	}
}

// widenedScope asks for one scope and tries to get more with the poll.
var widenedScope = &Scenario{
	Name: "widened scope", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedScope}, Cost: WaitingCost(4, 2, 1),
	Decisions: DecisionCount(2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		more := s.Target().Narrow
		if more == "" {
			more = "dfcheck_more"
		}
		scope := With("scope", s.Target().Scope)
		s.Parallel(
			func() {
				if f, ok := s.Redeem(ctx, scope); ok {
					s.InspectToken(ctx, f.Token.AccessToken, "introspect")
				}
			},
			func() { pollScope(ctx, s, scope, With("scope", JoinScopes(s.Target().Scope, more))) })
	},
}

// A scoped flow is what was asked for, and what came of it.
type scoped struct {
	scenario *Scenario
	start    *Exchange
	asked    []string
	redeemed *Exchange // nil without tokens
	polled   string    // the scope that was sent with the poll

	told, real   []string // by the token response, by introspection
	tells, known bool
	seen         *Exchange // the introspection
}

// scopesOf are the flows of a scenario that were started.
func scopesOf(e *Evidence, s *Scenario) (out []scoped) {
	for _, flow := range e.FlowsOf(s) {
		f := scoped{scenario: s, start: e.Authorization(flow)}
		if f.start == nil {
			continue
		}
		scope, _ := f.start.Request.Params.Get("scope")
		f.asked = strings.Fields(scope)
		for _, x := range WithTokens(e.Polls(flow, "redeem")) {
			f.redeemed = x
			f.polled, _ = x.Request.Params.Get("scope")
			f.told, _, f.tells = GrantedScope(x)
			f.real, f.seen, f.known = GrantedScope(introspected(e, s, x))
		}
		out = append(out, f)
	}
	return out
}

// granted is the scope of the token, as far as anything tells: left out, it equals the
// request (RFC 6749 section 5.1).
func (f scoped) granted() (scope []string, ok bool) {
	switch {
	case f.redeemed == nil:
		return nil, false
	case f.tells:
		return f.told, true
	case f.known:
		return f.real, true
	}
	return f.asked, len(f.asked) > 0
}

// beyond are the scopes that are not among those of other lists.
func beyond(scope []string, lists ...[]string) []string {
	return slices.DeleteFunc(slices.Clone(scope), func(s string) bool {
		return slices.Contains(slices.Concat(lists...), s)
	})
}

// technicalScopes are added by servers on their own account.
var technicalScopes = []string{"openid", offlineAccess}

// judgePolledScope: the poll's scope changes nothing. What the same request is granted
// without it is for DF-TOKEN-013.
func judgePolledScope(e *Evidence, j *Judgement) {
	var plain, polled []scoped
	for _, f := range slices.Concat(scopesOf(e, widenedScope), scopesOf(e, askedScopes)) {
		if f.polled == "" && f.redeemed != nil {
			plain = append(plain, f)
		}
	}
	for _, s := range []*Scenario{widenedScope, polledScopes} {
		for _, f := range scopesOf(e, s) {
			if s == widenedScope && !WasDecided(e, j, s, f.start.Flow) {
				continue
			}
			if f.redeemed == nil {
				judgeRefusedScope(j, e.Polls(f.start.Flow, "redeem"))
				continue
			}
			same := func(p scoped) bool { return slices.Equal(p.asked, f.asked) }
			if i := slices.IndexFunc(plain, same); i >= 0 {
				judgeSameGrant(j, f, plain[i])
			} else if len(f.asked) > 0 {
				judgeSameGrant(j, f, scoped{})
			}
			polled = append(polled, f)
		}
	}
	judgePolledRefresh(j, polled, plain)
}

// judgePolledRefresh: a refresh token comes, or does not, whatever scope the poll sends.
// One alone may be that of a person's first approval of what was asked for.
func judgePolledRefresh(j *Judgement, polled, plain []scoped) {
	refreshed := func(f scoped) bool { return f.redeemed.Text("refresh_token") != "" }
	for _, p := range plain {
		same := func(f scoped) bool { return slices.Equal(f.asked, p.asked) && refreshed(f) }
		var with []*Exchange
		for _, f := range polled {
			if f.polled != "" && same(f) {
				with = append(with, f.redeemed)
			}
		}
		if len(with) > 1 && !slices.ContainsFunc(plain, same) {
			j.Warn("a refresh token whatever scope the poll sends, or none",
				fmt.Sprintf("one for each of %d polls that sent a scope, and none without it", len(with)),
				append(with, p.redeemed)...)
			return
		}
	}
}

// judgeSameGrant compares with what a poll without scope got for the same request.
func judgeSameGrant(j *Judgement, f, plain scoped) {
	granted, ok := f.granted()
	usual, both := plain.granted()
	extra := beyond(granted, f.asked, usual)
	expected := "the scope that was asked for (" + named(f.asked) + "), whatever scope the poll sends (" +
		named(strings.Fields(f.polled)) + ")"
	switch {
	case !ok || f.polled == "":
		j.Pass(f.redeemed)
	case len(beyond(extra, technicalScopes)) > 0:
		j.Fail(expected, named(granted), f.redeemed, f.source())
	case len(extra) > 0:
		j.Warn(expected, named(granted), f.redeemed, f.source())
	case both && len(beyond(usual, granted)) > 0:
		j.Warn(expected, "less: "+named(granted), f.redeemed, f.source(), plain.redeemed)
	default:
		j.Pass(f.redeemed)
	}
}

// source is what tells of the grant beside the token response.
func (f scoped) source() *Exchange {
	if f.tells {
		return nil
	}
	return f.seen
}

// named is a scope in a finding.
func named(scope []string) string {
	if len(scope) == 0 {
		return "no scope"
	}
	return strings.Join(scope, " ")
}

// judgeRefusedScope: a token request of the device grant has no scope, and what a server
// does not know it ignores (RFC 6749 section 3.2).
func judgeRefusedScope(j *Judgement, polls []*Exchange) {
	for _, x := range polls {
		if _, sent := x.Request.Params.Get("scope"); sent && x.ErrorCode() == spec.ErrInvalidScope {
			j.Warn("the scope of a poll to be ignored", Describe(x), x)
		}
	}
}
