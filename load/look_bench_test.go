package load

import (
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

// polled is a run of many devices as seen from outside, and what writes the answer to one
// more of its polls down, a tenth of a millisecond after the last.
func polled() (r *Running, answer func()) {
	p := (&profile.Profile{Devices: 1000}).WithDefaults()
	pop := newPopulation(p, Part{Count: 1})
	sim := &simulation{population: pop, record: newRecord(pop), schedule: &schedule{began: time.Now()}}
	req := &request{Request: wire.Request{Template: &wire.Template{}, BytesOut: 300,
		Reply: &wire.Reply{Outcome: wire.Pending, Body: `{"error":"authorization_pending"}`}}}
	return &Running{sim: sim, profile: p}, func() {
		req.intended += int64(time.Millisecond / 10)
		req.Sent, req.Received = req.intended+90_000, req.intended+1_200_000+req.intended%700_000
		sim.record.answer(req, 0, 1000)
	}
}

// TestPollsAreWrittenDownInPlace: an answer to a poll allocates nothing, looked at or not,
// but for what each second needs.
func TestPollsAreWrittenDownInPlace(t *testing.T) {
	r, answer := polled()
	for range 100_000 {
		answer()
	}
	if _, err := r.Figures(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, answer); n > 0 {
		t.Errorf("%v allocations for a poll", n)
	}
}

// One answer to a poll as it is written down, alone and while somebody looks at the
// figures ten times a second: 150 times as often as Prometheus usually does.
func BenchmarkAnswer(b *testing.B) {
	for name, every := range map[string]time.Duration{"alone": 0, "looked at": time.Second / 10} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r, answer := polled()
			done, looks := make(chan struct{}), 0
			var looking sync.WaitGroup
			looking.Go(func() {
				if every == 0 {
					return
				}
				tick := time.NewTicker(every)
				defer tick.Stop()
				for {
					select {
					case <-done:
						return
					case <-tick.C:
						if _, err := r.Figures(); err != nil {
							b.Error(err)
						}
						looks++
					}
				}
			})
			spent := processorTime(b)
			for b.Loop() {
				answer()
			}
			close(done)
			looking.Wait()
			spent()
			b.ReportMetric(float64(looks), "looks")
		})
	}
}

// One look at the figures of a run, as --metrics and --otlp take it.
func BenchmarkLook(b *testing.B) {
	b.ReportAllocs()
	r, answer := polled()
	for range 100_000 {
		answer()
	}
	spent := processorTime(b)
	for b.Loop() {
		if _, err := r.Figures(); err != nil {
			b.Fatal(err)
		}
	}
	spent()
}

// processorTime measures what an operation takes of a processor, which a busy machine does
// not make longer.
func processorTime(b *testing.B) (spent func()) {
	before := usage()
	return func() { b.ReportMetric((usage().cpu-before.cpu)*1e9/float64(b.N), "cpu-ns/op") }
}
