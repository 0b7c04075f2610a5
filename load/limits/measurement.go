package limits

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// mark is a request: when it was on its way, and whether it was served.
type mark struct {
	at     time.Duration // since the measurement began
	late   time.Duration // how much earlier it might have been served, for all that is known
	served bool
}

// measurement sends requests of one kind to one limiter.
type measurement struct {
	ask     func(ctx context.Context) answer
	gap     time.Duration // between requests, at least
	maxWait time.Duration // for a limiter to recover
	left    *int          // requests that may still be sent
	until   time.Time
	used    int // requests of the kind that were sent before

	began     time.Time
	next      time.Time     // when the next request may be sent
	lastWait  time.Duration // until it served again
	recovered int           // times
	marks     []mark
	lost      int // answers that did not come, in a row
	first     answer
	waits     []time.Duration // that refusals asked for
	refuse    int
}

var (
	errSpent = errors.New("the requests or the time that were allowed for this are used up")
	errHeld  = errors.New("nothing was served again within the time that was waited")
)

// A diedError says that the server stopped answering.
type diedError struct{ problem string }

func (e *diedError) Error() string { return "the server does not answer any more: " + e.problem }

// tolerated is how many answers in a row may be missing.
const tolerated = 3

// wave is how many requests of a burst are in flight together, at most.
const wave = 16

// sleep waits until an instant.
func sleep(ctx context.Context, until time.Time) error {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// together sends n requests at once, when the pace allows it, and returns how many were
// served.
func (m *measurement) together(ctx context.Context, n int) (int, error) {
	if *m.left -= n; *m.left < 0 || time.Now().After(m.until) {
		return 0, errSpent
	}
	if err := sleep(ctx, m.next); err != nil {
		return 0, err
	}
	m.next = time.Now().Add(time.Duration(n) * m.gap)
	answers, marks := make([]answer, n), make([]mark, n)
	var sent sync.WaitGroup
	for i := range n {
		sent.Go(func() {
			before := time.Since(m.began)
			answers[i] = m.ask(ctx)
			marks[i] = mark{at: (before + time.Since(m.began)) / 2, served: answers[i].verdict == served}
		})
	}
	sent.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	count := 0
	for i, a := range answers {
		if err := m.note(a); err != nil {
			return 0, err
		}
		if a.verdict == served || a.verdict == putOff {
			m.marks = append(m.marks, marks[i])
		}
		if a.verdict == served {
			count++
		}
	}
	return count, nil
}

// note keeps what an answer says. Its error ends the measurement.
func (m *measurement) note(a answer) error {
	switch a.verdict {
	case silent:
		if m.lost++; m.lost >= tolerated {
			return &diedError{a.problem}
		}
		return nil
	case broken:
		if m.lost++; m.lost >= tolerated {
			return fmt.Errorf("the server answers %d", a.status)
		}
		return nil
	case putOff:
		if m.refuse++; m.refuse == 1 {
			m.first = a
		}
		m.waits = append(m.waits, a.retryAfter)
	}
	m.lost = 0
	return nil
}

// one sends a request and reports whether it was served.
func (m *measurement) one(ctx context.Context) (bool, error) {
	for before := len(m.marks); ; {
		n, err := m.together(ctx, 1)
		if err != nil || len(m.marks) > before { // else the answer is lost
			return n == 1, err
		}
	}
}

// burst sends ever larger waves until one request is refused, or most have been served.
// It returns how many were served, and how long the last wave left after the first.
func (m *measurement) burst(ctx context.Context, most int) (n int, over time.Duration, err error) {
	var start time.Time
	for size := 1; n < most; size = min(2*size, wave) {
		size = min(size, most-n)
		if err := sleep(ctx, m.next); err != nil {
			return n, over, err
		}
		if start.IsZero() {
			start = time.Now()
		}
		over = time.Since(start)
		before := m.refuse
		got, err := m.together(ctx, size)
		n += got
		if err != nil || m.refuse > before {
			return n, over, err
		}
	}
	return n, over, nil
}
