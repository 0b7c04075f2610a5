package conformance

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/dfcheck/dfcheck/spec"
)

// Lenient names the deviations that the target's owner knows of and keeps. What
// they excuse is reported as waived, never as a pass, and every other check goes
// on as if it were right.
type Lenient struct {
	// statuses allowed for device-flow errors
	Status []int `json:"status,omitempty" yaml:"status"`
	// verification_url instead of verification_uri
	VerificationURL bool `json:"verification_url,omitempty" yaml:"verification_url"`
	ScopeArray      bool `json:"scope_array,omitempty" yaml:"scope_array"` // scope as a JSON array
	// expired_token once, then another refusal
	ExpiredOnce bool `json:"expired_once,omitempty" yaml:"expired_once"`
}

// The names under which leniencies stand in reports.
const (
	LenientStatus          = "lenient.status"
	LenientVerificationURL = "lenient.verification_url"
	LenientScopeArray      = "lenient.scope_array"
	lenientExpiredOnce     = "lenient.expired_once"
)

// Form is how known deviations are written.
func (Lenient) Form() string { return "{status: [403], verification_url: true}" }

// check refuses statuses that cannot be a deviation: 400 is what is right, and a
// server error or a redirect is no answer of the device flow.
func (l Lenient) check() error {
	for _, s := range l.Status {
		if s < 200 || s >= 300 && s < 400 || s >= 500 || s == http.StatusBadRequest {
			return fmt.Errorf("lenient.status: %d cannot be excused; 2xx and 4xx other than 400 can", s)
		}
	}
	return nil
}

// set lists the leniencies that are asked for.
func (l Lenient) set() []string {
	var out []string
	for _, o := range []struct {
		on   bool
		name string
	}{
		{len(l.Status) > 0, LenientStatus}, {l.VerificationURL, LenientVerificationURL},
		{l.ScopeArray, LenientScopeArray}, {l.ExpiredOnce, lenientExpiredOnce},
	} {
		if o.on {
			out = append(out, o.name)
		}
	}
	return out
}

// unused lists the leniencies by which no finding of a run was waived, whatever the
// verdict of its check.
func (l Lenient) unused(results []Result) []string {
	return slices.DeleteFunc(l.set(), func(name string) bool {
		return slices.ContainsFunc(results, func(res Result) bool { return slices.Contains(res.WaivedBy, name) })
	})
}

// Excused reports whether the answer is an error under a status that is known and
// kept: it then counts as the 400 that was due. DF-ERR-001 reports it.
func (x *Exchange) Excused() bool {
	return x.lenient != nil && slices.Contains(x.lenient.Status, x.Status()) && x.ErrorCode() != "" &&
		!x.GivesCredentials()
}

// ExceptExpiredOnce leaves out the polls that are refused in other words after
// their code was reported as expired, where that is known, and waives them.
func (e *Evidence) ExceptExpiredOnce(j *Judgement, polls []*Exchange) []*Exchange {
	if !e.Lenient.ExpiredOnce {
		return polls
	}
	return slices.DeleteFunc(slices.Clone(polls), func(x *Exchange) bool {
		known := otherRefusal(x) && slices.ContainsFunc(e.Polls(x.Flow), func(y *Exchange) bool {
			return y.ErrorCode() == spec.ErrExpiredToken && y.Received <= x.Sent
		})
		if known {
			j.Waive(lenientExpiredOnce, spec.ErrExpiredToken+" or "+spec.ErrInvalidGrant+" again", Describe(x), x)
		}
		return known
	})
}

// otherRefusal is one that neither says that the code has ended nor sends the
// device on polling.
func otherRefusal(x *Exchange) bool {
	return x.Class() == 4 && !x.Infrastructure() && !x.StillPending() && !x.GivesCredentials() &&
		!ErrorIs(spec.ErrExpiredToken, spec.ErrInvalidGrant)(x)
}

// A Habit is a deviation that a single start and poll already show, and the
// setting of lenient: that keeps it.
type Habit struct {
	What    string
	Setting string // as it stands in dfcheck.yaml; empty when there is none
}

// Habits lists what the exchanges of a preflight show.
func Habits(xs []*Exchange) []Habit {
	var out []Habit
	for _, x := range xs {
		_, old := x.Member("verification_url")
		_, standard := x.Member("verification_uri")
		switch {
		case x.Op == OpStart && x.HasCodes() && old && !standard:
			out = append(out, Habit{"the verification URI is called verification_url", "verification_url: true"})
		case x.Op == OpToken && x.StillPending() && x.Status() != http.StatusBadRequest:
			out = append(out, Habit{fmt.Sprintf("%s comes with status %d instead of 400", x.ErrorCode(), x.Status()),
				fmt.Sprintf("status: [%d]", x.Status())})
		}
	}
	if n := len(xs); n > 0 && xs[n-1].Op == OpToken && !xs[n-1].StillPending() {
		out = append(out, Habit{What: "a poll of a fresh code gets " + Describe(xs[n-1]) + " instead of " +
			spec.ErrAuthorizationPending})
	}
	return out
}
