package load

import (
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
)

const maxBackoff = 6 // doublings: 5 s become 320 s

// failing decides after an error: the n-th in a row is followed by a wait of 2^n
// intervals, or of what the server asks for, if that is longer.
func (d *device) failing(b *profile.Behaviour, e event) action {
	d.backoff = min(d.backoff+1, maxBackoff)
	due := e.received + max(int64(d.stretched(b, d.backoff)), e.retryAfter)
	starts, final := d.state == starting, e.outcome.Final()
	if d.state == polling && !final && e.outcome != wire.Unsent {
		d.flags |= unsure // the server may have done what it could not tell
	}
	next := action{failed, due}
	switch {
	case e.outcome.Answered() && b.OnError == profile.Leave:
		return action{failed, 0}
	case starts && !final:
		next.state = starting
	case !starts && (!e.outcome.Answered() || b.OnError == profile.Retry && !final):
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
func (d *device) expects(r *wire.Reply, sent int64) *wire.Reply {
	var asked wire.Outcome
	switch {
	case d.state.lookingBack() &&
		(r.Outcome == wire.OAuthError || r.Outcome == wire.Denied || r.Outcome == wire.Expired):
		asked = wire.Refused
	case d.state == polling && r.Outcome == wire.OAuthError && sent > d.ends()-int64(time.Second) &&
		spec.ErrorCode([]byte(r.Body)) == spec.ErrInvalidGrant:
		asked = wire.Expired
	default:
		return r
	}
	same := *r
	same.Outcome = asked
	return &same
}

// missed is how many requests a device that backs off, or has left, did not send
// until an instant, counted from its last one: a healthy server answers at once.
func (d *device) missed(until int64) float64 {
	return max(float64(until-d.sent)/float64(int64(max(d.interval, 1))*int64(time.Second)), 0)
}
