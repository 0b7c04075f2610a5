package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestMergedCodes: a server gives several devices one code where a device authorization
// response repeats the device code of an earlier one, several times.
func TestMergedCodes(t *testing.T) {
	starts := func(apart time.Duration, codes ...string) (out []*Exchange) {
		for i, code := range codes {
			sent := time.Duration(i) * apart
			out = append(out, &Exchange{Op: OpStart, Flow: fmt.Sprint("f", i), Sent: sent, Received: sent + time.Millisecond,
				Response: &Response{Status: 200, Body: `{"device_code":"` + code[:1] + `","user_code":"` + code[1:] + `"}`}})
		}
		return out
	}
	for name, c := range map[string]struct {
		xs   []*Exchange
		want bool
	}{
		"one after the other": {starts(time.Second, "au", "au", "au", "au"), true},
		"in pairs":            {starts(time.Second, "au", "au", "bv", "bv", "cw", "cw"), true},
		"others between":      {starts(time.Second, "au", "bv", "au", "bv", "au"), true},
		"another user code":   {starts(time.Second, "au", "av", "aw", "ax"), true},
		"once":                {starts(time.Second, "au", "au", "bv", "cw", "dx"), false},
		"never":               {starts(time.Second, "au", "bv", "cw", "dx"), false},
		"side by side":        {starts(0, "au", "au", "au", "au", "au"), false},
		"user codes alone":    {starts(time.Second, "au", "bu", "cu", "du"), false},
	} {
		e := mergedEvidence(c.xs, spec.Standard, mergedOwner)
		if got := e.merged(append(c.xs, nil), false); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func mergedEvidence(xs []*Exchange, family spec.Family, checks ...string) *Evidence {
	t := &Transcript{Exchanges: xs}
	t.Header.Checks = checks
	return newEvidence(t, &spec.Contract{Family: family}, Checks{{ID: mergedOwner}})
}

// TestMergedCodesAreTold: the check that is nearest tells it, others are open, and nobody
// does where a document lets devices name themselves and all requests named one.
func TestMergedCodesAreTold(t *testing.T) {
	var xs []*Exchange
	for i := range 4 {
		sent := time.Duration(i) * time.Second
		x := &Exchange{Op: OpStart, Flow: fmt.Sprint("f", i), Sent: sent, Received: sent,
			Response: &Response{Status: 200, Body: `{"device_code":"a"}`}}
		x.Request.Params = spec.Params{{Name: "device_id", Value: "tv"}}
		xs = append(xs, x)
	}
	for name, c := range map[string]struct {
		check  string
		family spec.Family
		want   reports.Verdict
	}{
		"the nearest check":   {mergedOwner, spec.Standard, reports.Fail},
		"another":             {"DF-POLL-009", spec.Standard, reports.Inconclusive},
		"devices named alike": {mergedOwner, spec.Document, reports.Inconclusive},
	} {
		e := mergedEvidence(xs, c.family, mergedOwner)
		res := e.Judge(Check{ID: c.check, Passive: true, Judge: func(_ *Evidence, j *Judgement) {
			if c.check != mergedOwner {
				j.Fail("pending", "another", xs[0])
			}
		}})
		if res.Verdict != c.want || len(res.Findings) != 1 || !strings.Contains(res.Findings[0].Actual, mergesDevices) {
			t.Errorf("%s: %s, %+v", name, res.Verdict, res.Findings)
		}
	}
}

// TestMergedCodesWithoutTheirCheck: where the check that tells it is not in the run, what
// other checks find stands.
func TestMergedCodesWithoutTheirCheck(t *testing.T) {
	var xs []*Exchange
	for i := range 4 {
		xs = append(xs, &Exchange{Op: OpStart, Flow: fmt.Sprint("f", i), Sent: time.Duration(i), Received: time.Duration(i),
			Response: &Response{Status: 200, Body: `{"device_code":"a"}`}})
	}
	for checks, want := range map[string]bool{mergedOwner: true, "DF-POLL-009": false} {
		if got := mergedEvidence(xs, spec.Standard, checks).merged(xs, false); got != want {
			t.Errorf("with %s: %t", checks, got)
		}
	}
}
