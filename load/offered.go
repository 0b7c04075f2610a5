package load

import (
	"fmt"
	"iter"
	"math"
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// putOff counts polls that a device did not send because it backed off.
func (r *record) putOff(polls float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missed += max(polls, 0)
}

// limitedEarly records the status of a request that no limit by code can be about.
func (r *record) limitedEarly(status int) {
	if status != http.StatusTooManyRequests {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.earlyLimit = true
}

// limitNote says whose limit devices met that kept their interval, if any did.
// It is called with the record locked.
func (r *record) limitNote(sources int, claimed string) string {
	switch {
	case r.violations[limitedInPace.kind] == nil:
		return ""
	case r.earlyLimit && claimed != "":
		return "the limit that answers 429 counts by address or client: new codes met it too. Devices said that they come " +
			"from " + claimed + ": where the server trusts this machine as its proxy, it counts by client, or more devices " +
			"than it allows have an address in common; else it counts this machine"
	case r.earlyLimit && sources > 1:
		return fmt.Sprintf("the limit that answers 429 counts by address or client: new codes met it too. The crowd "+
			"came from %d addresses: more of them (--source) tell a limit by address from one by client", sources)
	case r.earlyLimit:
		return "the limit that answers 429 counts by address or client: new codes met it too. " +
			"This machine is one address for the whole crowd; exempt it, " +
			"or raise the limit above the announced pace of all devices behind one address"
	}
	return "the limit that answers 429 counts by code: only codes that had been polled before met it. " +
		"It lies below the announced pace"
}

// offered compares what the crowd would have asked of a server that answers
// everything with what was carried.
func (sim *simulation) offered(all *figures, missed float64, took time.Duration) reports.Offered {
	sent := all.starts + all.polls
	o := reports.Offered{Carried: sent, Unsent: all.outcomes[wire.Unsent]}
	for i, n := range all.outcomes {
		if wire.Outcome(i).IsError() {
			o.Carried -= n
		}
	}
	for d := range sim.eachDevice() {
		switch until := int64(took); {
		case d.state == failed: // it left
			if sim.group(d).Behaviour.RestartAfter == 0 {
				until = min(until, max(d.ends(), d.sent))
			}
			missed += d.missed(until)
		case d.flags&backingOff != 0 && !d.state.over():
			missed += d.missed(until)
		case d.state != absent && !d.state.over() && d.due < until:
			o.Unsent++
		}
	}
	o.PutOff = uint64(math.Round(missed))
	o.Requests = sent + o.PutOff + o.Unsent
	o.Derive(took)
	return o
}

// eachDevice goes through the devices, each locked while it is looked at.
func (sim *simulation) eachDevice() iter.Seq[*device] {
	return func(yield func(*device) bool) {
		for i := range sim.devices {
			lock := sim.lock(int32(i))
			lock.Lock()
			more := yield(&sim.devices[i]) // not a copy: its place in the schedule has a lock of its own
			lock.Unlock()
			if !more {
				return
			}
		}
	}
}

// states counts what each device is doing.
func (sim *simulation) states() (s reports.States) {
	count := [...]*uint64{absent: &s.Absent, starting: &s.Starting, polling: &s.Polling, replaying: &s.Replaying,
		doubting: &s.Replaying, approved: &s.Approved, denied: &s.Denied, expired: &s.Expired, failed: &s.Failed,
		abandoned: &s.Abandoned}
	for d := range sim.eachDevice() {
		n := count[d.state]
		if d.flags&backingOff != 0 && !d.state.over() {
			n = &s.BackingOff
		}
		*n++
	}
	return s
}
