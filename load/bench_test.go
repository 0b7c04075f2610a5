package load

import (
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

// One device goes through the schedule, put, granted and taken, among a million.
func BenchmarkSchedule(b *testing.B) {
	b.ReportAllocs()
	all := make([]device, 1_000_000)
	s := newSchedule(all, time.Now(), time.Hour, MaxRate, 1, wire.NewTimerAlarm())
	s.perTick, s.quota = 1<<30, 1<<30 // the clock does not run here
	for i := range all {
		all[i].due = int64(i) * 5000 // over five seconds
		s.put(int32(i))
	}
	for now := int64(0); b.Loop(); {
		for !s.grant(now) {
			now += tick
		}
		turn := s.take()
		all[turn.device].due = now + 5e9
		s.put(turn.device)
		s.done(turn.slot, now, now)
	}
}

// One event of one device.
func BenchmarkStateMachine(b *testing.B) {
	b.ReportAllocs()
	d := device{state: polling, interval: 5, endsMS: 1 << 31}
	behaviour := &profile.Behaviour{SlowDown: profile.Obey}
	for now := int64(0); b.Loop(); now += 1e6 {
		if a := d.after(behaviour, event{outcome: wire.Pending, sent: now, received: now + 1000}); a.state != polling {
			b.Fatal(a)
		}
	}
}
