package load

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
	"github.com/google/go-cmp/cmp"
)

// The report has each kind with its first, when it was seen and the exchange,
// without the secrets in it.
func TestErrorsOverTime(t *testing.T) {
	away := refserver.Fault{Wrap: func(next http.Handler) http.Handler {
		began := time.Now()
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if age := time.Since(began); age > 10*time.Second && age < 20*time.Second && r.URL.Path != "/decision" {
				says(503, "<html>away</html>")(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
	p := crowdOf(20)
	p.Duration = profile.Duration(30 * time.Second)
	p.Groups[0].Behaviour = profile.Behaviour{RestartAfter: profile.Duration(time.Second), OnError: profile.Retry}
	synctest.Test(t, func(t *testing.T) { // for the server's clock to be the bubble's
		runOn(t, quick(away), documented(t), p, Options{}, func(t *testing.T, l *reports.Load) {
			addsUp(t, l)
			if len(l.Errors) != 1 {
				t.Fatalf("%+v", l.Errors)
			}
			e := l.Errors[0]
			if e.Kind != "http_503" || e.FirstSecond < 9.9 || e.FirstSecond > 12 || e.LastSecond > 20 {
				t.Fatalf("%+v", e)
			}
			var seconds []int
			for _, s := range l.Timeline {
				if s.ErrorsByKind["http_503"] > 0 {
					seconds = append(seconds, s.Second)
				}
			}
			if len(seconds) < 3 || seconds[0] < 9 || seconds[len(seconds)-1] > 20 {
				t.Errorf("errors in the seconds %v", seconds)
			}
			x := l.Exchanges[slices.IndexFunc(l.Exchanges,
				func(x reports.Exchange) bool { return x.ID == e.Exchange })]
			if x.Response.Status != 503 || strings.Contains(x.Request.Body, "device_code=") &&
				!strings.Contains(x.Request.Body, "device_code=device_code") {
				t.Errorf("%+v", x)
			}
		})
	})
}

// The line about a keep-alive that is as long as the interval.
func TestKeepAliveLikeTheInterval(t *testing.T) {
	for idle, want := range map[time.Duration]bool{time.Second: true, time.Minute: false} {
		p := crowdOf(10)
		p.Connections.Mode = profile.PerDevice
		p.Groups[0].People = profile.People{}
		synctest.Test(t, func(t *testing.T) {
			w := pipes.New()
			s := &http.Server{Handler: quick(), IdleTimeout: idle}
			go s.Serve(w)
			defer s.Shutdown(context.Background())
			l, err := Run(t.Context(), targetOver(w, documented(t)), p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := slices.ContainsFunc(l.Notes,
				func(n string) bool { return strings.Contains(n, "keep-alive is about the polling interval of 1 s") })
			if got != want {
				t.Errorf("keep-alive of %s: %q, %+v", idle, l.Notes, l.Errors)
			}
		})
	}
}

// A mean that is far from the interval says nothing of it.
func TestStaleNote(t *testing.T) {
	if keepAliveNote(0, 0, 10, time.Second) != "" {
		t.Error("a note about nothing")
	}
	want := "1 of 10 requests (10.0 %) were sent twice: the server closed the kept connection just then, " +
		"after 60.0 s without a request"
	if d := cmp.Diff(want, keepAliveNote(1, time.Minute, 10, 5*time.Second)); d != "" {
		t.Error(d)
	}
}
