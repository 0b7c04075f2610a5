package wire

import "time"

// An Alarm lets one goroutine sleep until an instant that others may move. It
// may wake too early; it does not lose a wake-up.
type Alarm interface {
	Set(in time.Duration) // wake the sleeper then; what was armed before is forgotten
	Wait()                // until then, or a little less
	Close()
}

// timerAlarm works everywhere and in bubbles of testing/synctest; an idle Go
// timer may be late by a millisecond.
type timerAlarm struct{ t *time.Timer }

// NewTimerAlarm is an alarm of Go timers, for bubbles of testing/synctest.
func NewTimerAlarm() Alarm { return timerAlarm{time.NewTimer(time.Hour)} }

func (w timerAlarm) Set(in time.Duration) { w.t.Reset(max(in, 0)) }
func (w timerAlarm) Wait()                { <-w.t.C }
func (w timerAlarm) Close()               { w.t.Stop() }
