package refserver

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// What a person can do with a user code.
const (
	actionApprove = "approve"
	actionDeny    = "deny"
	actionEnter   = "enter" // look at the request without deciding
)

// The reasons why a decision is refused, as the person reads them.
var (
	errUnknownCode = errors.New("this code is not known")
	errExpired     = errors.New("this code has expired")
	errDecided     = errors.New("this code was decided already")
	errLookers     = errors.New("this code was entered by too many people; begin again on your device")
	errCrashed     = errors.New("something went wrong") // of no right server
)

// decide carries out a decision. A code serves one decision (RFC 8628 section
// 3.3); it is refused when it has ended.
func (s *Server) decide(g *grant, action, user string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !now.Before(g.expires):
		return errExpired
	case g.state != pending:
		return errDecided
	}
	switch action {
	case actionApprove:
		g.state, g.user = approved, user
	case actionDeny:
		g.state, g.user = denied, user
	}
	return nil
}

// typed finds the grant of a typed user code and carries out an action on it.
func (s *Server) typed(code, action, user string) (*grant, error) {
	now, who := time.Now(), s.is.guesser(user)
	if s.guesses.held(who, now) {
		return nil, errGuessing
	}
	g := s.grants.typedAs(s.is.normal(code))
	if g == nil {
		s.guesses.miss(who, now)
		return nil, s.is.page.unknown(code)
	}
	return g, s.is.decide(s, g, action, user, now)
}

// serveDecision is the back door for programs: POST {"user_code", "action",
// "user"}, where user is empty for the first person and "second" for the other.
func (s *Server) serveDecision(w http.ResponseWriter, r *http.Request) {
	if !s.cfg.Decisions {
		notFound().send(w)
		return
	}
	if r.Method != http.MethodPost {
		methods(w, r, http.MethodPost)
		return
	}
	var in struct {
		UserCode string `json:"user_code"`
		Action   string `json:"action"`
		User     string `json:"user"`
	}
	d := json.NewDecoder(io.LimitReader(r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		refuse("invalid_request", "the body is not a decision").send(w)
		return
	}
	user := s.cfg.Users[0].Name
	if in.User != "" {
		user = s.cfg.Users[len(s.cfg.Users)-1].Name
	}
	switch in.Action {
	case actionApprove, actionDeny, actionEnter:
	default:
		refuse("invalid_request", "action is approve, deny or enter").send(w)
		return
	}
	if s.slowEntry(w, r, nil, user) {
		return
	}
	if _, err := s.typed(in.UserCode, in.Action, user); err != nil {
		refused(err).send(w)
		return
	}
	succeed(map[string]any{"action": in.Action}).send(w)
}

// refused tells why a decision was not taken.
func refused(err error) *answer {
	a := refuse("refused", err.Error())
	a.status = statusOf(err, http.StatusConflict)
	if err == errGuessing {
		a.with("Retry-After", seconds(guessesWindow))
	}
	return a
}

// statusOf is the status under which a decision is not taken.
func statusOf(err error, refused int) int {
	switch err {
	case errGuessing:
		return http.StatusTooManyRequests
	case errCrashed:
		return http.StatusInternalServerError
	}
	return refused
}
