package load

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
)

// deviceLeast is what a device takes at least beside its code, in bytes: its record, the
// end of its code, and its place in two tables.
const deviceLeast = 64 + 4 + 2*6

// memoryFor holds what the devices of this process take at least, with codes of a length,
// against the memory that is left, where this machine tells. A run that ended for want
// of memory would leave no report.
func memoryFor(devices, code int) error {
	need := uint64(devices) * uint64(deviceLeast+min(code, maxCell))
	left := memoryLeft(os.ReadFile)
	if left == 0 || need <= left {
		return nil
	}
	return &NotReady{
		Problem: fmt.Sprintf("%s devices take more than %s MB of memory, and this process can have %s MB",
			reports.Grouped(uint64(devices)), reports.Grouped(need/1e6), reports.Grouped(left/1e6)),
		Hint: "fewer devices, or shards on several machines: `dfcheck load plan` says how many, of which size",
	}
}

// memoryLeft is how much memory this process can get in bytes, swap included, as Linux
// tells it: of the machine, and of a container. It is 0 elsewhere.
func memoryLeft(read func(string) ([]byte, error)) uint64 {
	left := uint64(0)
	text, _ := read("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) >= 2 && (f[0] == "MemAvailable:" || f[0] == "SwapFree:") {
			kB, _ := strconv.ParseUint(f[1], 10, 54)
			left += kB << 10
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, _ := read(path)
		if n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64); err == nil && left > 0 {
			left = min(left, n)
		}
	}
	return left
}
