package refserver

import (
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// answerFault changes the answers of both operations before they are sent.
func answerFault(name, check, doc string, finish func(q *request, a *answer)) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.finish = finish }}
}

var errorFaults = []Fault{
	answerFault("pending-as-401", "DF-ERR-001", "authorization_pending comes with status 401.",
		func(_ *request, a *answer) {
			if a.code == spec.ErrAuthorizationPending {
				a.status = http.StatusUnauthorized
			}
		}),
	answerFault("slow-down-as-html", "DF-ERR-002", "slow_down is labelled text/html.",
		func(_ *request, a *answer) {
			if a.code == spec.ErrSlowDown {
				a.with("Content-Type", "text/html")
			}
		}),
	answerFault("error-in-an-array", "DF-ERR-003", "unsupported_grant_type is sent in an array.",
		func(_ *request, a *answer) {
			if a.code == spec.ErrUnsupportedGrantType {
				a.members["error"] = []string{a.code}
			}
		}),
	answerFault("grant-type-quoted", "DF-ERR-004", "unsupported_grant_type quotes the grant type in quotation marks.",
		func(q *request, a *answer) {
			if a.code == spec.ErrUnsupportedGrantType {
				a.members["error_description"] = `the grant type "` + q.get("grant_type") + `" is not supported`
			}
		}),
	answerFault("pending-cacheable", "DF-ERR-005", "authorization_pending may be cached for a minute.",
		func(_ *request, a *answer) {
			if a.code == spec.ErrAuthorizationPending {
				a.with("Cache-Control", "public, max-age=60")
			}
		}),
	standard(answerFault("secret-quoted", "DF-ERR-006", "invalid_client quotes the secret that was sent.",
		func(q *request, a *answer) {
			if a.code != spec.ErrInvalidClient || a.members == nil {
				return
			}
			if _, secret, ok := q.BasicAuth(); ok {
				a.members["error_description"] = "the secret " + secret + " is wrong"
			} else if assertion := q.get("client_assertion"); assertion != "" {
				a.members["error_description"] = "the assertion " + assertion + " is wrong"
			}
		})),
	answerFault("start-faults-as-detail", "DF-ERR-007",
		"Malformed device authorization requests get a member detail and no error.",
		func(q *request, a *answer) {
			if q.name == "start" && a.code == spec.ErrInvalidRequest {
				a.code, a.members = "", map[string]any{"detail": a.members["error_description"]}
			}
		}),
	{
		Name: "no-scope-crashes", Check: "DF-ERR-008", Doc: "The redemption of a code without a scope ends in 500.",
		Break: func(b *behaviour) {
			b.redeem = func(s *Server, q *request, g *grant) *answer {
				if g.scope == "" {
					return crash()
				}
				return s.redeem(q, g)
			}
		},
	},
	{
		Name: "refresh-with-openid-crashes", Check: "DF-ERR-008", Contract: "rfc8628",
		Doc: "The refresh of a token for openid ends in 500.",
		Also: map[string]string{
			"DF-REFRESH-001": refreshCrashes, "DF-REFRESH-002": refreshCrashes, "DF-REFRESH-004": refreshCrashes,
			"DF-REFRESH-006": refreshCrashes,
		},
		Break: func(b *behaviour) {
			b.refresh = func(s *Server, q *request) *answer {
				if t := s.wallet.refreshed(q.get("refresh_token")); t != nil && within("openid", t.scope) {
					return crash()
				}
				return s.refresh(q)
			}
		},
	},
	{
		Name: "wrong-length-crashes", Check: "DF-ERR-008",
		Doc: "Whoever types a user code that is too short or too long gets a page of status 500.",
		Break: func(b *behaviour) {
			b.page.unknown = func(code string) error {
				if len(normalCode(code)) != 8 { // letters, as newUserCode makes them
					return errCrashed
				}
				return errUnknownCode
			}
		},
	},
	{
		Name: "decided-code-crashes", Check: "DF-ERR-008",
		Doc: "Whoever types a user code that was decided on gets a page of status 500.",
		Break: func(b *behaviour) {
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				if err := s.decide(g, action, user, now); err != errDecided {
					return err
				}
				return errCrashed
			}
		},
	},
}

const refreshCrashes = "a refresh that it needs ends in 500"
