package refserver

import (
	"crypto/sha256"
	"net/http"
	"slices"
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
	{
		Name: "scans-all-codes", Check: "DF-SEC-010",
		Doc:   "Every request is looked up among all codes that have not expired, one after the other.",
		Break: func(b *behaviour) { slowedBy(b, true) },
	},
	{
		Name: "codes-leak", Check: "DF-SEC-010",
		Doc:   "Every request is looked up among all codes that there ever were: none is forgotten.",
		Break: func(b *behaviour) { slowedBy(b, false) },
	},
}

// scanTime is what looking at a thousand codes takes, so that a scan costs the same on
// every machine.
const scanTime = 200 * time.Microsecond

// slowedBy makes every request of a device take as long as looking at all codes does:
// at those that live, or at all that there were.
func slowedBy(b *behaviour, forget bool) {
	var mu sync.Mutex
	var ends []time.Time // of the codes, the oldest first
	b.began = func(_ *Server, _ *request, g *grant, _ map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		ends = append(ends, g.expires)
		for forget && !ends[0].After(g.created) { // the others are there, and in order
			ends = ends[1:]
		}
	}
	b.finish = func(*request, *answer) {
		now := time.Now()
		mu.Lock()
		from := 0
		if forget {
			from, _ = slices.BinarySearchFunc(ends, now, time.Time.Compare)
		}
		n := len(ends) - from
		mu.Unlock()
		time.Sleep(time.Duration(n) * scanTime / 1000)
	}
}

// instance is which of two a connection leads to. Neighbouring ports are as likely to
// lead to one as to two.
func instance(q *request) bool {
	return sha256.Sum256([]byte(q.RemoteAddr))[0]&1 == 1
}
