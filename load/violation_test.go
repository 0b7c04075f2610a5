package load

import (
	"cmp"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// shows says which kinds of violations a fault shows.
type shows struct {
	fault string
	kinds []violation
	crowd func(*Profile) // what devices or people must do for that; may be nil
}

var broken = []shows{
	{fault: "identical-starts-merged", kinds: []violation{sameDeviceCode, sameUserCode}},
	{fault: "user-code-sequence-repeats", kinds: []violation{sameUserCode, tokenEarly}},
	{fault: "loop-breaker", kinds: []violation{liveRefused}, crowd: undecided},
	{fault: "half-lifetime", kinds: []violation{endedEarly}, crowd: undecided},
	{fault: "decision-before-tokens", kinds: []violation{approvalRefused}},
	{fault: "approval-without-effect", kinds: []violation{approvalUnseen}},
	{fault: "json-denial-pending", kinds: []violation{denialUnseen}},
	{"one-instance-knows", []violation{liveRefused, twoAnswers}, func(p *Profile) { p.Connections.Mode = perRequest }},
	{fault: "decisions-per-model", kinds: []violation{tokenDenied}},
	{"late-approval-revives", []violation{tokenLate}, func(p *Profile) { p.Groups[0].People.Delay = Delay{Median: Duration(60500 * time.Millisecond)} }},
	{fault: "code-reusable", kinds: []violation{tokenTwice}},
	{fault: "token-per-user", kinds: []violation{sameToken}},
	{fault: "pending-for-ever", kinds: []violation{pendingLate}, crowd: undecided},
	{fault: "denial-forgotten", kinds: []violation{wentBack}},
	{fault: "flaky", kinds: []violation{serverFault}},
	{fault: "pending-as-401", kinds: []violation{oddStatus}},
	{fault: "start-as-text", kinds: []violation{oddType}},
	{fault: "token-storable", kinds: []violation{mayBeStored}},
	{fault: "pace-per-client", kinds: []violation{undeserved}},
	{fault: "limit-below-pace", kinds: []violation{limitedInPace}, crowd: undecided},
	{"no-slow-down", []violation{unpunished}, func(p *Profile) { p.Groups[0].Behaviour.Early = Duration(300 * time.Millisecond) }},
}

func undecided(p *Profile) { p.Groups[0].People = People{} }

// Every broken promise is seen under load, with the fault that breaks it.
func TestViolations(t *testing.T) {
	seeViolations(t, func(t *testing.T, f refserver.Fault, p *Profile, check func(t *testing.T, l *reports.Load)) {
		p.Devices = 60
		inBubble(t, refserver.New(refserver.Config{Interval: time.Second, Lifetime: time.Minute, Decisions: true}, f), documented(t), p, check)
	})
}

// The same at 2,000 polls a second over real connections, where nothing but the
// faults may be seen.
func TestViolationsLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("half an hour: DFCHECK_LONG=1, as in make test-long")
	}
	p := crowdOf(2000)
	seeViolations(t, func(t *testing.T, f refserver.Fault, p *Profile, check func(t *testing.T, l *reports.Load)) {
		p.Devices = 2000
		check(t, run(t, target(t, f), p))
	})
	l := run(t, target(t), p)
	if len(l.Violations) != 0 {
		t.Errorf("a correct server: %+v", l.Violations)
	}
	t.Logf("a correct server answered %.0f polls a second", l.Requests.PollsPerSecond)
}

func seeViolations(t *testing.T, load func(t *testing.T, f refserver.Fault, p *Profile, check func(t *testing.T, l *reports.Load))) {
	for _, b := range broken {
		t.Run(b.fault, func(t *testing.T) {
			f, err := refserver.FaultNamed(b.fault)
			if err != nil {
				t.Fatal(err)
			}
			p := crowdOf(0)
			p.Duration = Duration(80 * time.Second)
			p.Groups[0].Behaviour.Again = Duration(time.Millisecond)
			if b.crowd != nil {
				b.crowd(p)
			}
			load(t, f, p, func(t *testing.T, l *reports.Load) {
				for _, v := range b.kinds {
					if !slices.ContainsFunc(l.Violations, v.seen) {
						t.Errorf("no %s among %+v", v.kind, l.Violations)
					}
				}
				addsUp(t, l)
				t.Logf("%.0f polls a second, seen: %+v", l.Requests.PollsPerSecond, l.Violations)
			})
		})
	}
}

// seen tells whether this is what was reported, with an example.
func (v violation) seen(r reports.Violation) bool {
	return r.Kind == v.kind && r.Check == v.check && r.Count > 0 && r.Example != "" && len(r.Exchanges) > 0 && r.Information == v.information
}

// No kind of violation is without its fault; the same token again is no fault.
func TestEveryViolationHasAFault(t *testing.T) {
	for _, v := range violations {
		if v != tokenRepeated && !slices.ContainsFunc(broken, func(b shows) bool { return slices.Contains(b.kinds, v) }) {
			t.Errorf("no fault shows %s", v.kind)
		}
	}
}

// idempotent answers a redeemed code with its first answer again, which is kind to
// devices that lost it (ruling R5).
var idempotent = refserver.Fault{Name: "idempotent", Wrap: func(next http.Handler) http.Handler {
	var mu sync.Mutex
	first := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		mu.Lock()
		defer mu.Unlock()
		a := first[string(body)]
		if a == nil {
			a = httptest.NewRecorder()
			next.ServeHTTP(a, r)
			if strings.Contains(a.Body.String(), "access_token") {
				first[string(body)] = a
			}
		}
		maps.Copy(w.Header(), a.Header())
		w.WriteHeader(a.Code)
		w.Write(a.Body.Bytes())
	})
}}

// Servers that are right in another way break no promise, and neither does one
// that repeats itself or one whose limit lies above the announced pace.
func TestVariantsBreakNothing(t *testing.T) {
	for _, f := range append(refserver.Variants(), idempotent) {
		t.Run(f.Name, func(t *testing.T) {
			cfg := refserver.Config{Contract: cmp.Or(f.Contract, "documented-v1"), Interval: time.Second, Lifetime: 30 * time.Second, Decisions: true}
			if f.Slow {
				cfg.Interval = 5 * time.Second
			}
			contract, err := spec.BuiltinContract(cfg.Contract)
			if err != nil {
				t.Fatal(err)
			}
			p := crowdOf(30)
			p.Duration = Duration(time.Minute)
			p.Groups[0].Encodings, p.Groups[0].Behaviour.Again = nil, Duration(time.Millisecond)
			p.Groups[0].People.Delay.Median = Duration(10 * time.Second)
			inBubble(t, refserver.New(cfg, f), contract, p, func(t *testing.T, l *reports.Load) {
				addsUp(t, l)
				repeated := slices.ContainsFunc(l.Violations, tokenRepeated.seen)
				if l.Violated() > 0 || l.ErrorRate > 0 || l.Devices.Approved == 0 || repeated != (f.Name == idempotent.Name) {
					t.Errorf("%+v, errors %g, %+v", l.Violations, l.ErrorRate, l.Outcomes)
				}
			})
		})
	}
}
