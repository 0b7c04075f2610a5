package refserver

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/dfcheck/dfcheck/spec"
)

// limitVariants answer bursts and hostile text before the device flow does. The
// pace they allow is far above that of any device.
var limitVariants = []Fault{
	limited("limited-in-json", "Bursts from one address are answered 429 with an error that is none of OAuth's.",
		byAddress,
		&reply{429, "application/json", `{"error":"rate_limited","message":"Too many requests"}`, nil}),
	limited("limited-in-html", "Bursts from one address are answered 429 in HTML, with Retry-After.", byAddress,
		&reply{429, "text/html", "<h1>429 Too Many Requests</h1>", map[string]string{"Retry-After": "1"}}),
	limited("limited-as-slow-down", "Bursts from one address are answered 429 with slow_down.", byAddress,
		&reply{429, "application/json", `{"error":"slow_down"}`, map[string]string{"Retry-After": "1"}}),
	limited("limited-as-503", "Bursts from one address are answered 503 in HTML.", byAddress,
		&reply{503, "text/html", "<h1>503 Service Temporarily Unavailable</h1>", nil}),
	limited("limited-by-client", "Bursts of one client are answered 429 with a problem.", byClient,
		&reply{429, "application/problem+json", `{"title":"Too many requests","status":429}`,
			map[string]string{"Retry-After": "1"}}),
	limited("limited-by-code", "Bursts about one device code are answered 429 without a body.", byCode,
		&reply{429, "", "", map[string]string{"Retry-After": "1"}}),
	{
		Name: "unknown-codes-slowed", Doc: "A code that is not the server's is refused, and answered slow_down when it " +
			"comes again within its interval.",
		Break: slowRepeated,
	},
	crowded("crowd-limited-by-code", "More than two polls a second with one device code are answered 429.", ByCode, 2),
	crowded("crowd-below-the-limit", "More than 32 polls a second from one address are answered 429.", ByAddress, 32),
	{
		Name: "behind-a-firewall", Doc: "Hostile text is answered 403 in HTML by a firewall.", Abuse: true,
		Wrap: func(next http.Handler) http.Handler {
			return withBody(func(w http.ResponseWriter, r *http.Request, body []byte) {
				if hostile(string(body)) {
					htmlPage(http.StatusForbidden, "Request blocked").send(w)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	},
}

// slowRepeated measures the pace by what a poll sends for a device code, none being one
// as well, before the code is looked up.
func slowRepeated(b *behaviour) {
	var mu sync.Mutex
	last := map[string]time.Time{}
	b.refuseToken = func(s *Server, q *request) *answer {
		code := q.get("device_code")
		if q.get("grant_type") == spec.GrantRefreshToken || s.is.find(s, q, code) != nil {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		before, now := last[code], time.Now()
		last[code] = now
		if before.IsZero() || now.Sub(before) >= s.cfg.Interval-jitter {
			return nil
		}
		return stateAnswer(spec.ErrSlowDown)
	}
}

// crowded limits polls and leaves room for thirty devices that keep their interval.
func crowded(name, doc, by string, n int) Fault {
	return Fault{Name: name, Doc: doc, Thorough: true, Only: []string{"DF-SEC-013", "POLL"},
		Configure: func(c *Config) { c.Limits = pollLimit(by, n) }}
}

// hostile reports whether a body has what firewalls look for.
func hostile(body string) bool {
	for _, mark := range []string{"%00", "\x00", `\u0000`, "%0D%0A", "\\r\\n", "+OR+", " OR ", "DROP+", "DROP ", "script",
		"svg%2F", "svg/",
		"%24ne", "$ne", "$gt", "$regex", "..%2F", "../"} {
		if strings.Contains(body, mark) {
			return true
		}
	}
	return len(body) > 8<<10
}

func byAddress(r *http.Request, _ []byte) string { return address(r) }

// byClient and byCode find the value whatever the encoding; "" is not limited.
func byClient(_ *http.Request, body []byte) string { return valueOf("client_id", string(body)) }
func byCode(_ *http.Request, body []byte) string   { return valueOf("device_code", string(body)) }

func valueOf(name, body string) string {
	_, rest, ok := strings.Cut(body, name)
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, "=\":\r\n ")
	end := strings.IndexAny(rest, "&\",\r\n")
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// Requests a second that a limited server serves for one key, and how many at
// once.
const (
	limitPace  = 40
	limitBurst = 40
)

// limited serves the two operations up to a limit for each key.
func limited(name, doc string, key func(r *http.Request, body []byte) string, refusal *reply) Fault {
	return Fault{Name: name, Doc: doc, Abuse: true, Wrap: func(next http.Handler) http.Handler {
		var mu sync.Mutex
		limits := map[string]*rate.Limiter{}
		return withBody(func(w http.ResponseWriter, r *http.Request, body []byte) {
			k := key(r, body)
			if op, _ := endpoint(r.URL.Path); op == "" || k == "" {
				next.ServeHTTP(w, r)
				return
			}
			mu.Lock()
			if limits[k] == nil {
				limits[k] = rate.NewLimiter(limitPace, limitBurst)
			}
			ok := limits[k].AllowN(time.Now(), 1)
			mu.Unlock()
			if !ok {
				refusal.send(w)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
}
