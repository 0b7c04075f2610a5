package load

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/internal/wire"
)

// decisions are what people will do, by the time at which they do it.
type decisions struct {
	mu    sync.Mutex
	queue byTime
	alarm wire.Alarm
}

// decision of one person about one flow of a device.
type decision struct {
	at     int64
	device int32
	flow   uint16
	deny   bool
	about  approve.Verification
}

type byTime []decision

func (q byTime) Len() int           { return len(q) }
func (q byTime) Less(i, j int) bool { return q[i].at < q[j].at }
func (q byTime) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byTime) Push(x any)        { *q = append(*q, x.(decision)) }
func (q *byTime) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// plan adds a decision.
func (d *decisions) plan(x decision, now int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	heap.Push(&d.queue, x)
	if d.queue[0].at == x.at {
		d.alarm.Set(time.Duration(x.at - now))
	}
}

// next waits for the decision that is due; ok is false when ctx has ended.
func (d *decisions) next(ctx context.Context, now func() int64) (x decision, ok bool) {
	for ctx.Err() == nil {
		d.mu.Lock()
		in := time.Hour
		if len(d.queue) > 0 {
			if in = time.Duration(d.queue[0].at - now()); in <= 0 {
				x = heap.Pop(&d.queue).(decision)
				d.mu.Unlock()
				return x, true
			}
		}
		d.alarm.Set(in)
		d.mu.Unlock()
		d.alarm.Wait()
	}
	return x, false
}

// deciders is how many people can decide at one time.
const deciders = 32

// decide carries decisions out until ctx ends.
func (sim *simulation) decide(ctx context.Context) {
	due := make(chan decision)
	var people sync.WaitGroup
	for range deciders {
		people.Go(func() {
			for x := range due {
				sim.carryOut(ctx, x)
			}
		})
	}
	for {
		x, ok := sim.decisions.next(ctx, sim.schedule.now)
		if !ok {
			break
		}
		due <- x
	}
	close(due)
	people.Wait()
}

func (sim *simulation) carryOut(ctx context.Context, x decision) {
	d := &sim.devices[x.device]
	what, sent := approve.Approve, decisionSent
	if x.deny {
		what, sent = approve.Deny, decisionSent|decisionIsDenial
	}
	lock := sim.lock(x.device)
	lock.Lock()
	if d.flow != x.flow || d.state.over() {
		lock.Unlock()
		return
	}
	d.flags |= sent
	lock.Unlock()
	err := sim.approver.Decide(ctx, x.about, what)
	lock.Lock()
	defer lock.Unlock()
	switch {
	case err == nil && d.flow == x.flow:
		d.decided = sim.schedule.now()
	case err != nil && ctx.Err() == nil && !errors.Is(err, approve.ErrRefused) && !errors.Is(err, approve.ErrPutOff):
		sim.brokenOnce.Do(func() { sim.broken = err })
	}
}
