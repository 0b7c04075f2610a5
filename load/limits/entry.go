package limits

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Who signed in, and the session in which.
const (
	keyAccount = "account"
	keySession = "session"
)

// What typing codes is bounded by: people type few, and a form takes several requests
// for each.
const (
	entriesTried    = 60
	requestsOfEntry = 6
)

// entry types user codes that nobody was given, by an approver that can do so without
// deciding.
type entry struct {
	shown approve.Verification // of the device whose code the others look like
	each  typer                // in a session for each code
	stays *typer               // in one session; nil where the approver keeps none
}

// typer enters codes in one way.
type typer struct {
	approve.Enterer
	unknown string // what the server says to an unknown code
}

// newEntry makes one where the approver is up to it; why says that it is not.
func (r *run) newEntry(ctx context.Context, codes spec.StartResponse) (e *entry, why string) {
	if r.Target.Approver == nil {
		return nil, "user codes were not typed: no approver is configured (approve: in dfcheck.yaml)"
	}
	if !CanType(r.Target.Approver) {
		return nil, "user codes were not typed: that takes an approver that enters any code without deciding, and quickly " +
			"(approve: {kind: form} with steps)"
	}
	e = &entry{shown: approve.Verification{UserCode: codes.UserCode, Host: r.Target.Host, ClientID: r.Target.ClientID,
		VerificationURI: codes.VerificationURI, VerificationURIComplete: codes.VerificationURIComplete}}
	if e.each, why = e.learn(ctx, r.Target.Approver.(approve.Enterer)); why != "" {
		return nil, why
	}
	if s, ok := r.Target.Approver.(approve.Stayer); ok {
		if in, err := s.Stay(); err == nil {
			if stays, why := e.learn(ctx, in); why == "" {
				e.stays = &stays
			}
		}
	}
	return e, ""
}

// learn finds out what the server says to an unknown code; why says that it cannot be told.
func (e *entry) learn(ctx context.Context, by approve.Enterer) (t typer, why string) {
	first, err := e.enter(ctx, by, "")
	second, again := e.enter(ctx, by, "")
	switch {
	case err != nil || again != nil:
		return t, "user codes were not typed: the approver could not enter an unknown one"
	case first != second:
		return t, "user codes were not typed: what the page says to an unknown one differs from code to code"
	}
	return typer{by, first}, ""
}

// CanType reports whether an approver enters any code without deciding, and quickly.
func CanType(a approve.Approver) bool {
	if _, ok := a.(approve.Enterer); !ok {
		return false
	}
	can := a.Powers()
	return can.Steps && can.RawCodes && !can.Slow
}

// enter types a code and returns what the server says to it, without the code; nothing
// where the code was taken.
func (e *entry) enter(ctx context.Context, by approve.Enterer, user string) (string, error) {
	v := e.shown
	v.Raw, v.User = lookAlike(v.UserCode), user
	err := by.Enter(ctx, v)
	if refused, ok := errors.AsType[*approve.RefusedError](err); ok {
		return strings.NewReplacer(v.Raw, "", spec.NormalUserCode(v.Raw), "").Replace(refused.Answer), nil
	}
	return "", err
}

// typing enters codes as one of the users of the approver. Anything but what is said to
// an unknown code is a limiter's.
func (e *entry) typing(by typer, user string) func(context.Context) answer {
	return func(ctx context.Context) answer {
		switch said, err := e.enter(ctx, by, user); {
		case err != nil:
			return answer{verdict: silent, problem: err.Error()}
		case said != "" && said != by.unknown:
			return answer{verdict: putOff}
		}
		return answer{verdict: served}
	}
}

// lookAlike is a code of the same form.
func lookAlike(code string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return 'a' + rand.N[rune](26)
		case 'A' <= c && c <= 'Z':
			return 'A' + rand.N[rune](26)
		case '0' <= c && c <= '9':
			return '0' + rand.N[rune](10)
		}
		return c
	}, code)
}

// entries are user codes that are typed.
func (r *run) entries() kind {
	k := kind{name: reports.LimitedEntries, ask: r.entry.typing(r.entry.each, ""), open: []string{keyAddress}}
	if r.Target.Approver.Powers().SecondUser {
		k.others = []other{{keyAccount, r.entry.typing(r.entry.each, "second")}}
	} else {
		k.open = append(k.open, keyAccount)
	}
	if r.entry.stays != nil {
		k.related = []other{{reports.LimitedStaying, r.entry.typing(*r.entry.stays, "")}}
	}
	return k
}

// staying are user codes that are typed in one session. What refuses them and serves
// another session of the same person counts by session.
func (r *run) staying() kind {
	k := r.entries()
	k.name, k.ask, k.related = reports.LimitedStaying, r.entry.typing(*r.entry.stays, ""), nil
	k.others = append([]other{{keySession, r.entry.typing(r.entry.each, "")}}, k.others...)
	return k
}
