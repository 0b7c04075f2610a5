package load

import (
	"os"
	"testing"
	"time"
)

// The whole of the built-in profile, on each of three servers five times.
func TestSoakLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("takes many minutes; DFCHECK_LONG=1 runs it")
	}
	for _, tt := range leaves {
		for seed := range uint64(5) {
			t.Run(tt.fault, func(t *testing.T) {
				p := loaded(t, "soak")
				p.Seed = seed
				soaked(t, p, 5*time.Second, 5*time.Minute, tt.fault, tt.verdict, tt.recovery)
			})
		}
	}
}
