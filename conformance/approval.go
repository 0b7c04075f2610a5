package conformance

import (
	"errors"
	"strings"

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
	case errors.Is(err, approve.ErrSkipped):
		return Skipped
	case errors.Is(err, approve.ErrStopped):
		return Stopped
	}
	return Broken
}

// answerTo is what an approver's error tells of the server's answer, with the
// typed code taken out so that answers to different codes can be compared.
func answerTo(detail string, v approve.Verification) string {
	_, answer, ok := strings.Cut(detail, approve.ErrRefused.Error()+": ")
	if !ok {
		return ""
	}
	for _, form := range []string{v.Typed(), plainCode(v.Typed())} {
		if form != "" {
			answer = strings.ReplaceAll(answer, form, "…")
		}
	}
	return answer
}
