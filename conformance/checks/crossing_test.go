package checks

import (
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
)

// TestAim: where polls come too late the approval waits longer, and less where they are
// answered before it; in a long decision no poll is aimed behind the moment from which
// on polls get tokens.
func TestAim(t *testing.T) {
	tokens, pending := &Exchange{Sent: 1, Received: 9}, &Exchange{Sent: 1, Received: 9}
	replace(tokens, 200, "application/json", `{"access_token":"t","token_type":"Bearer"}`)
	replace(pending, 400, "application/json", `{"error":"authorization_pending"}`)
	a := &aim{}
	lead := func() int { _, n := a.next(0, 0); return n }
	for range 50 {
		before := lead()
		a.learn(0, tokens, 5)
		if n := lead(); n < before || n > mostLead || n == before && n != mostLead {
			t.Fatalf("a poll that came too late changed the lead from %d to %d", before, n)
		}
	}
	if a.learn(0, pending, 5); lead() != mostLead {
		t.Errorf("a poll that met the approval changed the lead to %d", lead())
	}
	for range 50 {
		a.learn(0, pending, 10)
	}
	if lead() != 0 {
		t.Errorf("polls that were answered before the approval left a lead of %d", lead())
	}
	const usual = 800 * time.Millisecond
	if at, _ := a.next(3, usual); at != 600*time.Millisecond {
		t.Errorf("the last quarter begins after %s", at)
	}
	a.learn(600*time.Millisecond, tokens, 5)
	for i := range aimPoints {
		if at, _ := a.next(i, usual); at >= 600*time.Millisecond {
			t.Errorf("poll %d is aimed at %s, from which on polls get tokens", i, at)
		}
	}
}
