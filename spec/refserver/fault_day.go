package refserver

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// BadDays are what happens to correct servers, and in front of them: a client has to live
// with it, and no requirement of the server is broken.
func BadDays() []Fault { return badDays }

var badDays = []Fault{
	{
		Name: "answers-lost", Doc: "One answer in five is lost: the request is served, and the connection dropped.",
		Wrap: everyFifth(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(&recorded{header: http.Header{}}, r)
			panic(http.ErrAbortHandler) // the connection ends without an answer
		}),
	},
	{
		Name: "connections-dropped", Doc: "One request in five is not served, and its connection dropped.",
		Wrap: everyFifth(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }),
	},
	{
		Name: "errors-in-five", Doc: "One request in five ends in 500.",
		Wrap: everyFifth(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { crash().send(w) }),
	},
	{
		Name: "answers-take-seven-seconds", Doc: "Every answer takes seven seconds, longer than the usual interval.",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if waited(r, 7*time.Second) {
					next.ServeHTTP(w, r)
				}
			})
		},
	},
	{
		Name: "maintenance", Doc: "Ten seconds of every thirty, all requests are answered 503 with an HTML page.",
		Wrap: func(next http.Handler) http.Handler {
			from := time.Now()
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if time.Since(from)%(30*time.Second) >= 10*time.Second {
					next.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Retry-After", "10")
				w.WriteHeader(http.StatusServiceUnavailable)
				io.WriteString(w, "<!doctype html><title>Maintenance</title><h1>We will be right back</h1>")
			})
		},
	},
	{
		Name: "answers-as-html", Doc: "JSON is labelled text/html.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			if a.header.Get("Content-Type") == jsonType[0] {
				a.header.Set("Content-Type", "text/html; charset=utf-8")
			}
		}),
	},
	{
		Name: "answers-cacheable", Doc: "Every answer may be cached for a minute.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			a.header.Del("Pragma")
			a.header.Set("Cache-Control", "public, max-age=60")
		}),
	},
	{
		Name: "approval-late",
		Doc:  "For half a minute after the first poll that could have given tokens, a code stays pending.",
		Break: func(b *behaviour) {
			var seen sync.Map // grants that were found approved, and when
			b.early = func(_ *Server, _ *request, g *grant, now time.Time) *answer {
				if g.state != approved {
					return nil
				}
				since, _ := seen.LoadOrStore(g, now)
				if now.Sub(since.(time.Time)) >= 30*time.Second {
					return nil
				}
				return stateAnswer(spec.ErrAuthorizationPending)
			}
		},
	},
}

// everyFifth does something else with each fifth request of a device.
func everyFifth(
	instead func(w http.ResponseWriter, r *http.Request, next http.Handler),
) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var n atomic.Uint64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			person := slices.Contains([]string{pathPage, pathSignIn, pathConsent, pathDecision}, r.URL.Path)
			if r.Method == http.MethodPost && !person && n.Add(1)%5 == 0 {
				instead(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// waited waits before a request is served. It returns false when the sender has gone.
func waited(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
