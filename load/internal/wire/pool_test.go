package wire

import (
	"testing"
	"time"
)

// A device that needs its connection no more gives it up, and one whose endpoints
// are on different hosts has one at a time.
func TestReleasedConnection(t *testing.T) {
	s := serveRaw(t, nil, [][]string{{pending, pending}, {pending}, {pending}, {pending}})
	tr, req := transportTo(t, s, nil, time.Second, false)
	tr.pool.byOwner = make([]*conn, 2)
	for step, want := range []struct {
		device  int32
		release bool
		origin  string
		dialled uint64
		open    int
	}{{0, false, "a", 1, 1}, {1, false, "a", 2, 2}, {0, false, "a", 2, 2}, {0, true, "a", 2, 1}, {0, false, "a", 3, 2},
		{0, false, "b", 4, 2}} {
		req.Owner, req.Template.origin = want.device, want.origin
		if want.release {
			tr.pool.release(want.device)
		} else if tr.exchange(req); req.Reply.Outcome != Pending {
			t.Fatalf("step %d: %s %s", step, req.Reply.Outcome.String(), req.Reply.Problem)
		}
		if tr.pool.dialled != want.dialled || len(tr.pool.all) != want.open {
			t.Errorf("step %d: %d dialled, %d open, want %+v", step, tr.pool.dialled, len(tr.pool.all), want)
		}
	}
}
