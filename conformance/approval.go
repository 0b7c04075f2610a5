package conformance

import (
	"errors"

	"github.com/dfcheck/dfcheck/conformance/approve"
)

// outcomeOf reads an approver's error (see approve.Approver).
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Accepted
	case errors.Is(err, approve.ErrRefused):
		return Refused
	case errors.Is(err, approve.ErrUnsupported):
		return Unsupported
	}
	return Broken
}
