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
	sameDeviceCode = violation{"device_code_twice", "DF-CONC-003",
		"two devices had the same device code at the same time", false}
	sameUserCode = violation{"user_code_twice", "DF-USERCODE-003",
		"two devices had the same user code at the same time", false}
	liveRefused = violation{"live_code_refused", "DF-POLL-001",
		"a pending code was refused before it expired", false}
	endedEarly = violation{"expired_early", "DF-EXPIRY-002",
		"a code expired before its announced lifetime was over", false}
	approvalRefused = violation{"approved_code_refused", "DF-TOKEN-001",
		"a code was refused although the user approved it", false}
	approvalUnseen = violation{"approval_without_effect", "DF-TOKEN-001",
		"an approved code was still pending at the third poll", false}
	denialUnseen = violation{"denial_without_effect", "DF-DENY-001",
		"a denied code was still pending at the third poll", false}
	denialRenamed = violation{"denial_renamed", "DF-DENY-001",
		"a denial was reported as something other than access_denied", true}
	twoAnswers    = violation{"two_answers", "DF-POLL-001", "a code was refused, and accepted one poll later", false}
	tokenEarly    = violation{"token_early", "DF-TOKEN-001", "a token came before the approval was sent", false}
	tokenDenied   = violation{"token_after_denial", "DF-DENY-002", "a token came after the denial", false}
	tokenLate     = violation{"token_after_expiry", "DF-EXPIRY-005", "a token came after the code had expired", false}
	tokenTwice    = violation{"token_twice", "DF-REUSE-001", "one code gave two different tokens", false}
	tokenRepeated = violation{"token_repeated", "DF-REUSE-001",
		"one code gave the same token again", true} // ruling R5
	sameToken   = violation{"token_shared", "DF-TOKEN-008", "two devices got the same access token", false}
	pendingLate = violation{"pending_after_expiry", "DF-EXPIRY-001",
		"a code was still pending after it had expired", false}
	wentBack    = violation{"state_back", "DF-DENY-002", "a flow that had ended was pending again", false}
	serverFault = violation{"server_error", "DF-CONC-006", "a well-formed request ended in a server error", false}
	oddStatus   = violation{"wrong_status", "DF-ERR-001", "an error response with a status other than 400", false}
	oddType     = violation{"wrong_type", "DF-ERR-002", "an answer without Content-Type application/json", false}
	mayBeStored = violation{"storable", "DF-TOKEN-003", "a token response without Cache-Control: no-store", false}
	mayBeCached = violation{"cacheable", "DF-ERR-005", "an answer to a poll that caches may store", false}
	startCached = violation{"start_cacheable", "DF-HTTP-006",
		"a device authorization response that caches may store", false}
	byteOrderMark = violation{"byte_order_mark", "DF-HTTP-009",
		"an answer that starts with a byte order mark, which JSON must not", false}
	undeserved = violation{"slow_down_undeserved", "DF-POLL-003",
		"slow_down for a device that kept its interval", false}
	limitedInPace = violation{"limited_in_pace", "DF-POLL-003", "429 for a device that kept its interval", false}
	unpunished    = violation{"haste_unpunished", "DF-POLL-004",
		"polls that came too fast got authorization_pending, not slow_down", true}
)

// violations lists the kinds in the order reports have them.
var violations = []violation{sameDeviceCode, sameUserCode, liveRefused, endedEarly, approvalRefused, approvalUnseen,
	denialUnseen, denialRenamed, twoAnswers, tokenEarly, tokenDenied, tokenLate, tokenTwice, tokenRepeated, sameToken,
	pendingLate, wentBack, serverFault, oddStatus, oddType, mayBeStored, mayBeCached, startCached, byteOrderMark,
	undeserved, limitedInPace, unpunished}

// Violations lists the kinds in the order reports have them, without counts.
func Violations() (out []reports.Violation) {
	for _, v := range violations {
		out = append(out, v.empty())
	}
	return out
}

// Twice are the kinds that a comparison of shards shows, too.
func Twice() (deviceCode, userCode, token reports.Violation) {
	return sameDeviceCode.empty(), sameUserCode.empty(), sameToken.empty()
}

// empty is a kind without a count.
func (v violation) empty() reports.Violation {
	return reports.Violation{Kind: v.kind, Check: v.check, Title: v.title, Information: v.information}
}

// violate records a broken promise that an answer shows.
func (sim *simulation) violate(v violation, req *request, format string, args ...any) {
	sim.record.violate(v,
		func() string {
			return sim.secrets.Text(fmt.Sprintf("device %d, %.3f s: ", req.device, float64(req.Received)/1e9) +
				fmt.Sprintf(format, args...))
		},
		func(id string) reports.Exchange { return sim.evidence(id, v, req) })
}
