package load

import (
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// flaky loses its database now and then: one request in fifty ends in 500. Few
// requests never meet it, so it is no fault of the catalogue.
var flaky = refserver.Fault{Name: "flaky", Wrap: func(next http.Handler) http.Handler {
	var n atomic.Uint64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%50 == 0 {
			http.Error(w, "no connection to the database", http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}}

// shows says which kinds of violations a fault shows.
type shows struct {
	fault string
	kinds []violation
	crowd func(*Group) // what devices or people must do for that; may be nil
}

var broken = []shows{
	{fault: "identical-starts-merged", kinds: []violation{sameDeviceCode, sameUserCode}},
	{fault: "user-code-sequence-repeats", kinds: []violation{sameUserCode, tokenEarly}},
	{fault: "decisions-per-model", kinds: []violation{tokenDenied}},
	{"late-approval-revives", []violation{tokenLate}, func(g *Group) { g.People.Delay.Median = Duration(4 * time.Second) }},
	{fault: "code-reusable", kinds: []violation{tokenTwice}},
	{fault: "token-per-user", kinds: []violation{sameToken}},
	{fault: "denial-forgotten", kinds: []violation{wentBack}},
	{fault: flaky.Name, kinds: []violation{serverFault}},
	{fault: "pending-as-401", kinds: []violation{oddStatus}},
	{fault: "start-as-text", kinds: []violation{oddType}},
	{fault: "token-storable", kinds: []violation{mayBeStored}},
	{fault: "pace-per-client", kinds: []violation{undeserved}},
	{"no-slow-down", []violation{unpunished}, func(g *Group) { g.Behaviour.Early = Duration(300 * time.Millisecond) }},
}

// Every broken promise is seen under load, with the fault that breaks it.
func TestViolations(t *testing.T) { seeViolations(t, crowdOf(120)) }

// The same at 2,000 polls a second, where nothing but the faults may be seen.
func TestViolationsLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("five minutes: DFCHECK_LONG=1, as in make test-long")
	}
	p := crowdOf(2000)
	p.Duration = Duration(20 * time.Second)
	p.Groups[0].Behaviour.Again = Duration(time.Millisecond)
	seeViolations(t, p)
	l := run(t, target(t), p)
	if len(l.Violations) != 0 {
		t.Errorf("a correct server: %+v", l.Violations)
	}
	t.Logf("a correct server answered %.0f polls a second", l.Requests.PollsPerSecond)
}

func seeViolations(t *testing.T, p *Profile) {
	for _, b := range broken {
		t.Run(b.fault, func(t *testing.T) {
			if p.Devices < 1000 {
				t.Parallel()
			}
			f := flaky
			if b.fault != f.Name {
				var err error
				if f, err = refserver.FaultNamed(b.fault); err != nil {
					t.Fatal(err)
				}
			}
			q := *p
			q.Groups = slices.Clone(p.Groups)
			if b.crowd != nil {
				b.crowd(&q.Groups[0])
			}
			l := run(t, target(t, f), &q)
			for _, v := range b.kinds {
				if !slices.ContainsFunc(l.Violations, v.seen) {
					t.Errorf("no %s among %+v", v.kind, l.Violations)
				}
			}
			t.Logf("%.0f polls a second, seen: %+v", l.Requests.PollsPerSecond, l.Violations)
		})
	}
}

// seen tells whether this is what was reported, with an example.
func (v violation) seen(r reports.Violation) bool {
	return r.Kind == v.kind && r.Check == v.check && r.Count > 0 && r.Example != "" && len(r.Exchanges) > 0 && r.Information == v.information
}

// No kind of violation is without its fault.
func TestEveryViolationHasAFault(t *testing.T) {
	for _, v := range violations {
		if !slices.ContainsFunc(broken, func(b shows) bool { return slices.Contains(b.kinds, v) }) {
			t.Errorf("no fault shows %s", v.kind)
		}
	}
}
