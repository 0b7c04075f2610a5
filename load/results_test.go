package load

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"github.com/tsenart/vegeta/v12/lib/plot"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// What is written is every request, with the figures of the report: vegeta's
// decoder, metrics and plot read it.
func TestResults(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := crowdOf(40)
	p.Duration = profile.Duration(4 * time.Second)
	l, err := Run(t.Context(), target(t), p, Options{Results: &out})
	if err != nil {
		t.Fatal(err)
	}
	times := reports.NewHistogram(reports.Milliseconds)
	var m vegeta.Metrics
	drawn := plot.New()
	decode := vegeta.DecoderFor(&out)
	for {
		var r vegeta.Result
		if err := decode.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		m.Add(&r)
		times.Record(r.Latency)
		if err := drawn.Add(&r); err != nil {
			t.Fatal(err)
		}
		if r.Error != "" || r.Body != nil || r.Method != "POST" || r.BytesOut == 0 || r.BytesIn == 0 {
			t.Fatalf("%+v", r)
		}
	}
	m.Close()
	drawn.Close()
	if m.Requests != l.Requests.Total() || m.Requests < 100 {
		t.Errorf("%d results, %d requests", m.Requests, l.Requests.Total())
	}
	if got, want := times.Distribution().Max, max(l.Latency.Start.Max, l.Latency.Poll.Max); got != want {
		t.Errorf("longest response time %g ms, the report has %g", got, want)
	}
	if n, err := drawn.WriteTo(io.Discard); err != nil || n == 0 {
		t.Errorf("the plot: %d bytes, %v", n, err)
	}
}

// A writer that fails costs the results, not the figures.
func TestResultsLost(t *testing.T) {
	t.Parallel()
	p := crowdOf(400)
	p.Duration = profile.Duration(3 * time.Second)
	full := errors.New("no space left")
	l, err := Run(t.Context(), target(t), p, Options{Results: writerFunc(func([]byte) (int, error) { return 0, full })})
	if lost, ok := errors.AsType[*LostResults](err); !ok || !errors.Is(lost, full) || l == nil ||
		l.Requests.Starts != 400 {
		t.Errorf("%v, %+v", err, l)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// Timestamps ascend with the sequence, also where a device comes late to the
// wheel; its response time counts from when it was due.
func TestTurns(t *testing.T) {
	all := []device{{due: 3e6}, {due: 1e6}}
	s := newSchedule(all, time.Now().Add(-time.Second), time.Hour, MaxRate, 2, wire.NewTimerAlarm())
	for i := range all { // the second is put back after its time
		s.put(int32(i))
		s.Pace(0, 0)
		turn := s.take()
		if turn.seq != uint64(i) || turn.planned != 3e6 || turn.intended != all[i].due {
			t.Errorf("%+v", turn)
		}
	}
}
