package refserver

import (
	"net/http"
	"strings"
	"sync"
)

// pageFault is a page on which something else stands: pairs of what is replaced, and by
// what.
func pageFault(name, check, doc string, pairs ...string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Wrap: rewritePage(pairs...)}
}

// rewritePage makes a handler whose pages have something else in them.
func rewritePage(pairs ...string) func(http.Handler) http.Handler {
	other := strings.NewReplacer(pairs...)
	return rewrite(func(r *http.Request, a *recorded) {
		if isPage(r, a) {
			a.body = []byte(other.Replace(string(a.body)))
		}
	})
}

// isPage reports whether an answer is one of the verification page.
func isPage(r *http.Request, a *recorded) bool {
	return strings.HasPrefix(r.URL.Path, pathPage) && strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
}

// headerFault is a page that is sent under other header fields; no value leaves one out.
func headerFault(name, check, doc, body string, fields ...string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Wrap: rewrite(func(r *http.Request, a *recorded) {
		if !isPage(r, a) {
			return
		}
		a.body = []byte(strings.Replace(string(a.body), "</body>", body+"</body>", 1))
		for i := 0; i < len(fields); i += 2 {
			if a.header.Del(fields[i]); fields[i+1] != "" {
				a.header.Set(fields[i], fields[i+1])
			}
		}
	})}
}

// linked is a fault of the page that a link leads to at once.
func linked(f Fault) Fault {
	f.Break = func(b *behaviour) { b.page.straight = true }
	return f
}

// What stands on the page of the decision.
const (
	textCompare = "Go on only if the device in front of you shows this code."
	textWarning = "If you did not start this yourself, deny it: somebody may\nbe trying to get into your account."
	denyButton  = `<button type="submit" name="action" value="deny">Deny</button>`
	approving   = `<button type="submit" name="action" value="approve">Approve</button>`
)

// without is a row of the page's list that is not there; it is written into a comment, so
// that whatever stands in it is gone.
func without(row string) []string {
	return []string{"<dt>" + row + "</dt><dd>", "<template>", "</dd>", "</dd></template>"}
}

var consentFaults = []Fault{
	linked(pageFault("link-without-code", "DF-CONSENT-001", "The page behind a link does not show the code.",
		append(without("Code"), textCompare, "")...)),
	linked(pageFault("code-not-compared", "DF-CONSENT-001",
		"The page behind a link shows the code and does not ask to compare it.",
		textCompare, "")),
	{
		Name: "entering-decides", Check: "DF-CONSENT-002", Doc: "Whoever has entered a code has approved it; no page asks.",
		Break: func(b *behaviour) { b.page.unasked = func(*grant, *session) bool { return true } },
	},
	{
		Name: "consent-remembered", Check: "DF-CONSENT-003",
		Doc: "Whoever has approved a client is not asked again in the same session.",
		Break: func(b *behaviour) {
			var approvedBefore sync.Map // by session and client
			type pair struct {
				who    *session
				client *Client
			}
			b.page.approved = func(g *grant, who *session) { approvedBefore.Store(pair{who, g.client}, true) }
			b.page.unasked = func(g *grant, who *session) bool {
				_, before := approvedBefore.Load(pair{who, g.client})
				return before
			}
		},
	},
	pageFault("client-unnamed", "DF-CONSENT-004", "The page does not say which client asks.", without("Application")...),
	pageFault("device-not-shown", "DF-CONSENT-005", "The page does not show the device that asks.", without("Device")...),
	pageFault("scope-unsaid", "DF-CONSENT-006", "The page does not say what is granted.", without("Access to")...),
	pageFault("no-refusal", "DF-CONSENT-007", "The page has nothing to refuse with.", denyButton, ""),
	pageFault("refusal-hidden", "DF-CONSENT-007", "The button that refuses is hidden.",
		denyButton, strings.Replace(denyButton, "<button", "<button hidden", 1)),
	pageFault("approves-by-default", "DF-CONSENT-008",
		"The button that approves is the first one, which Enter presses in the field for a name.",
		denyButton, "", approving, `<label>Name of the device <input name="name"></label>`+approving+denyButton),
	pageFault("approval-focused", "DF-CONSENT-008", "The page puts the focus on the button that approves.",
		approving, strings.Replace(approving, "<button", "<button autofocus", 1)),
	{
		Name: "no-decision-approves", Check: "DF-CONSENT-008", Doc: "A form that comes without a decision approves.",
		Wrap: rewriteRequest(func(r *http.Request, body []byte) (*answer, []byte) {
			if r.URL.Path == pathConsent && !strings.Contains(string(body), "action=") {
				body = append(body, "&action=approve"...)
			}
			return nil, body
		}),
	},
	pageFault("no-warning", "DF-CONSENT-009", "The page does not say what to do about a request that one did not start.",
		textWarning, ""),
	pageFault("origin-unsaid", "DF-CONSENT-010", "The page does not say when and from where the device asked.",
		without("Requested")...),
	headerFault("page-cached", "DF-CONSENT-011", "Pages with a code may be kept for ten minutes.", "", "Cache-Control",
		"public, max-age=600"),
	headerFault("page-without-headers", "DF-CONSENT-011", "Nothing says that pages with a code are not to be kept.", "",
		"Cache-Control", "", "Referrer-Policy", ""),
	headerFault("page-with-counter", "DF-CONSENT-011",
		"The pages load a script of another site and send no Referrer-Policy.",
		`<script src="https://counter.dfcheck.invalid/c.js"></script>`, "Referrer-Policy", "", "Content-Security-Policy", "frame-ancestors 'none'"),
	headerFault("address-told", "DF-CONSENT-011", "The page's address is told to every site that it leads to.",
		`<a href="https://help.dfcheck.invalid/">Help</a>`, "Referrer-Policy", "unsafe-url"),
	{
		Name: "sessions-unnoticed", Check: "DF-CONSENT-012", Doc: "A code may be entered in any number of sessions.",
		Break: func(b *behaviour) { b.page.lookers = 1 << 20 },
	},
	pageFault("no-way-back", "DF-CONSENT-013", "After the decision nothing sends the person back to the device.",
		" You can close this page.", ""),
}
