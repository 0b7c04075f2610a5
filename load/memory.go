package load

import (
	"os"
	"runtime"
	"runtime/debug"
)

// spareHeap is how far the heap may grow beyond what is in use before garbage
// is collected, in bytes. By the usual rule, twice what is in use, a million
// devices would double their memory and a hundred would collect all the time.
const spareHeap = 24 << 20

// collectBy sets the garbage collector by spareHeap until restored, unless the
// user set it.
func collectBy(spare uint64) (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	debug.FreeOSMemory() // what preparation took must not count as the crowd's
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	old := debug.SetGCPercent(int(min(max(100*spare/max(m.HeapAlloc, 1), 10), 1000)))
	return func() { debug.SetGCPercent(old) }
}
