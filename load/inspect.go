package load

import (
	"net/http"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

// inspect holds one answer against what the device lived through before it. It
// is called with the device locked, before its state changes.
func (c *crowd) inspect(d *device, j *job) {
	r := j.Reply
	if r.Faults != 0 {
		c.inspectFaults(j)
	}
	if r.Outcome == wire.HTTP5xx && !r.FromInfrastructure() {
		c.violate(serverFault, j, "status %d", r.Status)
	}
	if j.Template.Start {
		c.record.limitedEarly(r.Status)
		return
	}
	if r.Status == http.StatusTooManyRequests {
		c.inspectLimit(d, j)
		return
	}
	switch r.Outcome {
	case wire.Token:
		c.inspectToken(d, j)
	case wire.Pending, wire.SlowDown:
		c.inspectPending(d, j)
		c.inspectPace(d, j)
	case wire.Denied, wire.Expired, wire.OAuthError:
		c.inspectRefusal(d, j)
	}
}

// inspectFaults: what is wrong with an answer by itself.
func (c *crowd) inspectFaults(j *job) {
	r, kept := j.Reply, mayBeCached
	if j.Template.Start {
		kept = startCached
	}
	for _, f := range []struct {
		fault wire.Faults
		v     violation
	}{{wire.WrongStatus, oddStatus}, {wire.WrongType, oddType}, {wire.Storable, mayBeStored}, {wire.Fresh, kept}, {wire.Marked, byteOrderMark}} {
		if r.Faults&f.fault != 0 {
			c.violate(f.v, j, "status %d, %s, Cache-Control %q", r.Status, r.ContentType, r.CacheControl)
		}
	}
}

func (c *crowd) inspectToken(d *device, j *job) {
	switch {
	case d.flags&redeemed != 0 && d.flags&unsure == 0 && d.user == j.Reply.Token:
		c.violate(tokenRepeated, j, "the same token again")
	case d.flags&redeemed != 0 && d.flags&unsure == 0:
		c.violate(tokenTwice, j, "a different token")
	case d.state == doubting:
		c.violate(twoAnswers, j, "a token, one poll after the refusal")
	case d.flags&refused != 0, d.denied(j.Sent):
		c.violate(tokenDenied, j, "a token")
	case d.flags&ended != 0 || j.Sent > d.ends()+int64(endTolerance):
		c.violate(tokenLate, j, "%.1f s after the code expired", float64(j.Sent-d.ends())/1e9)
	case d.flags&decisionSent == 0 && c.approver != nil:
		c.violate(tokenEarly, j, "no decision had been sent")
	}
	if c.ledger.hand(j.Reply.Token, j.device) {
		c.violate(sameToken, j, "the token of another device")
	}
}

// denied tells that a denial had been accepted when a poll was sent.
func (d *device) denied(at int64) bool {
	return d.flags&decisionIsDenial != 0 && d.decided != 0 && d.decided < at
}

// inspectPending: once a flow is over, or its code's time, nothing is pending, and
// a decision may be missed by two polls, since parts of a server agree late.
func (c *crowd) inspectPending(d *device, j *job) {
	switch r := j.Reply; {
	case d.state == doubting:
		c.violate(twoAnswers, j, "%s, one poll after the refusal", r.Outcome.String())
	case d.state == replaying && d.flags&unsure == 0 && r.Outcome == wire.Pending:
		c.violate(wentBack, j, "authorization_pending")
	case d.state == replaying:
	case j.Sent > d.ends()+int64(endTolerance):
		c.violate(pendingLate, j, "%.1f s after the code expired", float64(j.Sent-d.ends())/1e9)
	case d.flags&unsure == 0 && d.waited != 0 && j.Sent-d.decided >= int64(d.waited)*1000+2*int64(d.interval)*int64(time.Second):
		v := approvalUnseen
		if d.flags&decisionIsDenial != 0 {
			v = denialUnseen
		}
		c.violate(v, j, "%s, %.1f s after the decision was accepted", r.Outcome.String(), float64(j.Sent-d.decided)/1e9)
	}
}

// inspectRefusal: a code whose device keeps its interval is pending until it is
// decided or expires (RFC 8628 section 3.5). How a denial is told is a matter of
// conformance. Who is refused although its code should live asks once more, to see
// whether that is the server's last word.
func (c *crowd) inspectRefusal(d *device, j *job) {
	if d.state != polling || d.flags&unsure != 0 || !d.keepsPace(&c.kind(d).Behaviour) {
		return
	}
	what := strings.TrimPrefix(j.Reply.Kind(), "oauth_")
	left := float64(d.ends()-j.Received) / 1e9
	switch live := j.Received < d.ends()-int64(endTolerance); {
	case d.flags&decisionIsDenial != 0:
		if live && d.denied(j.Sent) && j.Reply.Outcome != wire.Denied {
			c.violate(denialRenamed, j, "%s at poll %d", what, d.polls+1)
		}
		return
	case j.Reply.Outcome == wire.Denied && c.approver == nil || j.Reply.Outcome != wire.Denied && !live:
		return
	case d.flags&decisionSent != 0:
		c.violate(approvalRefused, j, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	case j.Reply.Outcome == wire.Expired:
		c.violate(endedEarly, j, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	default:
		c.violate(liveRefused, j, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	}
	j.doubtful = true
}

// keepsPace tells that a device does not poll sooner than it was told to, or does
// not any more.
func (d *device) keepsPace(b *profile.Behaviour) bool {
	return b.SlowDown == profile.Obey && b.Drift >= 0 && (b.Early == 0 || d.flags&slowed != 0)
}

// inspectLimit: a limit has to lie above the pace that the server announces.
func (c *crowd) inspectLimit(d *device, j *job) {
	if d.polls == 0 {
		c.record.limitedEarly(j.Reply.Status)
	}
	if kept := j.Sent - d.received; d.state == polling && d.keepsPace(&c.kind(d).Behaviour) && kept >= int64(d.interval)*int64(time.Second) {
		c.violate(limitedInPace, j, "poll %d of its flow, %.3f s after the last answer; the interval is %d s", d.polls+1, float64(kept)/1e9, d.interval)
	}
}

// inspectPace: a device that waited from the receipt of one answer to the
// sending of the next poll has kept its interval; one whose poll was answered
// sooner after the last was sent has not.
func (c *crowd) inspectPace(d *device, j *job) {
	if d.polls == 0 {
		return // servers may count the start as a poll (ruling R3)
	}
	interval := int64(d.interval) * int64(time.Second)
	kept := j.Sent-d.received >= interval
	offended := j.Received-d.sent < interval
	switch {
	case j.Reply.Outcome == wire.SlowDown && kept && d.flags&unsure == 0:
		c.violate(undeserved, j, "%.3f s after the last answer; the interval is %d s", float64(j.Sent-d.received)/1e9, d.interval)
	case j.Reply.Outcome == wire.Pending && offended:
		c.violate(unpunished, j, "%.3f s after the last poll; the interval is %d s", float64(j.Received-d.sent)/1e9, d.interval)
	}
}
