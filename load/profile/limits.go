package profile

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/spec"
)

// Limits that no profile may exceed.
const (
	MaxCrowd    = 1_000_000_000 // devices, in all processes together
	MaxDevices  = 16_000_000    // those of one process
	MaxDuration = 24 * time.Hour
	MaxInFlight = 4096 // requests
	maxGroups   = 50   // for the memory of their figures
)

// Check reports every problem of a profile with its defaults filled in.
func (p *Profile) Check() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(p.Devices > 0 && p.Devices <= MaxCrowd, "devices is %d; it must be 1 to %d", p.Devices, MaxCrowd)
	bad(p.Duration > 0 && time.Duration(p.Duration) <= MaxDuration,
		"duration is %s; it must be above 0 and at most %s", p.Duration, MaxDuration)
	errs = append(errs, p.Arrivals.check()...)
	bad(p.Connections.MaxInFlight > 0 && p.Connections.MaxInFlight <= MaxInFlight,
		"connections.max_in_flight is %d; it must be 1 to %d", p.Connections.MaxInFlight, MaxInFlight)
	bad(slices.Contains([]string{Pooled, PerDevice, PerRequest}, p.Connections.Mode),
		"connections.mode is %q; it must be pooled, device or fresh", p.Connections.Mode)
	bad(slices.Contains([]string{"1.1", "2"}, p.Connections.HTTP),
		"connections.http is %q; it must be 1.1 or 2", p.Connections.HTTP)
	bad(p.Connections.HTTP != "2" || p.Connections.Mode != PerDevice,
		"connections.mode device needs http 1.1, where requests do not share a connection")
	errs = append(errs, p.Connections.checkForwarded())
	bad(p.Timeout > 0, "timeout is %s; it must be above 0", p.Timeout)
	bad(len(p.Groups) <= maxGroups, "%d groups; the maximum is %d", len(p.Groups), maxGroups)
	names := map[string]bool{}
	for _, g := range p.Groups {
		bad(!names[g.Name], "two groups are called %q", g.Name)
		names[g.Name] = true
		errs = append(errs, g.check()...)
	}
	return errors.Join(append(errs, p.checkThresholds()...)...)
}

func (p *Profile) checkThresholds() (errs []error) {
	var groups, stages []string
	for _, g := range p.Groups {
		groups = append(groups, g.Name)
	}
	for _, s := range p.Arrivals.Stages {
		stages = append(stages, s.Name)
	}
	for _, text := range p.Thresholds {
		t, err := threshold.Parse(text)
		if err == nil {
			err = t.Fits(groups, stages)
		}
		errs = append(errs, err)
	}
	return errs
}

func (g *Group) check() (errs []error) {
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("group %q: "+format, append([]any{g.Name}, args...)...))
		}
	}
	bad(g.Weight > 0, "weight is %g; it must be above 0", g.Weight)
	bad(g.People.Approve >= 0 && g.People.Deny >= 0 && g.People.Approve+g.People.Deny <= 1.000001,
		"approve and deny are shares that add up to at most 1")
	for _, err := range g.People.Delay.check() {
		bad(false, "%w", err)
	}
	if g.Contract != "" {
		_, err := spec.BuiltinContract(g.Contract)
		bad(err == nil, "%w", err)
	}
	b := g.Behaviour
	bad(b.SlowDown == Obey || b.SlowDown == Ignore, "slow_down is %q; it must be obey or ignore", b.SlowDown)
	bad(slices.Contains([]string{Retry, Restart, Leave}, b.OnError),
		"on_error is %q; it must be retry, restart or leave", b.OnError)
	bad(b.Replay >= 0 && b.Replay <= 1, "replay is %g; it must be a share from 0 to 1", b.Replay)
	for _, d := range []struct {
		name string
		Duration
	}{{"early_by", b.EarlyBy}, {"jitter", b.Jitter}, {"restart_after", b.RestartAfter},
		{"restart_until", b.RestartUntil}, {"give_up", b.GiveUp}} {
		bad(d.Duration >= 0, "%s is %s; it must not be negative", d.name, d.Duration)
	}
	bad(b.RestartUntil == 0 || b.RestartAfter > 0, "restart_until is %s, and without restart_after nothing restarts",
		b.RestartUntil)
	bad(b.Drift > -0.5 && b.Drift < 0.5, "drift is %g; it must be a share between -0.5 and 0.5", b.Drift)
	for e, w := range g.Encodings {
		_, err := spec.ParseEncoding(e)
		bad(err == nil && w >= 0, "encodings: %q with weight %g", e, w)
	}
	return errs
}
