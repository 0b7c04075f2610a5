package load

import (
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

const maxBackoff = 6 // doublings: 5 s become 320 s

// failing decides after an error: the n-th in a row is followed by a wait of 2^n
// intervals, or of what the server asks for, if that is longer.
func (d *device) failing(b *Behaviour, e event) action {
	d.backoff = min(d.backoff+1, maxBackoff)
	due := e.received + max(int64(d.stretched(b, d.backoff)), e.retryAfter)
	starts, final := d.state == starting, e.outcome.final()
	if d.state == polling && !final && e.outcome != outUnsent {
		d.flags |= unsure // the server may have done what it could not tell
	}
	next := action{failed, due}
	switch {
	case e.outcome.answered() && b.OnError == leave:
		return action{failed, 0}
	case starts && !final:
		next.state = starting
	case !starts && (!e.outcome.answered() || b.OnError == retry && !final):
		if next = d.goOn(b, e.received); next.state == polling {
			next.due = due
		}
	}
	if next.due > 0 {
		d.flags |= backingOff
	}
	return next
}

// expects returns a reply as the device takes it: the refusal of a flow that is
// over was asked for, and a code whose time is over may be unknown (ruling R4);
// clocks of whole seconds end it up to a second early.
func (d *device) expects(r *reply, sent int64) *reply {
	var asked outcome
	switch {
	case d.state.lookingBack() && (r.outcome == outOAuth || r.outcome == outDenied || r.outcome == outExpired):
		asked = outRefused
	case d.state == polling && r.outcome == outOAuth && sent > d.ends()-int64(time.Second) && spec.ErrorCode([]byte(r.body)) == spec.ErrInvalidGrant:
		asked = outExpired
	default:
		return r
	}
	same := *r
	same.outcome = asked
	return &same
}

// missed is how many requests a device that backs off, or has left, did not send
// until an instant, counted from its last one: a healthy server answers at once.
func (d *device) missed(until int64) float64 {
	return max(float64(until-d.sent)/float64(int64(max(d.interval, 1))*int64(time.Second)), 0)
}
