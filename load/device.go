package load

import (
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

// device is one device of the crowd: 64 bytes, no pointers, so that a million
// of them cost 64 MB and the garbage collector nothing. Its code lies in the
// arena. Times are nanoseconds from the start of the run unless noted.
type device struct {
	due      int64  // when it is to act next
	sent     int64  // its previous request, as it was really sent
	received int64  // the answer to that
	decided  int64  // the decision on it was accepted; 0: none was
	user     uint64 // hash of its user code; of its token, once it has one
	next     int32  // in a list of the wheel
	endsMS   uint32 // end of its code, counted from the receipt of the start, in milliseconds
	waited   uint32 // microseconds from the decision to the first poll after it
	polls    uint16 // of this flow
	interval uint16 // seconds, slow_downs included
	flow     uint16 // how many it has begun
	length   uint16 // of its code in the arena
	group    uint8
	state    state
	flags    flags
	backoff  uint8 // errors in a row, up to maxBackoff
}

// state of a device.
type state uint8

const (
	absent   state = iota // it has not arrived
	starting              // it is about to ask for codes, or has asked
	polling
	replaying // its flow is over; it asks once more, to see that it stays so
	doubting  // its code was refused while it should live; it asks once more
	approved
	denied
	expired
	failed
	abandoned // it gave up
)

// lookingBack reports whether a flow is over, and polled once more.
func (s state) lookingBack() bool { return s == replaying || s == doubting }

// over reports whether a device has nothing more to do in this flow.
func (s state) over() bool { return s >= approved }

// flags are what is remembered of a flow.
type flags uint8

const (
	decisionSent flags = 1 << iota
	decisionIsDenial
	unsure     // an answer was lost, or a request sent twice; what follows proves nothing
	backingOff // its next request waits because the last one failed
	slowed     // it was told to slow down, and obeys
	redeemed   // it got its token
	refused    // it was denied
	ended      // it was told that the code had expired
)

// action is what a device does next, and when.
type action struct {
	state state
	due   int64
}

// event is the end of a request.
type event struct {
	outcome        wire.Outcome
	sent, received int64
	interval       int64 // seconds announced by a start
	lifetime       int64 // seconds announced by a start
	retryAfter     int64 // nanoseconds that the server asked for
}

// ends is the end of the device's code, in nanoseconds of the run.
func (d *device) ends() int64 { return int64(d.endsMS) * int64(time.Millisecond) }

// after decides what the device does after an event (RFC 8628 sections 3.3 to
// 3.5). It changes only what it must remember for that.
func (d *device) after(b *profile.Behaviour, e event) action {
	d.flags &^= backingOff
	switch {
	case d.state.lookingBack():
		return action{d.settled(), 0}
	case e.outcome.IsError() || !e.outcome.Answered() || d.state == starting && e.outcome != wire.Codes:
		return d.failing(b, e)
	case d.state == starting:
		d.interval = uint16(e.interval)
		d.endsMS = milliseconds(e.received + e.lifetime*int64(time.Second))
		return d.wait(b, e.received)
	}
	d.backoff = 0
	switch e.outcome {
	case wire.SlowDown:
		if b.SlowDown == profile.Obey {
			d.interval = min(d.interval, wire.MaxInterval) + 5
			d.flags |= slowed
		}
		a := d.goOn(b, e.received)
		a.due = max(a.due, e.received+e.retryAfter)
		return a
	case wire.Token:
		d.flags |= redeemed
	case wire.Denied:
		d.flags |= refused
	case wire.Expired:
		d.flags |= ended
	default:
		return d.goOn(b, e.received)
	}
	return action{d.settled(), 0}
}

// settled is the state that a finished flow ended in.
func (d *device) settled() state {
	switch {
	case d.flags&redeemed != 0:
		return approved
	case d.flags&refused != 0:
		return denied
	case d.flags&ended != 0:
		return expired
	}
	return failed
}

// goOn waits for the next poll, unless the device has waited long enough. The
// first poll after the end of the code's lifetime is still sent: it is the one
// that is told so.
func (d *device) goOn(b *profile.Behaviour, now int64) action {
	if now > d.ends()+int64(endTolerance) {
		return action{expired, 0}
	}
	return d.wait(b, now)
}

// endTolerance is how long after its end a code may still be spoken of as
// alive: clocks and networks differ.
const endTolerance = 3 * time.Second

// wait polls again after the interval, counted from the answer.
func (d *device) wait(b *profile.Behaviour, now int64) action {
	return action{polling, now + int64(d.pause(b))}
}

// pause is the device's interval as its own clock measures it.
func (d *device) pause(b *profile.Behaviour) time.Duration { return d.stretched(b, 0) }

// stretched is the interval after some doublings.
func (d *device) stretched(b *profile.Behaviour, doublings uint8) time.Duration {
	p := time.Duration(d.interval) * time.Second << doublings
	p = time.Duration(float64(p) * (1 + b.Drift))
	if d.flags&slowed == 0 {
		p -= time.Duration(b.EarlyBy)
	}
	return max(p, 0)
}
