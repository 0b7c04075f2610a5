package checks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// judgeScopeEnds: what was started and approved ends in tokens, whatever scope it asked
// for.
func judgeScopeEnds(e *Evidence, j *Judgement) {
	for _, s := range []*Scenario{askedScopes, narrowedScope} {
		for _, f := range scopesOf(e, s) {
			judgeScopeEnd(e, j, s, f)
		}
	}
}

func judgeScopeEnd(e *Evidence, j *Judgement, s *Scenario, f scoped) {
	request := "a device authorization request for " + named(f.asked)
	if !f.start.HasCodes() {
		j.Each([]*Exchange{f.start}, ExpectSuccess, request+" to get codes, or 400 invalid_scope",
			PassIf(StatusIs(http.StatusBadRequest), ErrorIs(spec.ErrInvalidScope)), PassIf(Class(4)))
		return
	}
	if d, ok := e.Decision(s, f.start.Flow, ""); ok && d.Decision.Outcome == Refused {
		j.Warn(request+" to be refused at once, or to be approved", "codes, and a page that refuses the approval: "+d.Detail,
			f.start)
		return
	}
	polls := Unlimited(e.Polls(f.start.Flow, "redeem"))
	if !WasDecided(e, j, s, f.start.Flow) || len(polls) == 0 {
		return
	}
	expected := "tokens, because the person approved " + request
	last := polls[len(polls)-1]
	plain := func(f scoped) bool { return f.redeemed != nil } // a code that is not polled before is DF-POLL-019's
	if last.StillPending() && len(polls) == 3 && e.Alive(last) && slices.ContainsFunc(scopesOf(e, widenedScope), plain) {
		j.Fail(expected, Describe(last)+" three times", polls...)
		return
	}
	denied := WarnIf(ErrorIs(spec.ErrAccessDenied)) // a late refusal, which the device can at least tell (ruling R76)
	if f.start.Step == askedPart {
		denied = FailIf(ErrorIs(spec.ErrAccessDenied))
	}
	j.Each([]*Exchange{last}, ExpectTokens, expected, PassIf(GivesTokens), InconclusiveIf(StillPending), denied,
		FailIf(Class(4)), FailIf(Class(2)))
}

// judgeToldScope: whatever the token has beyond what was asked for is told. What it has
// less is DF-TOKEN-005's, where a scope is known that is not granted.
func judgeToldScope(e *Evidence, j *Judgement) {
	for _, f := range slices.Concat(scopesOf(e, askedScopes), scopesOf(e, widenedScope)) {
		if f.redeemed == nil || f.polled != "" {
			continue
		}
		told := f.asked
		if f.tells {
			told = f.told
		}
		hidden := beyond(f.real, told, technicalScopes)
		extra := beyond(f.told, f.asked, technicalScopes)
		switch {
		case len(hidden) > 0 && len(f.asked) == 0 && !f.tells: // ruling R75
			j.Warn("a scope member that names the default scope ("+named(f.real)+")", MemberText(f.redeemed, "scope"),
				f.redeemed, f.seen)
		case len(hidden) > 0:
			j.Fail("a scope member that names all that was granted ("+named(f.real)+")", MemberText(f.redeemed, "scope"),
				f.redeemed, f.seen)
		case f.known && len(beyond(told, f.real)) > 0 && e.Narrow == "":
			j.Fail("a scope member that names what was granted ("+named(f.real)+")", MemberText(f.redeemed, "scope"), f.redeemed,
				f.seen)
		case !f.tells && !f.known && slices.Contains(f.asked, unknownScope) && e.Narrow == "":
			j.Warn("a scope member, because nobody registered "+unknownScope, "none, and no other way to learn what was granted",
				f.redeemed)
		case len(extra) > 0 && len(f.asked) > 0:
			j.Warn("no more scope than was asked for ("+named(f.asked)+")", named(f.told), f.redeemed)
		default:
			j.Pass(f.redeemed)
		}
	}
	unredeemedScopes(e, j)
}

// unredeemedScopes says why there is nothing to judge: no request was approved and
// redeemed.
func unredeemedScopes(e *Evidence, j *Judgement) {
	if j.Empty() && j.Seen() == 0 {
		for _, f := range scopesOf(e, askedScopes) {
			WasDecided(e, j, askedScopes, f.start.Flow)
		}
	}
}

// judgeUnknownScope: a scope that the client was not given is refused, or left out.
func judgeUnknownScope(e *Evidence, j *Judgement) {
	for _, f := range slices.Concat(scopesOf(e, askedScopes), scopesOf(e, narrowedScope)) {
		asked := []string{unknownScope}
		if f.scenario == narrowedScope {
			asked = strings.Fields(e.Narrow)
		}
		if len(beyond(asked, f.asked)) > 0 {
			continue
		}
		scope, granted := named(asked), f.told
		if f.known {
			granted = f.real
		}
		left := len(beyond(asked, granted)) == len(asked)
		switch expected := "a request for " + scope + " to be refused with invalid_scope, or a token without it"; {
		case f.redeemed == nil:
			if d, asked := e.Decision(f.scenario, f.start.Flow, ""); f.start.Class() == 4 ||
				asked && d.Decision.Outcome == Refused {
				j.Pass(f.start)
			}
		case !f.tells && !f.known:
			j.Inconclusive("the response has no scope member, and nothing else tells what was granted", f.redeemed)
		case left:
			j.Pass(f.redeemed)
		case f.scenario == narrowedScope && f.known:
			j.Fail(expected, "a token for "+named(granted), f.redeemed, f.seen)
		case f.scenario != narrowedScope: // that is otherwise DF-TOKEN-005's
			j.Warn(expected, "a token for "+named(granted), f.redeemed, f.source())
		}
	}
	unredeemedScopes(e, j)
}

// scopeShaped are the characters of a scope: words between single spaces (RFC 6749
// section 3.3).
func scopeShaped(scope string) bool {
	return scope != "" && scope == JoinScopes(scope) && inAlphabet(scope, quotable)
}

// judgeScopeShape holds the scope of every token response to its grammar. Arrays are
// DF-TOKEN-005's and DF-TOKEN-009's.
func judgeScopeShape(e *Evidence, j *Judgement) {
	for _, x := range e.TokenAnswers() {
		const expected = "scope to hold at least one word, and single spaces between words"
		v, there := x.Member("scope")
		_, isArray := v.([]any)
		switch text, isText := v.(string); {
		case !there || isArray && e.OwnDocument(): // DF-DOC-002
			j.Pass(x)
		case !isText && e.Contract.Name == "documented-v2":
			j.Pass(x) // DF-TOKEN-009
		case isArray:
			judgeScopeArray(e, j, reports.Fail, x)
		case v == nil:
			j.Warn("scope to be left out rather than null", "null", x)
		case !isText:
			j.Fail("scope to be a string", JSONText(v), x)
		case text == "":
			j.Warn(expected+", or to be left out", `""`, x)
		case !scopeShaped(text) && inAlphabet(text, quotable):
			j.Warn(expected, fmt.Sprintf("%q", text), x)
		default:
			j.Record(alphabetVerdict(text), "scope to hold only the characters of RFC 6749 section 3.3",
				fmt.Sprintf("%+q", text), x)
		}
	}
}

func alphabetVerdict(scope string) reports.Verdict {
	if inAlphabet(scope, quotable) {
		return reports.Pass
	}
	return reports.Fail
}

// judgeRefreshedScope: left out of a refresh request, the scope is what was granted
// (RFC 6749 section 6).
func judgeRefreshedScope(e *Evidence, j *Judgement) {
	redeemed, refreshable := false, false
	for _, f := range slices.Concat(scopesOf(e, askedScopes), scopesOf(e, refreshing)) {
		if f.redeemed == nil {
			continue
		}
		redeemed = true
		token := f.redeemed.Text("refresh_token")
		refreshable = refreshable || token != ""
		for _, x := range e.Of(f.scenario, "refresh") {
			used, _ := x.Request.Params.Get("refresh_token")
			if granted, ok := f.granted(); used == token && token != "" && (ok || f.known) && x.HasTokens() {
				again, from, told := GrantedScope(x, introspected(e, f.scenario, x))
				if !f.tells && !f.known { // some servers take what these ask for and never name them
					again = append(again, beyond(technicalScopes, beyond(technicalScopes, granted))...)
				}
				judgeSameScope(j, x, from, granted, again, told)
			}
		}
	}
	if redeemed && !refreshable {
		j.Skip("the server issues no refresh token")
	}
	unredeemedScopes(e, j)
}

func judgeSameScope(j *Judgement, x, from *Exchange, granted, again []string, told bool) {
	expected := "a refreshed token with the scope that was granted (" + named(granted) + ")"
	switch more, less := beyond(again, granted), beyond(granted, again); {
	case !told:
		j.Pass(x) // left out, it is that of the request, which is what was granted
	case len(beyond(more, technicalScopes)) > 0:
		j.Fail(expected, named(again), x, from)
	case len(more) > 0 || len(less) > 0:
		j.Warn(expected, named(again), x, from)
	default:
		j.Pass(x)
	}
}
