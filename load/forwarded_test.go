package load

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestForwarded: a limit by address leaves a crowd alone that comes from many addresses, by
// either field, where the server trusts what is said of them; the report says what that rests on.
func TestForwarded(t *testing.T) {
	for _, c := range []struct {
		name, of, field string
		trusts, limited bool
	}{
		{"says nothing", "", "", true, true},
		{"not trusted", "198.18.0.0/16", "", false, true},
		{"trusted", "198.18.0.0/16", "", true, false},
		{"trusted, in the standard's words", "2001:db8::/64", profile.Forwarded, true, false},
		{"all the same", "198.18.0.1/32", "", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit, err := refserver.ParseLimit("all:address:10/1s")
			if err != nil {
				t.Fatal(err)
			}
			server := refserver.New(refserver.Config{Interval: time.Second, Lifetime: 6 * time.Second, Decisions: true,
				Limits: []refserver.Limit{limit}, TrustForwarded: c.trusts})
			p := crowdOf(60)
			p.Connections.ForwardedRange, p.Connections.ForwardedField = c.of, c.field
			inBubble(t, server, documented(t), p, func(t *testing.T, l *reports.Load) {
				if limited := l.Outcomes.HTTP4xx > 0; limited != c.limited {
					t.Errorf("limited: %v, want %v: %+v", limited, c.limited, l.Outcomes)
				}
				said := strings.Contains(strings.Join(l.Notes, "\n"), "counts only with a server that trusts this machine")
				if said != (c.of != "") {
					t.Errorf("notes %q", l.Notes)
				}
			})
		})
	}
}

// TestForwardedTwice: a header field that all requests have is not the device's to set.
func TestForwardedTwice(t *testing.T) {
	p := crowdOf(1)
	p.Connections.ForwardedRange = "198.18.0.0/16"
	tg := Target{StartURL: "http://127.0.0.1:1/", TokenURL: "http://127.0.0.1:1/",
		Headers: http.Header{"X-Forwarded-For": {"192.0.2.1"}}}
	_, err := Run(t.Context(), tg, p, Options{})
	if err == nil || !strings.Contains(err.Error(), "is set for all requests") {
		t.Error(err)
	}
}
