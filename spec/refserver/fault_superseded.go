package refserver

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// supersededFaults take the devices of one client for one device: each needs its own
// grant (RFC 8628 section 3.2).
var supersededFaults = []Fault{
	onePending("one-pending-per-client", "A device authorization request ends the undecided codes of the same client.",
		func(q *request) string { return q.client.ID },
		func(b *behaviour, s *Server, g *grant) { s.grants.drop(g, b.normal) }),
	standard(onePending("one-pending-per-address",
		"A device authorization request cancels the undecided codes of the same client and address.",
		func(q *request) string { return fmt.Sprint(q.client.ID, address(q.Request)) },
		func(_ *behaviour, _ *Server, g *grant) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.state == pending {
				g.state = denied
			}
		})),
	standard(startsRepeated(10 * time.Second)),
}

// onePending keeps one undecided code for each key of a request: end is what becomes of
// the one before.
func onePending(name, doc string, key func(*request) string, end func(*behaviour, *Server, *grant)) Fault {
	return Fault{
		Name: name, Check: "DF-AUTHZ-010", Whole: true, Doc: doc,
		Break: func(b *behaviour) {
			var mu sync.Mutex
			newest := map[string]*grant{}
			b.began = func(s *Server, q *request, g *grant, _ map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				if old := newest[key(q)]; old.undecided() {
					end(b, s, old)
				}
				newest[key(q)] = g
			}
		},
	}
}

// startsRepeated answers a device authorization request that it had shortly before with
// the codes of that one, while they are undecided.
func startsRepeated(within time.Duration) Fault {
	return Fault{
		Name: "starts-repeated", Check: "DF-AUTHZ-010", Whole: true,
		Doc: fmt.Sprintf("Equal device authorization requests within %s get the same codes.", within),
		Break: func(b *behaviour) {
			type begun struct {
				*grant
				members map[string]any
			}
			var mu sync.Mutex
			seen := map[string]begun{}
			b.began = func(s *Server, q *request, g *grant, m map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				same := fmt.Sprint(q.client.ID, q.params)
				if last := seen[same]; last.undecided() && time.Since(last.created) < within {
					s.grants.drop(g, b.normal)
					clear(m)
					maps.Copy(m, last.members)
					return
				}
				seen[same] = begun{g, maps.Clone(m)}
			}
		},
	}
}

// undecided reports whether there is a grant that waits for a person.
func (g *grant) undecided() bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == pending
}
