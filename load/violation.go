package load

import (
	"fmt"

	"github.com/dfcheck/dfcheck/reports"
)

// violation is a kind of broken promise, with the requirement that it breaks.
type violation struct {
	kind, check, title string
	information        bool
}

var (
	sameDeviceCode  = violation{"device_code_twice", "DF-CONC-003", "two live devices got one device code", false}
	sameUserCode    = violation{"user_code_twice", "DF-USERCODE-003", "two live devices got one user code", false}
	liveRefused     = violation{"live_code_refused", "DF-POLL-001", "a code was refused that was neither decided nor expired", false}
	endedEarly      = violation{"expired_early", "DF-EXPIRY-002", "a code expired before its announced end", false}
	approvalRefused = violation{"approved_code_refused", "DF-TOKEN-001", "a code was refused although its user approved it", false}
	approvalUnseen  = violation{"approval_without_effect", "DF-TOKEN-001", "an approved code was still pending at the third poll", false}
	denialUnseen    = violation{"denial_without_effect", "DF-DENY-001", "a denied code was still pending at the third poll", false}
	denialRenamed   = violation{"denial_renamed", "DF-DENY-001", "a denial was not told as access_denied", true}
	twoAnswers      = violation{"two_answers", "DF-POLL-001", "a code was refused, and was alive one poll later", false}
	tokenEarly      = violation{"token_early", "DF-TOKEN-001", "a token came before the approval was sent", false}
	tokenDenied     = violation{"token_after_denial", "DF-DENY-002", "a token came after the denial", false}
	tokenLate       = violation{"token_after_expiry", "DF-EXPIRY-005", "a token came after the end of the code", false}
	tokenTwice      = violation{"token_twice", "DF-REUSE-001", "one code gave two different tokens", false}
	tokenRepeated   = violation{"token_repeated", "DF-REUSE-001", "one code gave the same token again", true} // ruling R5
	sameToken       = violation{"token_shared", "DF-TOKEN-008", "two devices got one access token", false}
	pendingLate     = violation{"pending_after_expiry", "DF-EXPIRY-001", "a code was pending after its end", false}
	wentBack        = violation{"state_back", "DF-DENY-002", "a flow that was over is pending again", false}
	serverFault     = violation{"server_error", "DF-CONC-006", "a well-formed request ended in a server error", false}
	oddStatus       = violation{"wrong_status", "DF-ERR-001", "an error with another status than 400", false}
	oddType         = violation{"wrong_type", "DF-ERR-002", "an answer that is not labelled application/json", false}
	mayBeStored     = violation{"storable", "DF-TOKEN-003", "a token response without no-store", false}
	mayBeCached     = violation{"cacheable", "DF-ERR-005", "an answer to a poll that a cache may repeat", false}
	startCached     = violation{"start_cacheable", "DF-HTTP-006", "codes that a cache may give to another device", false}
	byteOrderMark   = violation{"byte_order_mark", "DF-HTTP-009", "an answer that starts with a byte order mark, which JSON must not", false}
	undeserved      = violation{"slow_down_undeserved", "DF-POLL-003", "slow_down for a device that kept its interval", false}
	limitedInPace   = violation{"limited_in_pace", "DF-POLL-003", "429 for a device that kept its interval", false}
	unpunished      = violation{"haste_unpunished", "DF-POLL-004", "polls that were too fast, answered as pending", true}
)

// violations lists the kinds in the order reports have them.
var violations = []violation{sameDeviceCode, sameUserCode, liveRefused, endedEarly, approvalRefused, approvalUnseen, denialUnseen, denialRenamed, twoAnswers,
	tokenEarly, tokenDenied, tokenLate, tokenTwice, tokenRepeated, sameToken, pendingLate, wentBack, serverFault, oddStatus, oddType,
	mayBeStored, mayBeCached, startCached, byteOrderMark, undeserved, limitedInPace, unpunished}

// violate books a broken promise that an answer shows.
func (c *crowd) violate(v violation, j *job, format string, args ...any) {
	c.record.violate(v,
		func() string {
			return c.secrets.Text(fmt.Sprintf("device %d, %.3f s: ", j.device, float64(j.received)/1e9) + fmt.Sprintf(format, args...))
		},
		func(id string) reports.Exchange { return c.evidence(id, v, j) })
}
