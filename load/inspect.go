package load

import (
	"net/http"
	"strings"
	"time"
)

// inspect holds one answer against what the device lived through before it. It
// is called with the device locked, before its state changes.
func (c *crowd) inspect(d *device, j *job) {
	r := j.reply
	if r.faults != 0 {
		c.inspectFaults(j)
	}
	if r.outcome == out5xx && !r.infrastructure() {
		c.violate(serverFault, j, "status %d", r.status)
	}
	if j.template.start {
		c.record.limitedEarly(r.status)
		return
	}
	if r.status == http.StatusTooManyRequests {
		c.inspectLimit(d, j)
		return
	}
	switch r.outcome {
	case outToken:
		c.inspectToken(d, j)
	case outPending, outSlowDown:
		c.inspectPending(d, j)
		c.inspectPace(d, j)
	case outDenied, outExpired, outOAuth:
		c.inspectRefusal(d, j)
	}
}

// inspectFaults: what is wrong with an answer by itself.
func (c *crowd) inspectFaults(j *job) {
	r, kept := j.reply, mayBeCached
	if j.template.start {
		kept = startCached
	}
	for _, f := range []struct {
		fault faults
		v     violation
	}{{wrongStatus, oddStatus}, {wrongType, oddType}, {storable, mayBeStored}, {fresh, kept}, {marked, byteOrderMark}} {
		if r.faults&f.fault != 0 {
			c.violate(f.v, j, "status %d, %s, Cache-Control %q", r.status, r.contentType, r.cacheControl)
		}
	}
}

func (c *crowd) inspectToken(d *device, j *job) {
	switch {
	case d.flags&redeemed != 0 && d.flags&unsure == 0 && d.user == j.reply.token:
		c.violate(tokenRepeated, j, "the same token again")
	case d.flags&redeemed != 0 && d.flags&unsure == 0:
		c.violate(tokenTwice, j, "a different token")
	case d.state == doubting:
		c.violate(twoAnswers, j, "a token, one poll after the refusal")
	case d.flags&refused != 0, d.denied(j.sent):
		c.violate(tokenDenied, j, "a token")
	case d.flags&ended != 0 || j.sent > d.ends()+int64(endTolerance):
		c.violate(tokenLate, j, "%.1f s after the code expired", float64(j.sent-d.ends())/1e9)
	case d.flags&decisionSent == 0 && c.approver != nil:
		c.violate(tokenEarly, j, "no decision had been sent")
	}
	if c.ledger.hand(j.reply.token, j.device) {
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
	switch r := j.reply; {
	case d.state == doubting:
		c.violate(twoAnswers, j, "%s, one poll after the refusal", r.outcome.String())
	case d.state == replaying && d.flags&unsure == 0 && r.outcome == outPending:
		c.violate(wentBack, j, "authorization_pending")
	case d.state == replaying:
	case j.sent > d.ends()+int64(endTolerance):
		c.violate(pendingLate, j, "%.1f s after the code expired", float64(j.sent-d.ends())/1e9)
	case d.flags&unsure == 0 && d.waited != 0 && j.sent-d.decided >= int64(d.waited)*1000+2*int64(d.interval)*int64(time.Second):
		v := approvalUnseen
		if d.flags&decisionIsDenial != 0 {
			v = denialUnseen
		}
		c.violate(v, j, "%s, %.1f s after the decision was accepted", r.outcome.String(), float64(j.sent-d.decided)/1e9)
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
	what := strings.TrimPrefix(j.reply.kind(), "oauth_")
	left := float64(d.ends()-j.received) / 1e9
	switch live := j.received < d.ends()-int64(endTolerance); {
	case d.flags&decisionIsDenial != 0:
		if live && d.denied(j.sent) && j.reply.outcome != outDenied {
			c.violate(denialRenamed, j, "%s at poll %d", what, d.polls+1)
		}
		return
	case j.reply.outcome == outDenied && c.approver == nil || j.reply.outcome != outDenied && !live:
		return
	case d.flags&decisionSent != 0:
		c.violate(approvalRefused, j, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	case j.reply.outcome == outExpired:
		c.violate(endedEarly, j, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	default:
		c.violate(liveRefused, j, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	}
	j.doubtful = true
}

// keepsPace tells that a device does not poll sooner than it was told to, or does
// not any more.
func (d *device) keepsPace(b *Behaviour) bool {
	return b.SlowDown == obey && b.Drift >= 0 && (b.Early == 0 || d.flags&slowed != 0)
}

// inspectLimit: a limit has to lie above the pace that the server announces.
func (c *crowd) inspectLimit(d *device, j *job) {
	if d.polls == 0 {
		c.record.limitedEarly(j.reply.status)
	}
	if kept := j.sent - d.received; d.state == polling && d.keepsPace(&c.kind(d).Behaviour) && kept >= int64(d.interval)*int64(time.Second) {
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
	kept := j.sent-d.received >= interval
	offended := j.received-d.sent < interval
	switch {
	case j.reply.outcome == outSlowDown && kept && d.flags&unsure == 0:
		c.violate(undeserved, j, "%.3f s after the last answer; the interval is %d s", float64(j.sent-d.received)/1e9, d.interval)
	case j.reply.outcome == outPending && offended:
		c.violate(unpunished, j, "%.3f s after the last poll; the interval is %d s", float64(j.received-d.sent)/1e9, d.interval)
	}
}
