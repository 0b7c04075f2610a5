package load

import (
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// violation is a kind of broken promise, with the requirement that it breaks.
type violation struct {
	kind, check, title string
	information        bool
}

var (
	sameDeviceCode = violation{"device_code_twice", "DF-CONC-003", "two live devices got one device code", false}
	sameUserCode   = violation{"user_code_twice", "DF-USERCODE-003", "two live devices got one user code", false}
	tokenEarly     = violation{"token_early", "DF-TOKEN-001", "a token came before the approval was sent", false}
	tokenDenied    = violation{"token_after_denial", "DF-DENY-002", "a token came after the denial", false}
	tokenLate      = violation{"token_after_expiry", "DF-EXPIRY-005", "a token came after the end of the code", false}
	tokenTwice     = violation{"token_twice", "DF-REUSE-001", "one code gave tokens twice", false}
	sameToken      = violation{"token_shared", "DF-TOKEN-008", "two devices got one access token", false}
	wentBack       = violation{"state_back", "DF-DENY-002", "a flow that was over is pending again", false}
	serverFault    = violation{"server_error", "DF-SEC-010", "an answer with a 5xx status", false}
	oddStatus      = violation{"wrong_status", "DF-ERR-001", "an error with another status than 400", false}
	oddType        = violation{"wrong_type", "DF-ERR-002", "an answer that is not labelled application/json", false}
	mayBeStored    = violation{"storable", "DF-TOKEN-003", "a token response without no-store", false}
	undeserved     = violation{"slow_down_undeserved", "DF-POLL-003", "slow_down for a device that kept its interval", false}
	unpunished     = violation{"haste_unpunished", "DF-POLL-004", "polls that were too fast, answered as pending", true}
)

// violations lists the kinds in the order reports have them.
var violations = []violation{sameDeviceCode, sameUserCode, tokenEarly, tokenDenied, tokenLate, tokenTwice, sameToken,
	wentBack, serverFault, oddStatus, oddType, mayBeStored, undeserved, unpunished}

// violate books a broken promise that an answer shows.
func (c *crowd) violate(v violation, j *job, format string, args ...any) {
	c.record.violate(v,
		func() string {
			return fmt.Sprintf("device %d, %.3f s: ", j.device, float64(j.received)/1e9) + fmt.Sprintf(format, args...)
		},
		func(id string) reports.Exchange { return c.evidence(id, v, j) })
}

// inspect holds one answer against what the device lived through before it. It
// is called with the device locked, before its state changes.
func (c *crowd) inspect(d *device, j *job) {
	r := j.reply
	for _, f := range []struct {
		fault faults
		v     violation
	}{{wrongStatus, oddStatus}, {wrongType, oddType}, {storable, mayBeStored}} {
		if r.faults&f.fault != 0 {
			c.violate(f.v, j, "status %d, %s, Cache-Control %q", r.status, r.contentType, r.cacheControl)
		}
	}
	if r.outcome == out5xx {
		c.violate(serverFault, j, "status %d", r.status)
	}
	if j.template.start {
		return
	}
	switch r.outcome {
	case outToken:
		c.inspectToken(d, j)
	case outPending, outSlowDown:
		if d.state == replaying && d.flags&unsure == 0 && r.outcome == outPending {
			c.violate(wentBack, j, "authorization_pending")
		}
		c.inspectPace(d, j)
	}
}

func (c *crowd) inspectToken(d *device, j *job) {
	switch {
	case d.flags&redeemed != 0 && d.flags&unsure == 0:
		c.violate(tokenTwice, j, "a second token")
	case d.flags&refused != 0, d.flags&decisionIsDenial != 0 && d.decided != 0 && d.decided < j.sent:
		c.violate(tokenDenied, j, "a token")
	case d.flags&ended != 0 || j.sent > d.ends()+int64(endTolerance):
		c.violate(tokenLate, j, "%.1f s after the end", float64(j.sent-d.ends())/1e9)
	case d.flags&decisionSent == 0 && c.approver != nil:
		c.violate(tokenEarly, j, "nobody was asked")
	}
	if c.ledger.hand(j.reply.token, j.device) {
		c.violate(sameToken, j, "its token is another device's")
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
		c.violate(undeserved, j, "%.3f s after the last answer, of %d s", float64(j.sent-d.received)/1e9, d.interval)
	case j.reply.outcome == outPending && offended:
		c.violate(unpunished, j, "%.3f s after the last poll, of %d s", float64(j.received-d.sent)/1e9, d.interval)
	}
}
