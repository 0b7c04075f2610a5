package conformance

import (
	"fmt"
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// A Habit is a deviation that a single start and poll already show, and the
// setting of lenient: that keeps it.
type Habit struct {
	What    string
	Setting string // as it stands in dfcheck.yaml; empty when there is none
}

// Habits lists what the exchanges of a preflight show.
func Habits(xs []*Exchange) []Habit {
	var out []Habit
	for _, x := range xs {
		_, old := x.Member("verification_url")
		_, standard := x.Member("verification_uri")
		switch {
		case x.Op == OpStart && x.HasCodes() && old && !standard:
			out = append(out, Habit{"the verification URI is called verification_url", "verification_url: true"})
		case x.Op == OpToken && x.StillPending() && x.Status() != http.StatusBadRequest:
			out = append(out, Habit{fmt.Sprintf("%s comes with status %d instead of 400", x.ErrorCode(), x.Status()),
				fmt.Sprintf("status: [%d]", x.Status())})
		}
	}
	if n := len(xs); n > 0 && xs[n-1].Op == OpToken && !xs[n-1].StillPending() {
		out = append(out, Habit{What: "a poll of a fresh code gets " + describe(xs[n-1]) + " instead of " +
			spec.ErrAuthorizationPending})
	}
	return out
}
