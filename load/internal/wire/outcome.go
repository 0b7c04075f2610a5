package wire

// Outcome is what became of a request. Each has one.
type Outcome uint8

const (
	None       Outcome = iota
	Codes              // a device authorization response (RFC 8628 section 3.2)
	Pending            // authorization_pending
	SlowDown           // slow_down
	Token              // an access token (RFC 6749 section 5.1)
	Denied             // access_denied
	Expired            // expired_token
	OAuthError         // any other error of RFC 6749 section 5.2
	HTTP4xx            // without an OAuth error
	HTTP5xx
	Malformed        // neither of all these
	TimedOut         // no answer in time
	ConnectionFailed // refused, reset or closed before the answer came
	Refused          // a finished flow that was polled on purpose, and refused
	Unsent           // this machine could not send it: no outcome of the target

	NumOutcomes // how many there are
)

// String is the outcome's name in reports.
func (o Outcome) String() string { return outcomeNames[o] }

var outcomeNames = [NumOutcomes]string{"none", "device_code", "authorization_pending", "slow_down", "token",
	"access_denied", "expired_token", "oauth_error", "http_4xx", "http_5xx", "malformed", "timeout", "connection",
	"refused", "not_sent"}

// IsError reports whether no healthy flow has the outcome; pending is success.
func (o Outcome) IsError() bool { return o >= OAuthError && o <= ConnectionFailed }

// Answered reports whether the target said anything.
func (o Outcome) Answered() bool { return o != TimedOut && o != ConnectionFailed && o != Unsent }

// Final reports whether an answer ends a flow, or a start, for good: an OAuth error,
// or, for a start, what only polls are answered.
func (o Outcome) Final() bool { return o.Answered() && o != HTTP4xx && o != HTTP5xx && o != Malformed }
