package load

import "time"

// A waker lets one goroutine sleep until an instant that others may move. It
// may wake too early; it does not lose a wake-up.
type waker interface {
	arm(in time.Duration) // wake the sleeper then; what was armed before is forgotten
	sleep()
	close()
}

// timerWaker works everywhere and in bubbles of testing/synctest; an idle Go
// timer may be late by a millisecond.
type timerWaker struct{ t *time.Timer }

func newTimerWaker() waker { return timerWaker{time.NewTimer(time.Hour)} }

func (w timerWaker) arm(in time.Duration) { w.t.Reset(max(in, 0)) }
func (w timerWaker) sleep()               { <-w.t.C }
func (w timerWaker) close()               { w.t.Stop() }
