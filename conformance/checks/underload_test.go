package checks

import (
	"cmp"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// live is conform over a real socket of this machine, in real time.
func (b bench) live(t *testing.T) []Result {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := b.server
	cfg.Decisions, cfg.BaseURL = true, "http://"+l.Addr().String()
	server := &http.Server{Handler: refserver.New(cfg, b.faults...)}
	go server.Serve(l)
	defer server.Close()
	target, err := b.newTarget(cfg, nil, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	target.Approver.(*approve.Reference).Client = &http.Client{}
	run, err := Prepare(t.Context(), target, All(), b.opts)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	return run.Conform(t.Context())
}

// busy keeps every processor at work until the test ends.
func busy(t *testing.T) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for n := 0; ; n++ {
				if n%1_000_000 == 0 {
					select {
					case <-stop:
						return
					default:
					}
				}
			}
		})
	}
	t.Cleanup(func() { close(stop); wg.Wait() })
}

// long skips a test that takes minutes.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("takes minutes: DFCHECK_LONG=1, as in make test-long")
	}
}

// rounds is how often the correct servers are checked on a busy machine.
func rounds(t *testing.T) int {
	long(t)
	n, err := strconv.Atoi(os.Getenv("DFCHECK_ROUNDS"))
	if err != nil {
		n = 20
	}
	return n
}

// TestUnderLoad: what a correct server is called does not depend on how busy this
// machine is. A check may say that it could not tell; it may not accuse.
func TestUnderLoad(t *testing.T) {
	n := rounds(t)
	variants := append(refserver.Variants(), refserver.Fault{Name: "reference"})
	busy(t)
	for round := range n {
		t.Run("round "+strconv.Itoa(round+1), func(t *testing.T) {
			for _, v := range variants {
				t.Run(v.Name, func(t *testing.T) {
					t.Parallel()
					b := bench{server: embedded(cmp.Or(v.Contract, "documented-v1")), faults: []refserver.Fault{v},
						opts: Options{Only: v.Only}}
					if v.Slow {
						b.server = refserver.Config{Contract: v.Contract, Interval: 5 * time.Second, Lifetime: time.Minute}
					}
					accuses(t, v, b.live(t))
				})
			}
		})
	}
}

// accuses looks for verdicts that a variant does not deserve.
func accuses(t *testing.T, v refserver.Fault, results []Result) {
	open := 0
	for _, r := range results {
		switch r.Verdict {
		case reports.Fail, reports.Warning, reports.Error:
			if _, named := v.Also[r.Check.ID]; !named || r.Verdict != reports.Warning {
				t.Error(worse([]Result{r}))
			}
		case reports.Inconclusive:
			open++
			t.Log(worse([]Result{r}))
		}
	}
	t.Logf("%d of %d checks undecided", open, len(results))
}
