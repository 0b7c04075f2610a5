package refserver

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// LoadFaults are faults that only a crowd meets, or only for longer than a
// conformance run looks: `dfcheck load` shows them. Check is the requirement that
// they break.
func LoadFaults() []Fault { return loadFaults }

var loadFaults = []Fault{
	{
		Name: "one-instance-knows", Check: "DF-HTTP-010",
		Doc:   "A code is known to one of two instances; connections are spread over both.",
		Break: func(b *behaviour) { instances(b, instance) },
	},
	{
		Name: "approval-on-one-instance", Check: "DF-HTTP-010",
		Doc: "Of two instances the one that issued a code alone learns of its approval; connections are spread over both.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			home := map[*grant]bool{}
			b.began = func(_ *Server, q *request, g *grant, _ map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				home[g] = instance(q)
			}
			b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
				mu.Lock()
				defer mu.Unlock()
				if g.state == approved && home[g] != instance(q) && !s.is.over(q, g, now) {
					return stateAnswer(spec.ErrAuthorizationPending)
				}
				return nil
			}
		},
	},
	{
		Name: "flaky", Check: "DF-CONC-006", Doc: "One request of a device in fifty ends in 500.",
		Wrap: func(next http.Handler) http.Handler {
			var n atomic.Uint64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != pathDecision && n.Add(1)%50 == 0 {
					http.Error(w, "no connection to the database", http.StatusInternalServerError)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	},
}

// instance is which of two a connection leads to. Neighbouring ports are as likely to
// lead to one as to two.
func instance(q *request) bool {
	return sha256.Sum256([]byte(q.RemoteAddr))[0]&1 == 1
}
