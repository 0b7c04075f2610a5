// Package approve presses Approve or Deny on behalf of the person whose device
// asks for it.
package approve

import (
	"context"
	"errors"
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
}

// Powers are what an approver can do beyond approving and denying.
type Powers struct {
	RawCodes   bool // it types any text as the user code
	Steps      bool // it can enter a code without deciding (Enterer)
	HTTP       bool // it can name the requests it makes
	SecondUser bool
}

// An Approver decides. A nil error means the server accepted the decision,
// ErrRefused that the server refused it, ErrUnsupported that this approver has
// no such decision; every other error that nobody could be asked.
type Approver interface {
	Decide(ctx context.Context, v Verification, d Decision) error
	Powers() Powers
}

var (
	ErrRefused     = errors.New("the server refused the decision")
	ErrUnsupported = errors.New("the approver does not support this decision")
)
