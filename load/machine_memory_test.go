package load

import (
	"errors"
	"math"
	"os"
	"testing"
)

// A process gets what the machine has left, or what its container may have.
func TestMemoryLeft(t *testing.T) {
	const meminfo = "MemTotal:  8000000 kB\nMemFree: 1 kB\nMemAvailable:    3000000 kB\nSwapFree:  1000000 kB\n"
	for _, tt := range []struct {
		files map[string]string
		want  uint64
	}{
		{nil, 0},
		{map[string]string{"/proc/meminfo": meminfo}, 4_000_000 << 10},
		{map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory.max": "max\n"}, 4_000_000 << 10},
		{map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory.max": "268435456\n"}, 256 << 20},
		{map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"},
			4_000_000 << 10},
		{map[string]string{"/proc/meminfo": "nonsense\n"}, 0},
	} {
		got := memoryLeft(func(path string) ([]byte, error) {
			if text, ok := tt.files[path]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		})
		if got != tt.want {
			t.Errorf("%v: %d, want %d", tt.files, got, tt.want)
		}
	}
}

// A crowd that no machine has room for is refused before anything is made for it.
func TestMemoryFor(t *testing.T) {
	if memoryLeft(os.ReadFile) == 0 {
		t.Skip("this system does not tell how much memory is left")
	}
	if err := memoryFor(1, 40); err != nil {
		t.Error(err)
	}
	var lack *NotReady
	if err := memoryFor(math.MaxInt32, 1000); !errors.As(err, &lack) || lack.Hint == "" {
		t.Errorf("%v", err)
	}
}
