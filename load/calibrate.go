package load

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

// Speed is what a load generator can send, and how large the messages are.
type Speed struct {
	PerSecond  float64 // requests, with room to spare
	CPU        float64 // seconds for a request; 0 when nothing was measured
	Processors int
	Memory     Memory
	Sizes      Sizes
}

// Memory of a load generator, in bytes.
type Memory struct {
	Base   float64 // whatever the number of devices
	Device float64 // for each
}

// Sizes are bytes of header and body, as the server sees them.
type Sizes struct {
	StartIn, StartOut float64 // a device authorization request, and its response
	PollIn, WaitOut   float64 // a poll, and the answer that it has to wait
	TokenOut          float64 // a token response
}

// headroom is the share of its processors that a load generator should take, so
// that it is not the limit.
const headroom = 0.7

// The crowd that a calibration puts on a server with an interval of 1 s: enough
// to keep it awake, little enough for a laptop.
const (
	calibrationRate = 10_000 // devices, and with that polls per second
	calibrationTime = 6 * time.Second
)

// Calibrate measures what a request costs this machine, with load on a server
// that runs in another process and announces an interval of 1 s. The processors
// of this machine times the headroom, divided by the cost, is its speed. Its errors are those of Run.
func Calibrate(ctx context.Context, t Target) (Speed, error) {
	delay := profile.Delay{Kind: "uniform", Median: profile.Duration(2 * time.Second)}
	p := (&profile.Profile{Devices: calibrationRate, Duration: profile.Duration(calibrationTime),
		Arrivals: profile.Arrivals{Kind: "ramp", Over: profile.Duration(time.Second)},
		Groups: []profile.Group{{People: profile.People{Approve: 0.5, Delay: delay},
			Behaviour: profile.Behaviour{RestartAfter: 1}}}}).WithDefaults()
	if err := t.Allowed(); err != nil {
		return Speed{}, err
	}
	sim, err := newSimulation(ctx, t, p, Options{})
	if err != nil {
		return Speed{}, err
	}
	defer sim.transport.Close()
	defer sim.schedule.alarm.Close()
	before := usage()
	if complete, _ := sim.run(ctx, p, Options{}); !complete {
		return Speed{}, ctx.Err()
	}
	cpu := usage().cpu - before.cpu
	sim.record.mu.Lock()
	defer sim.record.mu.Unlock()
	all, err := sim.record.total()
	if err != nil {
		return Speed{}, err
	}
	requests := all.outcomes.sum()
	if all.outcomes[wire.Token] == 0 || all.outcomes[wire.Pending] == 0 || cpu == 0 {
		return Speed{}, &NotReady{
			Problem: fmt.Sprintf("this machine is too busy to be measured: no device came to its token in %s", calibrationTime),
			Hint:    "try again, or name a speed: --speed 20000 is requests a second",
		}
	}
	s := Speed{CPU: cpu / float64(requests), Processors: runtime.GOMAXPROCS(0), Sizes: all.sizes()}
	s.Memory.Device = deviceMemory(sim.codes.size)
	s.Memory.Base = max(float64(usage().rss)-calibrationRate*s.Memory.Device, 0)
	return s.With(s.Processors), nil
}

// With is the speed of a load generator with so many of the processors.
func (s Speed) With(processors int) Speed {
	s.Processors = processors
	s.PerSecond = min(headroom*float64(processors)/s.CPU, MaxRate)
	return s
}

// deviceMemory measures what a device takes whose code has a length, with what finds
// its codes again in other devices and other shards.
func deviceMemory(code int) float64 {
	const devices = 100_000
	inUse := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := inUse()
	all, codes := make([]device, devices), newArena(devices, code)
	twice, seen := newDuplicates(all, codes), digests.NewRecorder(digests.Key{}, devices)
	after := inUse()
	runtime.KeepAlive(twice)
	runtime.KeepAlive(seen)
	return max(after-before, 0) / devices
}

// sizes are the average messages of a run.
func (f *figures) sizes() Sizes {
	mean := func(bytes *tally, o wire.Outcome) float64 { return float64(bytes[o]) / float64(max(f.outcomes[o], 1)) }
	return Sizes{StartIn: mean(&f.bytesOut, wire.Codes), StartOut: mean(&f.bytesIn, wire.Codes),
		PollIn: mean(&f.bytesOut, wire.Pending), WaitOut: mean(&f.bytesIn, wire.Pending),
		TokenOut: mean(&f.bytesIn, wire.Token)}
}
