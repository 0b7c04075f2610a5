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
func (sim *simulation) inspect(d *device, req *request) {
	r := req.Reply
	if r.Faults != 0 {
		sim.inspectFaults(req)
	}
	if r.Outcome == wire.HTTP5xx && !r.FromInfrastructure() {
		sim.violate(serverFault, req, "status %d", r.Status)
	}
	if req.Template.Start {
		sim.record.limitedEarly(r.Status)
		return
	}
	if r.Status == http.StatusTooManyRequests {
		sim.inspectLimit(d, req)
		return
	}
	switch r.Outcome {
	case wire.Token:
		sim.inspectToken(d, req)
	case wire.Pending, wire.SlowDown:
		sim.inspectPending(d, req)
		sim.inspectPace(d, req)
	case wire.Denied, wire.Expired, wire.OAuthError:
		sim.inspectRefusal(d, req)
	}
}

// inspectFaults: what is wrong with an answer by itself.
func (sim *simulation) inspectFaults(req *request) {
	r, kept := req.Reply, mayBeCached
	if req.Template.Start {
		kept = startCached
	}
	for _, f := range []struct {
		fault wire.Faults
		v     violation
	}{{wire.WrongStatus, oddStatus}, {wire.WrongType, oddType}, {wire.Storable, mayBeStored}, {wire.Cacheable, kept},
		{wire.ByteOrderMark, byteOrderMark}} {
		if r.Faults&f.fault != 0 {
			sim.violate(f.v, req, "status %d, %s, Cache-Control %q", r.Status, r.ContentType, r.CacheControl)
		}
	}
}

func (sim *simulation) inspectToken(d *device, req *request) {
	switch {
	case d.flags&redeemed != 0 && d.flags&unsure == 0 && d.user == req.Reply.Token:
		sim.violate(tokenRepeated, req, "the same token again")
	case d.flags&redeemed != 0 && d.flags&unsure == 0:
		sim.violate(tokenTwice, req, "a different token")
	case d.state == doubting:
		sim.violate(twoAnswers, req, "a token, one poll after the refusal")
	case d.flags&refused != 0, d.denied(req.Sent):
		sim.violate(tokenDenied, req, "a token")
	case d.flags&ended != 0 || req.Sent > d.ends()+int64(endTolerance):
		sim.violate(tokenLate, req, "%.1f s after the code expired", float64(req.Sent-d.ends())/1e9)
	case d.flags&decisionSent == 0 && sim.approver != nil:
		sim.violate(tokenEarly, req, "no decision had been sent")
	}
	sim.noteToken(req)
	if sim.duplicates.noteToken(req.Reply.Token, req.device) {
		sim.violate(sameToken, req, "the token of another device")
	}
}

// denied reports whether a denial had been accepted when a poll was sent.
func (d *device) denied(at int64) bool {
	return d.flags&decisionIsDenial != 0 && d.decided != 0 && d.decided < at
}

// inspectPending: once a flow is over, or its code's time, nothing is pending, and
// a decision may be missed by two polls, since parts of a server agree late.
func (sim *simulation) inspectPending(d *device, req *request) {
	switch r := req.Reply; {
	case d.state == doubting:
		sim.violate(twoAnswers, req, "%s, one poll after the refusal", r.Outcome.String())
	case d.state == replaying && d.flags&unsure == 0 && r.Outcome == wire.Pending:
		sim.violate(wentBack, req, "authorization_pending")
	case d.state == replaying:
	case req.Sent > d.ends()+int64(endTolerance):
		sim.violate(pendingLate, req, "%.1f s after the code expired", float64(req.Sent-d.ends())/1e9)
	case d.flags&unsure == 0 && d.waited != 0 &&
		req.Sent-d.decided >= int64(d.waited)*1000+2*int64(d.interval)*int64(time.Second):
		v := approvalUnseen
		if d.flags&decisionIsDenial != 0 {
			v = denialUnseen
		}
		sim.violate(v, req, "%s, %.1f s after the decision was accepted", r.Outcome.String(),
			float64(req.Sent-d.decided)/1e9)
	}
}

// inspectRefusal: a code whose device keeps its interval is pending until it is
// decided or expires (RFC 8628 section 3.5). How a denial is told is a matter of
// conformance. Who is refused although its code should live asks once more, to see
// whether that is the server's last word.
func (sim *simulation) inspectRefusal(d *device, req *request) {
	if d.state != polling || d.flags&unsure != 0 || !d.keepsPace(&sim.group(d).Behaviour) {
		return
	}
	what := strings.TrimPrefix(req.Reply.Kind(), "oauth_")
	left := float64(d.ends()-req.Received) / 1e9
	switch live := req.Received < d.ends()-int64(endTolerance); {
	case d.flags&decisionIsDenial != 0:
		if live && d.denied(req.Sent) && req.Reply.Outcome != wire.Denied {
			sim.violate(denialRenamed, req, "%s at poll %d", what, d.polls+1)
		}
		return
	case req.Reply.Outcome == wire.Denied && sim.approver == nil || req.Reply.Outcome != wire.Denied && !live:
		return
	case d.flags&decisionSent != 0:
		sim.violate(approvalRefused, req, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	case req.Reply.Outcome == wire.Expired:
		sim.violate(endedEarly, req, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	default:
		sim.violate(liveRefused, req, "%s at poll %d, %.1f s before the code expires", what, d.polls+1, left)
	}
	req.doubtful = true
}

// keepsPace reports whether a device does not poll sooner than it was told to, or does
// not any more.
func (d *device) keepsPace(b *profile.Behaviour) bool {
	return b.SlowDown == profile.Obey && b.Drift >= 0 && (b.EarlyBy == 0 || d.flags&slowed != 0)
}

// inspectLimit: a limit has to lie above the pace that the server announces.
func (sim *simulation) inspectLimit(d *device, req *request) {
	if d.polls == 0 {
		sim.record.limitedEarly(req.Reply.Status)
	}
	if kept := req.Sent - d.received; d.state == polling && d.keepsPace(&sim.group(d).Behaviour) &&
		kept >= int64(d.interval)*int64(time.Second) {
		sim.violate(limitedInPace, req, "poll %d of its flow, %.3f s after the last answer; the interval is %d s",
			d.polls+1, float64(kept)/1e9, d.interval)
	}
}

// inspectPace: a device that waited from the receipt of one answer to the
// sending of the next poll has kept its interval; one whose poll was answered
// sooner after the last was sent has not.
func (sim *simulation) inspectPace(d *device, req *request) {
	if d.polls == 0 {
		return // servers may count the start as a poll (ruling R3)
	}
	interval := int64(d.interval) * int64(time.Second)
	kept := req.Sent-d.received >= interval
	offended := req.Received-d.sent < interval
	switch {
	case req.Reply.Outcome == wire.SlowDown && kept && d.flags&unsure == 0:
		sim.violate(undeserved, req, "%.3f s after the last answer; the interval is %d s",
			float64(req.Sent-d.received)/1e9, d.interval)
	case req.Reply.Outcome == wire.Pending && offended:
		sim.violate(unpunished, req, "%.3f s after the last poll; the interval is %d s",
			float64(req.Received-d.sent)/1e9, d.interval)
	}
}
