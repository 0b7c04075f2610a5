package load

import (
	"os"
	"runtime"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
)

// machine is what this process runs on.
func machine() *reports.Machine {
	return &reports.Machine{System: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.GOMAXPROCS(0),
		Processor: processor(os.ReadFile)}
}

// processor is the model of the first processor, as Linux tells it; empty elsewhere.
func processor(read func(string) ([]byte, error)) string {
	text, _ := read("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}
