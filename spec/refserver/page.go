package refserver

import (
	"cmp"
	"crypto/subtle"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// The verification page (RFC 8628 section 3.3): sign in, type the code, see
// which device asks for what, decide.
const (
	pathSignIn  = pathPage + "/sign-in"
	pathConsent = pathPage + "/consent"
)

// pageRules are where verification pages go wrong.
type pageRules struct {
	text      func(string) string         // makes text safe to show
	forgeable bool                        // decisions need no anti-forgery token
	framed    bool                        // other sites may show the page in a frame
	anonymous bool                        // decisions need no session
	straight  bool                        // a link leads to the consent page at once
	viewed    func(g *grant, user string) // what looking at a request does; user is empty for strangers
	// unasked reports whether entering a code approves; approved is told of every decision.
	unasked  func(g *grant, who *session) bool
	unknown  func(code string) error // why a code that nobody has is refused
	approved func(g *grant, who *session)
	lookers  int // sessions of one code, after which it is closed
	// onward are the parameters of an address to which entering a code redirects; none when nil.
	onward func(g *grant) url.Values
}

// people are those who are signed in.
type people struct {
	mu       sync.Mutex
	sessions map[string]*session
}

// session of a browser. user is empty until somebody signs in.
type session struct {
	user, token string
	until       time.Time
}

// mostLookers is in how many sessions a code may be shown: a person may begin again
// in another browser, and a code that was sent to many is closed.
const mostLookers = 5

const (
	cookieName      = "session"
	sessionLifetime = 30 * time.Minute
	maxSessions     = 10_000
)

func newPeople() *people { return &people{sessions: map[string]*session{}} }

// of returns the session of a request, nil when it has none.
func (p *people) of(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[c.Value]
	if s == nil || time.Now().After(s.until) {
		return nil
	}
	return s
}

// begin opens a session under a new name, so that nobody can have known it.
func (p *people) begin(w http.ResponseWriter, user string, secure bool) *session {
	s := &session{user: user, token: random(18), until: time.Now().Add(sessionLifetime)}
	id := random(18)
	p.mu.Lock()
	if len(p.sessions) >= maxSessions {
		clear(p.sessions)
	}
	p.sessions[id] = s
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteLaxMode})
	return s
}

//go:embed *.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "*.html"))

// view is what the page shows.
type view struct {
	Title, Problem, Done string
	Token, Code          string
	SignIn, Enter        bool
	Consent              bool
	Client, Scope        string
	Asked, From          string // when, and from where
	Device               template.HTML
}

func (s *Server) show(w http.ResponseWriter, status int, v view) {
	policy := "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
	if s.is.page.framed {
		policy = ""
	}
	render(w, status, "page.html", policy, v)
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	who := s.people.of(r)
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		if r.URL.Path != pathPage {
			http.Redirect(w, r, pathPage, http.StatusSeeOther)
			return
		}
		s.openPage(w, r, who)
	case r.Method != http.MethodPost:
		methods(w, r, http.MethodGet, http.MethodHead, http.MethodPost)
	case r.ParseForm() != nil:
		s.show(w, http.StatusBadRequest, view{Title: "Not understood", Problem: "The form could not be read."})
	case s.forged(r, who):
		s.show(w, http.StatusForbidden, view{Title: "Not accepted",
			Problem: "This request did not come from this page. Open it again and retry."})
	case r.URL.Path == pathSignIn:
		s.signIn(w, r)
	case (who == nil || who.user == "") && !s.is.page.anonymous:
		s.openPage(w, r, who)
	case r.URL.Path == pathConsent:
		s.consent(w, r, who)
	default:
		s.enter(w, r, who)
	}
}

// slowEntry puts off who types codes too fast, and reports whether it did.
func (s *Server) slowEntry(w http.ResponseWriter, r *http.Request, who *session, user string) bool {
	from := sender{ByAddress: address(r), ByAccount: user}
	if c, err := r.Cookie(cookieName); err == nil {
		from[BySession] = c.Value
	}
	refused := s.limits.hold(LimitEntries, from, time.Now())
	if refused == nil {
		return false
	}
	if who == nil {
		refused.send(w)
		return true
	}
	if wait := refused.header.Get("Retry-After"); wait != "" {
		w.Header().Set("Retry-After", wait)
	}
	s.show(w, refused.status, view{Title: "Connect a device", Problem: "Too many codes. Try again later.",
		Token: who.token, Enter: true})
	return true
}

// forged reports whether a POST was made by another site: every form carries the
// token of its session (RFC 6749 section 10.12).
func (s *Server) forged(r *http.Request, who *session) bool {
	if s.is.page.forgeable {
		return false
	}
	if o := r.Header.Get("Origin"); o != "" && o != "null" && o != s.cfg.BaseURL {
		return true
	}
	return who == nil || subtle.ConstantTimeCompare([]byte(who.token), []byte(r.PostForm.Get("csrf"))) != 1
}

func (s *Server) secure() bool { return len(s.cfg.BaseURL) > 5 && s.cfg.BaseURL[:6] == "https:" }

// openPage shows the sign-in form or the form for the code. Looking changes
// nothing (RFC 9110 section 9.2.1).
func (s *Server) openPage(w http.ResponseWriter, r *http.Request, who *session) {
	if who == nil {
		who = s.people.begin(w, "", s.secure())
	}
	code := r.FormValue("user_code")
	if g := s.grants.typedAs(s.is.normal(code)); g != nil {
		s.is.page.viewed(g, who.user)
	}
	v := view{Title: "Connect a device", Token: who.token, Code: code, Enter: true}
	switch {
	case who.user == "":
		v = view{Title: "Sign in", Token: who.token, Code: code, SignIn: true}
	case s.is.page.straight && code != "":
		s.ask(w, code, who)
		return
	}
	s.show(w, http.StatusOK, v)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	for _, u := range s.cfg.Users {
		if u.Name == r.PostForm.Get("username") && subtle.ConstantTimeCompare([]byte(u.Password),
			[]byte(r.PostForm.Get("password"))) == 1 {
			s.people.begin(w, u.Name, s.secure())
			target := pathPage
			if code := r.PostForm.Get("user_code"); code != "" {
				target += "?user_code=" + url.QueryEscape(code)
			}
			http.Redirect(w, r, target, http.StatusSeeOther)
			return
		}
	}
	who := s.people.of(r)
	v := view{Title: "Sign in", Problem: "Name or password is wrong.", SignIn: true, Code: r.PostForm.Get("user_code")}
	if who != nil {
		v.Token = who.token
	}
	s.show(w, http.StatusUnauthorized, v)
}

// enter looks at the request behind a code and asks for the decision.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, who *session) {
	if who != nil && s.slowEntry(w, r, who, who.user) {
		return
	}
	code := r.PostForm.Get("user_code")
	if onward := s.is.page.onward; onward != nil {
		if g := s.grants.typedAs(s.is.normal(code)); g != nil {
			address := onward(g)
			address.Set("user_code", code)
			http.Redirect(w, r, pathPage+"?"+address.Encode(), http.StatusSeeOther)
			return
		}
	}
	s.ask(w, code, who)
}

func (s *Server) ask(w http.ResponseWriter, code string, who *session) {
	g, err := s.typed(code, actionEnter, who.user)
	if err == nil && s.is.page.unasked(g, who) {
		_, err = s.typed(code, actionApprove, who.user)
		if err == nil {
			s.show(w, http.StatusOK, view{Title: "Done", Done: connected})
			return
		}
	}
	if err == nil && g.lookedAtBy(who) > s.is.page.lookers {
		err = errLookers
	}
	if err != nil {
		s.problem(w, err, who, code)
		return
	}
	device := strings.TrimSpace(s.is.page.text(g.deviceType + " " + g.deviceOS))
	s.show(w, http.StatusOK, view{Title: "Allow this device?", Token: who.token, Code: g.userCode, Consent: true,
		Client: g.client.ID, Scope: s.granted(g.scope), Device: template.HTML(cmp.Or(device, "it does not say")),
		Asked: g.created.UTC().Format("15:04 MST"), From: g.from})
}

func (s *Server) consent(w http.ResponseWriter, r *http.Request, who *session) {
	code, action := r.PostForm.Get("user_code"), r.PostForm.Get("action")
	if who == nil {
		who = &session{user: s.cfg.Users[0].Name} // only a fault lets nobody decide
	}
	if action != actionApprove && action != actionDeny {
		s.show(w, http.StatusBadRequest, view{Title: "Not understood", Problem: "Press Approve or Deny."})
		return
	}
	g, err := s.typed(code, action, who.user)
	if err != nil {
		s.problem(w, err, who, code)
		return
	}
	done := connected
	if action == actionApprove {
		s.is.page.approved(g, who)
	} else {
		done = "The device was refused. You can close this page."
	}
	s.show(w, http.StatusOK, view{Title: "Done", Done: done})
}

const connected = "The device is connected. You can close this page."

func (s *Server) problem(w http.ResponseWriter, err error, who *session, code string) {
	s.show(w, statusOf(err, http.StatusBadRequest), view{Title: "Connect a device",
		Problem: "Sorry, " + err.Error() + ".", Token: who.token, Code: code, Enter: true})
}
