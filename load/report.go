package load

import (
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// report makes the section of a report.
func (sim *simulation) report(complete bool) (*reports.Load, error) {
	p := sim.population.profile
	took := min(time.Duration(sim.schedule.now()), time.Duration(p.Duration))
	r := sim.record.snapshot()
	l, all, err := sim.soFar(r, took)
	if err != nil {
		return nil, err
	}
	l.Shard = sim.shard(complete, took)
	l.Offered, l.States = sim.offered(all, r.missed, took), sim.states()
	l.Timeline = r.timeline.all(took)
	l.Trend = sim.trend(r.windows, took, l.Timeline)
	steadyUntil := took
	if l.Stopped = r.silence.report(complete); l.Stopped != nil {
		steadyUntil = min(took, time.Duration(r.silence.since))
	}
	arrived := time.Duration(sim.population.timetable.LastArrival())
	l.Requests.SteadyPollsPerSecond = steady(l.Timeline, arrived+sim.interval, sim.interval, steadyUntil)
	if l.Shard.Breach != "" && l.Shard.CrowdDigest == "" {
		l.Notes = append(l.Notes, l.Shard.Why)
	}
	if r.unread > 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("%s at the server's own metrics found nothing, the last because %s",
			reports.Count(r.unread, "look", "looks"), r.unreadWhy))
	}
	if note := r.limitNote(len(sim.target.Sources), p.Connections.ForwardedRange); note != "" {
		l.Notes = append(l.Notes, note)
	}
	if n := len(sim.target.Sources); n > 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("connections were made from %s in turn (--source)",
			reports.Count(n, "address", "addresses")))
	}
	if note := claimsNote(&p.Connections, len(sim.devices)); note != "" {
		l.Notes = append(l.Notes, note)
	}
	if sim.digests.Full() {
		l.Notes = append(l.Notes, fmt.Sprintf("only the first %d flows and tokens are compared with those of other shards",
			digests.MaxRecords))
	}
	if n := l.States.Absent; n > 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("%d of %d devices had not arrived when the run ended", n, len(sim.devices)))
	}
	return l, nil
}

// soFar is what a snapshot says at any time of a run, and the figures of the whole
// crowd: no time line, and nothing that every device has to be looked at for.
func (sim *simulation) soFar(r *record, took time.Duration) (*reports.Load, *figures, error) {
	all, err := r.total()
	if err != nil {
		return nil, nil, err
	}
	l := &reports.Load{Profile: sim.population.profile.Map(), Thresholds: []reports.Threshold{},
		Shard:   reports.Shard{Index: sim.population.Index, Count: sim.population.Count},
		Service: reports.Services{Start: r.service[0].Distribution(), Poll: r.service[1].Distribution()},
		Lag:     r.lag.Distribution(), Groups: sim.groups(r, took), Stages: sim.stages(r, took),
		Violations: r.broken(), Errors: r.errorKinds(), Exchanges: r.exchanges}
	l.SetWhole(all.breakdown("", uint64(len(sim.devices)), 0, took))
	l.Client.Shortages, l.Client.Why = r.shortages, r.limits()
	l.Client.Saturated = l.Client.Why != ""
	if sim.challenged {
		l.Notes = append(l.Notes, "the server demands PKCE at the start: code_challenge was sent (pkce: "+spec.S256+
			" in dfcheck.yaml does so at once)")
	}
	if sim.approver == nil {
		l.Notes = append(l.Notes, "nobody decided: without an approver every flow stays pending until it expires")
	}
	return l, all, nil
}

// spend adds what the run has taken of this machine so far.
func (sim *simulation) spend(l *reports.Load) {
	now := usage()
	l.Client.CPUSeconds, l.Client.MaxRSSBytes, l.Client.Machine = now.cpu-sim.before.cpu, now.rss, machine()
}

// broken lists the violations in their order.
func (r *record) broken() []reports.Violation {
	out := []reports.Violation{}
	for _, v := range violations {
		if seen := r.violations[v.kind]; seen != nil {
			out = append(out, *seen)
		}
	}
	return out
}

// groups has the figures of every group, where there is more than one.
func (sim *simulation) groups(r *record, took time.Duration) (out []reports.Breakdown) {
	if len(sim.population.groups) < 2 {
		return nil
	}
	size := make([]uint64, len(sim.population.groups))
	for i := range sim.devices {
		size[sim.devices[i].group]++
	}
	for i, k := range sim.population.groups {
		out = append(out, r.groups[i].breakdown(k.Name, size[i], 0, took))
	}
	return out
}

// stages has the figures of every stage: of what was due in it.
func (sim *simulation) stages(r *record, took time.Duration) (out []reports.Breakdown) {
	under := uint64(0) // flows in progress
	windows := sim.population.timetable.Windows()
	for i, w := range windows {
		end := int64(took)
		if i+1 < len(windows) {
			end = min(end, windows[i+1].From)
		}
		f := &r.stages[i]
		name, length := sim.population.profile.Arrivals.Stages[i].Name, time.Duration(max(end-w.From, 0))
		b := f.breakdown(name, uint64(sim.population.within(w)), under, length)
		b.FromSecond = time.Duration(w.From).Seconds()
		under = b.Devices.Pending
		out = append(out, b)
	}
	return out
}
