package refserver

import (
	"net/http"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// refusalVariants refuse in other words, or under another status, where the
// contract leaves that open.
var refusalVariants = []Fault{
	{
		Name: "faults-under-200", Doc: "Invalid requests are refused under status 200, in a contract that is silent " +
			"on errors.",
		Contract: "documented-v1",
		Also:     map[string]string{"DF-ERR-001": "ruling R23: in a documented contract that is a warning"},
		Break: func(b *behaviour) {
			b.finish = func(_ *request, a *answer) {
				if a.status == http.StatusBadRequest && !pollingState(a.code) {
					a.status = http.StatusOK
				}
			}
		},
	},
	{
		Name: "codes-refused-in-other-ways",
		Doc:  "The page answers 404 to a code that nobody has, and 200 to one that was decided on.",
		Wrap: rewrite(func(r *http.Request, a *recorded) {
			told := func(why error) bool { return a.status/100 == 4 && strings.Contains(string(a.body), why.Error()) }
			switch page := isPage(r, a); {
			case page && told(errUnknownCode):
				a.status = http.StatusNotFound
			case page && told(errDecided):
				a.status = http.StatusOK
			case told(errUnknownCode), told(errDecided):
				a.status = http.StatusUnprocessableEntity
			}
		}),
	},
	{
		Name: "unread-bodies-401", Doc: "A body that cannot be read names no client: 401 invalid_client with a challenge.",
		Break: func(b *behaviour) {
			b.finish = func(q *request, a *answer) {
				if q.params == nil && a.status != http.StatusRequestEntityTooLarge {
					*a = *unauthenticated(true)
				}
			}
		},
	},
	{
		Name: "unknown-codes-expired", Doc: "Whatever is not a live code of the client is answered expired_token.",
		Also: map[string]string{
			"DF-POLL-011": "ruling R26: told once, where unknown codes are asked",
		},
		Break: func(b *behaviour) {
			b.finish = func(q *request, a *answer) {
				if a.code == spec.ErrInvalidGrant && q.get("grant_type") == spec.GrantDeviceCode {
					*a = *stateAnswer(spec.ErrExpiredToken)
				}
			}
		},
	},
}

func pollingState(code string) bool {
	return code == spec.ErrAuthorizationPending || code == spec.ErrSlowDown || code == spec.ErrAccessDenied ||
		code == spec.ErrExpiredToken
}
