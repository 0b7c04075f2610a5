package refserver

import (
	"net/http"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

const purged = "ruling R4: the record of a code that has just ended may be gone"

// storeVariants keep grants in other ways. None lets go of one that a device may
// still poll.
var storeVariants = []Fault{
	forgetful("ended-codes-unknown", "A code is unknown from the moment it ends; expired_token is never said.",
		func(*grant, time.Time) bool { return true }),
	forgetful("purge-job", "Every two seconds a job deletes the codes that have ended.",
		func(g *grant, now time.Time) bool { return now.Truncate(2 * time.Second).After(g.expires) }),
	evicting,
	fullStore,
	{
		Name: "same-tokens-on-replay", Doc: "A redeemed code gives the same tokens again, for devices that lost the answer.",
		Also: map[string]string{
			"DF-REUSE-001": "ruling R5: the same tokens again",
			"DF-CTYPE-019": "ruling R5: the same tokens again",
			"DF-CONC-001":  "ruling R5: the same tokens again",
		},
		Break: func(b *behaviour) {
			b.early = func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
				if g.state == redeemed {
					return succeed(g.tokens.members())
				}
				return nil
			}
		},
	},
}

// forgetful is a server that no longer knows some of the codes that have ended
// undecided or unredeemed.
func forgetful(name, doc string, gone func(g *grant, now time.Time) bool) Fault {
	return Fault{Name: name, Doc: doc, Also: map[string]string{"DF-EXPIRY-001": purged},
		Break: func(b *behaviour) { b.early = unknownWhen(gone) }}
}

func unknownWhen(gone func(g *grant, now time.Time) bool) func(*Server, *request, *grant, time.Time) *answer {
	return func(s *Server, q *request, g *grant, now time.Time) *answer {
		if g.state != redeemed && s.is.over(q, g, now) && gone(g, now) {
			return refuse(spec.ErrInvalidGrant, "the device code is unknown")
		}
		return nil
	}
}

// room is how many grants a bounded store holds.
const room = 100

// evicting makes room for new grants by forgetting the ended ones, the oldest
// first.
var evicting = Fault{
	Name: "evicts-the-ended", Doc: "A store of 100 grants evicts the oldest of those that have ended.",
	Also: map[string]string{"DF-EXPIRY-001": purged},
	Break: func(b *behaviour) {
		younger := countYounger(b)
		b.early = unknownWhen(func(g *grant, _ time.Time) bool { return younger(g) >= room })
	},
}

// countYounger makes a server keep count of its grants; the result tells how many have
// begun since a given one.
func countYounger(b *behaviour) func(*grant) int {
	var mu sync.Mutex
	started, place := 0, map[*grant]int{}
	b.began = func(_ *Server, _ *request, g *grant, _ map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		started++
		place[g] = started
	}
	return func(g *grant) int {
		mu.Lock()
		defer mu.Unlock()
		return started - place[g]
	}
}

// fullStore refuses what it has no room for, rather than forget what it holds.
var fullStore = Fault{
	Name: "full-store-refuses",
	Doc:  "A store of 100 live grants answers further device authorization requests with 503 and Retry-After.",
	Break: func(b *behaviour) {
		var mu sync.Mutex
		var ends []time.Time
		b.refuseStart = func(s *Server, q *request) *answer {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			for len(ends) > 0 && !now.Before(ends[0]) {
				ends = ends[1:]
			}
			if len(ends) < room {
				ends = append(ends, now.Add(s.cfg.Lifetime))
				return nil
			}
			return problem(http.StatusServiceUnavailable, "no room for another grant").with("Retry-After", "2")
		}
	},
}
