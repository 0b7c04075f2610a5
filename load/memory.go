package load

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// spareHeap is how far the heap may grow beyond what is in use before garbage
// is collected, in bytes. By the usual rule, twice what is in use, a million
// devices would double their memory and a hundred would collect all the time.
const spareHeap = 24 << 20

// collectBy sets the garbage collector by a spare heap until restored, unless the
// user set it. What is in use is looked at now and then: it may grow.
func collectBy(spare uint64) (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	debug.FreeOSMemory() // what preparation took must not count as the crowd's
	old := debug.SetGCPercent(percent(spare))
	t, done := time.NewTicker(10*time.Second), make(chan struct{})
	go func() {
		for {
			select {
			case <-t.C:
				debug.SetGCPercent(percent(spare))
			case <-done:
				return
			}
		}
	}()
	return func() {
		t.Stop()
		close(done)
		debug.SetGCPercent(old)
	}
}

// percent is how far the heap may grow in the collector's unit.
func percent(spare uint64) int {
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(inUse)
	return int(min(max(100*spare/max(inUse[0].Value.Uint64(), 1), 10), 1000))
}
