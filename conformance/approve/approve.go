package approve

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Decision is what the person decides.
type Decision string

const (
	Approve Decision = "approve"
	Deny    Decision = "deny"
)

// Verification is what the device shows the person.
type Verification struct {
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string
	Host                    string
	ClientID                string
	ExpiresAt               time.Time
	User                    string // "" for the first user, "second" for the other
	Raw                     string // typed instead of UserCode, when not empty
	Way                     Way    // for approvers that have the power to choose
}

// Typed is what goes into the page as the user code.
func (v Verification) Typed() string {
	if v.Raw != "" {
		return v.Raw
	}
	return v.UserCode
}

// Powers are what an approver can do beyond approving and denying.
type Powers struct {
	RawCodes   bool // it types any text as the user code
	Steps      bool // it can enter a code without deciding (Enterer)
	HTTP       bool // it can name the requests it makes
	SecondUser bool
	Ways       bool // it goes either way to the request, as it is told
	Pages      bool // it can tell what a person gets to see (Viewer)
	Slow       bool // a decision takes it seconds: races are run for fewer rounds
}

// An Approver decides. A nil error means the server accepted the decision,
// ErrRefused that the server refused it, ErrUnsupported that this approver has
// no such decision, ErrSkipped and ErrStopped that a person did not want to
// decide; every other error that nobody could be asked. A *RefusedError also has
// the server's answer, which some checks compare.
type Approver interface {
	Decide(ctx context.Context, v Verification, d Decision) error
	Powers() Powers
}

// Func is an approver in code, for a server in the same process. It approves and
// denies, and does nothing else.
type Func func(ctx context.Context, v Verification, d Decision) error

// Decide calls f.
func (f Func) Decide(ctx context.Context, v Verification, d Decision) error { return f(ctx, v, d) }

// Powers: none besides deciding.
func (f Func) Powers() Powers { return Powers{} }

// An Enterer enters a code up to the consent page and stops there. Its errors
// are those of Decide.
type Enterer interface {
	Enter(ctx context.Context, v Verification) error
}

// A Person decides one device after the other and takes seconds for each. Codes
// for a person are made when the person is free to look at them.
type Person interface {
	Approver
	// Pace is about how long a decision takes.
	Pace() time.Duration
	// Expect says how many decisions are to come.
	Expect(decisions int)
	// Ready waits until somebody is there to be shown a device.
	Ready(ctx context.Context) error
}

// A Tracer goes all the way to a decision and stops before the last request.
type Tracer interface {
	Trace(ctx context.Context, v Verification, d Decision) (Trace, error)
}

// A Trace leads to a decision: every request, the last of which was not sent, the
// page on which it would have been made, and the session in which. Bodies can be
// read again through GetBody.
type Trace struct {
	Requests []*http.Request
	Page     string // HTML as it came
	Cookies  http.CookieJar
	// Finish makes the decision after all, on that page and in that session.
	Finish func(ctx context.Context) error
}

var (
	ErrRefused     = errors.New("the server refused the decision")
	ErrUnsupported = errors.New("the approver does not support this decision")
	// ErrPutOff says that a limiter, or a proxy, wants the person to come again.
	ErrPutOff = errors.New("the server put the person off")
	// ErrSignIn says that the server did not let the approver in; it saw no decision.
	ErrSignIn = errors.New("the server did not accept the user name or the password")
	// A person answers these two: no decision on this device, and none on any
	// that follows.
	ErrSkipped = errors.New("the user skipped the decision")
	ErrStopped = errors.New("the person wants to decide no more")
)

// A RefusedError tells how the server refused, or put off.
type RefusedError struct {
	Answer string // what the server answered, the typed code included
	Later  bool   // it is ErrPutOff, not ErrRefused
}

func (e *RefusedError) Error() string { return e.Unwrap().Error() + ": " + e.Answer }

// Unwrap returns ErrRefused or ErrPutOff.
func (e *RefusedError) Unwrap() error {
	if e.Later {
		return ErrPutOff
	}
	return ErrRefused
}

// later reports whether a status tells a person to come again, whatever the code was, as
// limiters and proxies say it.
func later(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// A ServerError is a page of the server that answered what a person typed or pressed with
// a status of 5xx: it has said neither yes nor no.
type ServerError struct {
	Status int
	Told   string // which page it was, and at which step
}

func (e *ServerError) Error() string { return e.Told }
