package refserver

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

var httpFaults = []Fault{
	{
		Name: "dies-at-trace", Check: "DF-HTTP-003",
		Doc: "A TRACE request ends the process, which is back four seconds later.",
		Wrap: func(next http.Handler) http.Handler {
			var back atomic.Int64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodTrace {
					back.Store(time.Now().Add(4 * time.Second).UnixNano())
				}
				if time.Now().UnixNano() < back.Load() {
					panic(http.ErrAbortHandler) // the connection ends without an answer
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	{
		Name: "get-polls", Check: "DF-HTTP-001", Doc: "GET on the token endpoint polls.",
		Wrap: rewriteMethod(func(r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/token") {
				return false
			}
			r.Header.Set("Content-Type", string(spec.Form))
			r.Body = io.NopCloser(strings.NewReader(r.URL.RawQuery))
			return true
		}),
	},
	{
		Name: "allow-omitted", Check: "DF-HTTP-002", Doc: "405 is sent as an OAuth error, without Allow.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			if a.status == http.StatusMethodNotAllowed {
				a.header.Del("Allow")
				a.body = []byte(`{"error":"invalid_request","error_description":"use POST"}`)
			}
		}),
	},
	{
		Name: "allow-names-others", Check: "DF-HTTP-002", Doc: "The Allow of a 405 names GET, and not POST.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			if a.status == http.StatusMethodNotAllowed {
				a.header.Set("Allow", "GET, HEAD")
			}
		}),
	},
	{
		Name: "put-starts", Check: "DF-HTTP-003", Doc: "PUT starts a flow.",
		Wrap: rewriteMethod(func(r *http.Request) bool { return r.Method == http.MethodPut }),
	},
	{
		Name: "any-origin-with-credentials", Check: "DF-HTTP-004", Doc: "Every origin is allowed, with credentials.",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if origin := r.Header.Get("Origin"); origin != "" {
					w.Header().Set("Access-Control-Allow-Origin", origin)
					w.Header().Set("Access-Control-Allow-Credentials", "true")
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	{
		Name: "errors-without-cors", Check: "DF-HTTP-004",
		Doc: "Any origin may read the answers of both operations, but for those that are errors.",
		Wrap: rewrite(func(r *http.Request, a *recorded) {
			page := r.URL.Path == pathPage || strings.HasPrefix(r.URL.Path, pathPage+"/")
			if a.status < http.StatusBadRequest && !page && r.Header.Get("Origin") != "" {
				a.header.Set("Access-Control-Allow-Origin", "*")
			}
		}),
	},
	{
		Name: "slash-crashes", Check: "DF-HTTP-005",
		Doc: "POST to the device authorization path without its final slash ends in 500.",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/device-authorization") {
					problem(http.StatusInternalServerError, "the body of a POST cannot be redirected").send(w)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	answerFault("start-cacheable", "DF-HTTP-006", "The device authorization response may be cached for five minutes.",
		func(q *request, a *answer) {
			if q.name == "start" && a.status == http.StatusOK {
				a.with("Cache-Control", "max-age=300")
			}
		}),
	{
		Name: "plain-http-served", Check: "DF-HTTP-007", Doc: "The application answers on port 80 too.", TLS: true,
		Break: func(b *behaviour) { b.plain = func(s *Server) http.Handler { return s } },
	},
	{
		Name: "tls-1.0-accepted", Check: "DF-HTTP-008", Doc: "Connections may use TLS 1.0.", TLS: true,
		Break: func(b *behaviour) { b.oldestTLS = tls.VersionTLS10 },
	},
	{
		Name: "byte-order-mark", Check: "DF-HTTP-009", Doc: "The answers of both operations begin with a byte order mark.",
		Break: func(b *behaviour) {
			b.finish = func(_ *request, a *answer) {
				if a.body == nil {
					a.body = a.render()
				}
				a.body = append([]byte("\xef\xbb\xbf"), a.body...)
			}
		},
	},
	{
		Name: "one-shot-connections-elsewhere", Check: "DF-HTTP-010",
		Doc:   "Connections for one request alone lead to another instance, which knows its own codes alone.",
		Also:  map[string]string{"DF-EXPIRY-008": "after a restart a code is polled on a new connection"},
		Break: func(b *behaviour) { instances(b, func(q *request) bool { return q.Close }) },
	},
}

// instances makes two instances of the server, each of which knows its own codes alone;
// other reports whether a request reaches the second.
func instances(b *behaviour, other func(q *request) bool) {
	var mu sync.Mutex
	home := map[string]bool{}
	b.began = func(_ *Server, q *request, g *grant, _ map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		home[g.deviceCode] = other(q)
	}
	b.find = func(s *Server, q *request, code string) *grant {
		mu.Lock()
		defer mu.Unlock()
		if at, known := home[code]; known && at != other(q) {
			return nil
		}
		return s.grants.find(code)
	}
}

// rewriteMethod serves the requests that take picks as if they were POSTs.
func rewriteMethod(take func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if take(r) {
				r.Method = http.MethodPost
			}
			next.ServeHTTP(w, r)
		})
	}
}
