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

// keyAccount is who signed in.
const keyAccount = "account"

// What typing codes is bounded by: people type few, and a form takes several requests
// for each.
const (
	entriesTried    = 60
	requestsOfEntry = 6
)

// entry types user codes that nobody was given, by an approver that can do so without
// deciding.
type entry struct {
	approver approve.Enterer
	shown    approve.Verification // of the device whose code the others look like
	unknown  string               // what the server says to an unknown code
}

// newEntry makes one where the approver is up to it; why says that it is not.
func (r *run) newEntry(ctx context.Context, codes spec.StartResponse) (e *entry, why string) {
	if r.Target.Approver == nil {
		return nil, "user codes were not typed: no approver is configured (approve: in dfcheck.yaml)"
	}
	typer, ok := r.Target.Approver.(approve.Enterer)
	if can := r.Target.Approver.Powers(); !ok || !can.Steps || !can.RawCodes || can.Slow {
		return nil, "user codes were not typed: that takes an approver that enters any code without deciding, and quickly " +
			"(approve: {kind: form} with steps)"
	}
	e = &entry{approver: typer, shown: approve.Verification{UserCode: codes.UserCode, Host: r.Target.Host,
		ClientID: r.Target.ClientID, VerificationURI: codes.VerificationURI,
		VerificationURIComplete: codes.VerificationURIComplete}}
	first, err := e.enter(ctx, "")
	second, again := e.enter(ctx, "")
	switch {
	case err != nil || again != nil:
		return nil, "user codes were not typed: the approver could not enter an unknown one"
	case first != second:
		return nil, "user codes were not typed: what the page says to an unknown one differs from code to code"
	}
	e.unknown = first
	return e, ""
}

// enter types a code and returns what the server says to it, without the code; nothing
// where the code was taken.
func (e *entry) enter(ctx context.Context, user string) (string, error) {
	v := e.shown
	v.Raw, v.User = lookAlike(v.UserCode), user
	err := e.approver.Enter(ctx, v)
	if refused, ok := errors.AsType[*approve.RefusedError](err); ok {
		return strings.NewReplacer(v.Raw, "", spec.NormalUserCode(v.Raw), "").Replace(refused.Answer), nil
	}
	return "", err
}

// typing enters codes as one of the users of the approver. Anything but what is said to
// an unknown code is a limiter's.
func (e *entry) typing(user string) func(context.Context) answer {
	return func(ctx context.Context) answer {
		switch said, err := e.enter(ctx, user); {
		case err != nil:
			return answer{verdict: silent, problem: err.Error()}
		case said != "" && said != e.unknown:
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
	k := kind{name: reports.LimitedEntries, ask: r.entry.typing(""), open: []string{keyAddress}}
	if r.Target.Approver.Powers().SecondUser {
		k.others = []other{{keyAccount, r.entry.typing("second")}}
	} else {
		k.open = append(k.open, keyAccount)
	}
	return k
}
