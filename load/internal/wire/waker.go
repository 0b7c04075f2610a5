package wire

import "time"

// A Waker lets one goroutine sleep until an instant that others may move. It
// may wake too early; it does not lose a wake-up.
type Waker interface {
	Arm(in time.Duration) // wake the sleeper then; what was armed before is forgotten
	Sleep()
	Close()
}

// timerWaker works everywhere and in bubbles of testing/synctest; an idle Go
// timer may be late by a millisecond.
type timerWaker struct{ t *time.Timer }

func NewTimerWaker() Waker { return timerWaker{time.NewTimer(time.Hour)} }

func (w timerWaker) Arm(in time.Duration) { w.t.Reset(max(in, 0)) }
func (w timerWaker) Sleep()               { <-w.t.C }
func (w timerWaker) Close()               { w.t.Stop() }
