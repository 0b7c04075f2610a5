package refserver

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// wayFaults break one of the two ways to a code.
var wayFaults = []Fault{
	lookedAtFault("link-approval-lost", "DF-USERCODE-016", "An approval on the page that a link leads to has no effect.",
		func(user string) bool { return user != "" }, nil),
	lookedAtFault("link-burns-code", "DF-USERCODE-016", "Whoever opens a link uses its code up.",
		func(string) bool { return true }, errUnknownCode),
	{
		Name: "typed-code-unknown", Check: "DF-USERCODE-016",
		Doc: "The page knows a code only when its link was opened before.",
		Wrap: func(next http.Handler) http.Handler {
			var opened sync.Map
			return pageKnows(next, func(code string, r *http.Request) bool {
				if r.Method == http.MethodGet {
					opened.Store(code, true)
				}
				_, known := opened.Load(code)
				return known
			})
		},
	},
	{
		Name: "link-code-lost", Check: "DF-USERCODE-016", Doc: "Whoever signs in on the way of a link has to type its code.",
		Wrap: rewrite(func(r *http.Request, a *recorded) {
			if before, after, ok := strings.Cut(string(a.body), `<input type="hidden" name="user_code"`); ok &&
				isPage(r, a) && strings.Contains(after, `name="password"`) {
				a.body = []byte(before + `<input type="hidden" name="code"` + after)
			}
		}),
	},
	{
		Name: "last-code-decided", Check: "DF-USERCODE-011",
		Doc:  "A decision is about the code that its session has seen last, not about that of the page.",
		Wrap: seenLast(func(_, last string) (*answer, string) { return nil, last }),
	},
	openedFault("link-without-scope-approves", "Opening a link approves a request that asks for no scope.",
		func(g *grant, _ string, _ bool) bool { return g.scope == "" }),
	openedFault("second-link-approves", "Opening a link approves a client that the person has approved before.",
		func(_ *grant, user string, before bool) bool { return user != "" && before }),
	findFault("user-code-polls", "DF-USERCODE-008", "An undecided grant is found by its user code.",
		func(s *Server, _ *request, code string) *grant {
			g := s.grants.find(code)
			if g == nil {
				g = s.undecided(code)
			}
			return g
		}),
	{
		Name: "user-code-told-apart", Check: "DF-USERCODE-008",
		Doc: "The user code of an undecided grant is refused otherwise than one that nobody has.",
		Break: func(b *behaviour) {
			b.refuseToken = func(s *Server, q *request) *answer {
				if s.undecided(q.get("device_code")) != nil {
					return refuse("invalid_request", "the user code is not for devices")
				}
				return nil
			}
		},
	},
}

// pageKnows is a server whose page says so of codes that it does not know.
func pageKnows(next http.Handler, knows func(code string, r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == pathPage { // of another request the body is not read here
			if code := normalCode(r.FormValue("user_code")); code != "" && !knows(code, r) {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusBadRequest)
				w.Write([]byte("<title>Connect a device</title><p>This code is not known."))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// undecided is the pending grant of a user code.
func (s *Server) undecided(code string) *grant {
	g := s.grants.typedAs(s.is.normal(code))
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != pending {
		return nil
	}
	return g
}

// lookedAtFault answers decisions on what was looked at by its link in another way, and
// leaves them undone.
func lookedAtFault(name, check, doc string, counts func(user string) bool, answer error) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) {
		var seen sync.Map
		b.page.viewed = func(g *grant, user string) {
			if counts(user) {
				seen.Store(g, true)
			}
		}
		b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
			if _, looked := seen.Load(g); looked {
				return answer
			}
			return s.decide(g, action, user, now)
		}
	}}
}

// openedFault approves what is looked at by its link, where it says so.
func openedFault(name, doc string, approves func(g *grant, user string, before bool) bool) Fault {
	return Fault{Name: name, Check: "DF-USERCODE-011", Doc: doc, Break: func(b *behaviour) {
		var approvedBefore sync.Map // by client and person
		b.page.viewed = func(g *grant, user string) {
			_, before := approvedBefore.Load(g.client.ID + " " + user)
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.state == pending && approves(g, user, before) {
				g.state, g.user = approved, user
			}
		}
		b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
			if action == actionApprove {
				approvedBefore.Store(g.client.ID+" "+user, true)
			}
			return s.decide(g, action, user, now)
		}
	}}
}

// wayVariants lead to the code in another way.
var wayVariants = []Fault{
	{
		Name: "link-leads-to-consent", Doc: "A link leads past the page that asks for the code.",
		Break: func(b *behaviour) { b.page.straight = true },
	},
	{
		Name: "code-bound-to-session", Doc: "The page knows a code only in the session that entered it first.",
		Wrap: func(next http.Handler) http.Handler {
			var first sync.Map // session by code
			return pageKnows(next, func(code string, r *http.Request) bool {
				c, err := r.Cookie(cookieName)
				if err != nil {
					return true
				}
				by, _ := first.LoadOrStore(code, c.Value)
				return by == c.Value
			})
		},
	},
	startVariant("no-link", "There is no verification_uri_complete.",
		func(_ *Server, _ *grant, m map[string]any) { delete(m, "verification_uri_complete") }, "", false),
}

// seenLast is a server whose sessions know which code they have seen last, and what it does
// with a decision on another one.
func seenLast(decided func(code, last string) (*answer, string)) func(http.Handler) http.Handler {
	var seen sync.Map // by session
	return rewriteRequest(func(r *http.Request, body []byte) (*answer, []byte) {
		who := r.Header.Get("Cookie")
		fields, err := url.ParseQuery(string(body))
		code := cmp.Or(r.URL.Query().Get("user_code"), fields.Get("user_code"))
		if err != nil || who == "" || code == "" || !strings.HasPrefix(r.URL.Path, pathPage) {
			return nil, body
		}
		last, ok := seen.Load(who)
		if r.URL.Path != pathConsent {
			seen.Store(who, code)
		} else if ok && normalCode(last.(string)) != normalCode(code) {
			a, other := decided(code, last.(string))
			fields.Set("user_code", other)
			return a, []byte(fields.Encode())
		}
		return nil, body
	})
}
