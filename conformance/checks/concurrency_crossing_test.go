package checks

import (
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
)

// TestAim: in a long decision no poll is aimed behind the moment from which on polls
// get tokens.
func TestAim(t *testing.T) {
	tokens := &Exchange{}
	replace(tokens, 200, "application/json", `{"access_token":"t","token_type":"Bearer"}`)
	const usual = 800 * time.Millisecond
	a := &aim{}
	if at := a.next(3, usual); at != 600*time.Millisecond {
		t.Errorf("the last quarter begins after %s", at)
	}
	a.learn(600*time.Millisecond, tokens)
	for i := range aimPoints {
		if at := a.next(i, usual); at >= 600*time.Millisecond {
			t.Errorf("poll %d is aimed at %s, from which on polls get tokens", i, at)
		}
	}
}

// TestMeets: a poll meets a decision that begins before it is answered, and only where
// it saw the code undecided: one that is refused because another got the tokens did not.
func TestMeets(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error":"authorization_pending"}`: true, `{"error":"slow_down"}`: true,
		`{"error":"invalid_grant"}`: false, `{"access_token":"t"}`: false,
	} {
		x := &Exchange{Op: OpToken, Flow: "f1", Sent: 2, Received: 4}
		replace(x, 400, "application/json", body)
		if got := meets(x, 3, 5); got != want {
			t.Errorf("%s: %t", body, got)
		}
		if meets(x, 5, 6) || meets(x, 0, 1) {
			t.Errorf("%s meets a decision that was at another time", body)
		}
	}
}
