package load

import (
	"cmp"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/daily"
)

// shows says which kinds of violations a fault shows to a crowd.
type shows struct {
	fault string
	kinds []violation
}

// broken is every fault that breaks a promise to polling devices; why the others
// do not stands in unseen.
var broken = []shows{
	{"identical-starts-merged", []violation{sameDeviceCode, sameUserCode}},
	{"starts-repeated", []violation{sameDeviceCode, sameUserCode}},
	{"one-pending-per-client", []violation{liveRefused}},
	{"one-pending-per-address", []violation{approvalRefused}},
	{"start-as-text", []violation{oddType}},
	{"user-code-sequence-repeats", []violation{sameUserCode, tokenEarly}},
	{"codes-shared-in-races", []violation{sameUserCode}},
	{"pending-as-invalid-grant", []violation{liveRefused}},
	{"loop-breaker", []violation{liveRefused, twoAnswers}},
	{"one-instance-knows", []violation{liveRefused, twoAnswers}},
	{"flood-evicts", []violation{liveRefused}},
	{"evicts-oldest-of-20", []violation{liveRefused}},
	{"whole-seconds", []violation{undeserved}},
	{"no-slow-down", []violation{unpunished}},
	{"raised-again", []violation{undeserved}},
	{"slow-down-bars-redemption", []violation{approvalRefused}},
	{"pace-per-client", []violation{undeserved}},
	{"silent-interval", []violation{undeserved}},
	{"limit-below-pace", []violation{limitedInPace}},
	{"longer-interval-from-start", []violation{undeserved}},
	{"longer-interval-between-polls", []violation{undeserved}},
	{"slow-down-for-pending", []violation{undeserved}},
	{"error-below-pace", []violation{liveRefused}},
	{"slow-down-below-pace", []violation{undeserved}},
	{"address-limit-below-pace", []violation{limitedInPace}},
	{"ends-after-two-minutes", []violation{endedEarly}},
	{"priming-poll-needed", []violation{approvalUnseen}},
	{"approval-without-effect", []violation{approvalUnseen}},
	{"decision-before-tokens", []violation{approvalRefused}},
	{"poll-erases-approval", []violation{approvalUnseen}},
	{"token-storable", []violation{mayBeStored}},
	{"token-per-user", []violation{sameToken}},
	{"denial-as-expiry", []violation{denialRenamed}},
	{"denial-forgotten", []violation{wentBack}},
	{"denial-per-model", []violation{approvalRefused}},
	{"decisions-per-model", []violation{tokenDenied, approvalRefused}},
	{"pending-for-ever", []violation{pendingLate}},
	{"half-lifetime", []violation{endedEarly}},
	{"poll-prolongs", []violation{pendingLate}},
	{"late-approval-revives", []violation{tokenLate}},
	{"code-reusable", []violation{tokenTwice}},
	{"form-unread-at-token", []violation{liveRefused}},
	{"json-unread-at-token", []violation{liveRefused}},
	{"multipart-unread-at-token", []violation{liveRefused}},
	{"json-polls-unlimited", []violation{unpunished}},
	{"multipart-never-redeems", []violation{approvalRefused}},
	{"json-denial-pending", []violation{denialUnseen}},
	{"multipart-never-expires", []violation{pendingLate}},
	{"json-redeems-again", []violation{tokenTwice}},
	{"pending-as-401", []violation{oddStatus}},
	{"slow-down-as-html", []violation{oddType}},
	{"pending-cacheable", []violation{mayBeCached}},
	{"start-cacheable", []violation{startCached}},
	{"byte-order-mark", []violation{byteOrderMark}},
	{"flaky", []violation{serverFault}},
}

// interval that a fault shows at.
func (s shows) interval(f refserver.Fault) time.Duration {
	if f.Slow {
		return 5 * time.Second
	}
	return time.Second
}

// crowd is a small crowd of all kinds of devices and people.
func (s shows) crowd(interval time.Duration, contract *spec.Contract) *profile.Profile {
	all := map[string]float64{}
	for _, e := range contract.Token.Encodings {
		all[e.Short()] = 1
	}
	uniform := profile.Delay{Kind: "uniform", Median: profile.Duration(8 * interval)}
	after := func(d time.Duration) profile.Delay { return profile.Delay{Median: profile.Duration(d)} }
	p := &profile.Profile{Devices: 36, Duration: profile.Duration(48 * interval),
		Arrivals: profile.Arrivals{Kind: "ramp", Over: profile.Duration(interval)}, Groups: []profile.Group{
			{Name: "decided", Weight: 4, People: profile.People{Approve: 0.6, Deny: 0.3, Delay: uniform}},
			{Name: "late", People: profile.People{Approve: 1, Delay: after(lifetimes*interval + interval/2)}},
			{Name: "forgotten"},
			{Name: "hasty", Weight: 2, People: profile.People{Approve: 0.5, Delay: after(20 * interval)},
				Behaviour: profile.Behaviour{EarlyBy: profile.Duration(interval / 4)}},
		}}
	for i := range p.Groups {
		g := &p.Groups[i]
		g.Encodings, g.Behaviour.Replay, g.Behaviour.RestartAfter = all, 1, profile.Duration(time.Millisecond)
	}
	switch s.fault {
	case "one-instance-knows": // the few connections of a quick server may all lead to one
		p.Connections.Mode = profile.PerRequest
	case "flood-evicts":
		p.Devices = 80
	case "codes-shared-in-races":
		p.Arrivals = profile.Arrivals{Kind: "burst"}
	}
	return p
}

// lifetimes of codes, in intervals.
const lifetimes = 40

// on runs the crowd on a server with the fault.
func (s shows) on(t *testing.T, check func(t *testing.T, l *reports.Load)) {
	f, err := refserver.FaultNamed(s.fault)
	if err != nil {
		t.Fatal(err)
	}
	cfg := refserver.Config{Contract: cmp.Or(f.Contract, "documented-v1"), Interval: s.interval(f), Decisions: true}
	cfg.Lifetime = lifetimes * cfg.Interval
	contract, err := spec.BuiltinContract(cfg.Contract)
	if err != nil {
		t.Fatal(err)
	}
	inBubble(t, refserver.New(cfg, f), contract, s.crowd(cfg.Interval, contract), check)
}

// Every broken promise is seen under load, with the fault that breaks it.
func TestViolations(t *testing.T) {
	for _, b := range daily.Part(t, broken) {
		t.Run(b.fault, func(t *testing.T) {
			b.on(t, func(t *testing.T, l *reports.Load) {
				for _, v := range b.kinds {
					if !slices.ContainsFunc(l.Violations, v.seen) {
						t.Errorf("no %s among %+v", v.kind, l.Violations)
					}
				}
				addsUp(t, l)
			})
		})
	}
}

// At 2,000 polls a second over real connections nothing but the faults is seen.
func TestViolationsLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("minutes: DFCHECK_LONG=1, as in make test-long")
	}
	p := crowdOf(2000)
	p.Duration = profile.Duration(20 * time.Second)
	p.Groups[0].Behaviour.RestartAfter = profile.Duration(time.Millisecond)
	for _, b := range []shows{{"code-reusable", []violation{tokenTwice}}, {"pace-per-client", []violation{undeserved}},
		{"pending-as-invalid-grant", []violation{liveRefused}}, {"denial-forgotten", []violation{wentBack}},
		{"flaky", []violation{serverFault}}} {
		f, err := refserver.FaultNamed(b.fault)
		if err != nil {
			t.Fatal(err)
		}
		l := run(t, target(t, f), p)
		for _, v := range b.kinds {
			if !slices.ContainsFunc(l.Violations, v.seen) {
				t.Errorf("%s: no %s among %+v", b.fault, v.kind, l.Violations)
			}
		}
		t.Logf("%s: %.0f polls a second, seen: %+v", b.fault, l.Requests.PollsPerSecond, l.Violations)
	}
	l := run(t, target(t), p)
	if len(l.Violations) != 0 {
		t.Errorf("a correct server: %+v", l.Violations)
	}
	t.Logf("a correct server answered %.0f polls a second", l.Requests.PollsPerSecond)
}

// seen reports whether this is what was reported, with an example.
func (v violation) seen(r reports.Violation) bool {
	return r.Kind == v.kind && r.Check == v.check && r.Count > 0 && r.Example != "" && len(r.Exchanges) > 0 &&
		r.Information == v.information
}

// No kind of violation is without its fault; the same token again is no fault.
func TestEveryViolationHasAFault(t *testing.T) {
	for _, v := range violations {
		seen := slices.ContainsFunc(broken, func(b shows) bool { return slices.Contains(b.kinds, v) })
		if !seen && v != tokenRepeated {
			t.Errorf("no fault shows %s", v.kind)
		}
	}
}

// Servers that are right in another way break no promise, as those that
// give the same token again, or whose limit lies above the announced pace.
func TestVariantsBreakNothing(t *testing.T) {
	for _, f := range daily.Part(t, refserver.Variants()) {
		t.Run(f.Name, func(t *testing.T) {
			cfg := refserver.Config{Contract: cmp.Or(f.Contract, "documented-v1"), Interval: time.Second,
				Lifetime: 30 * time.Second, Decisions: true}
			if f.Slow {
				cfg.Interval = 5 * time.Second
			}
			contract, err := spec.BuiltinContract(cfg.Contract)
			if err != nil {
				t.Fatal(err)
			}
			p := crowdOf(30)
			p.Duration = profile.Duration(time.Minute)
			p.Groups[0].Encodings, p.Groups[0].Behaviour.RestartAfter = nil, profile.Duration(time.Millisecond)
			p.Groups[0].People.Delay.Median = profile.Duration(10 * time.Second)
			inBubble(t, refserver.New(cfg, f), contract, p, func(t *testing.T, l *reports.Load) {
				addsUp(t, l)
				repeated := slices.ContainsFunc(l.Violations, tokenRepeated.seen)
				errors := l.ErrorRate > 0 && f.Name != "proxied" // a proxy's errors are errors, and break no promise
				repeats := f.Name == "same-tokens-on-replay"
				if l.Violated() > 0 || errors || l.Devices.Approved == 0 || repeated != repeats {
					t.Errorf("%+v, errors %g, %+v", l.Violations, l.ErrorRate, l.Outcomes)
				}
			})
		})
	}
}
