package refserver

import (
	"net/http"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// patienceFaults end, or put off, a device that keeps its interval for long.
var patienceFaults = []Fault{
	pollFault("loop-breaker", "DF-POLL-022",
		"An undecided code is unknown from its tenth poll on, as if its device never stopped polling.",
		func(_ *Server, _ *request, g *grant, now time.Time) *answer {
			if g.state == pending && g.polls >= 9 && now.Before(g.expires) {
				return refuse(spec.ErrInvalidGrant, "too many polls")
			}
			return nil
		}),
	slow(Fault{
		Name: "ends-after-two-minutes", Check: "DF-POLL-022",
		Doc:       "An undecided code expires two minutes after it was issued, whatever lifetime was announced.",
		Configure: func(c *Config) { c.Lifetime = 15 * time.Minute },
		Break: func(b *behaviour) {
			b.over = func(_ *request, g *grant, now time.Time) bool {
				return !now.Before(g.expires) || g.state == pending && now.Sub(g.created) > 2*time.Minute
			}
		},
	}),
	longLived(evictsOldestOf(50, "DF-POLL-022")),
	belowPace("limit-below-pace", "A code that was polled eight times in a minute is answered 429.",
		problem(http.StatusTooManyRequests, "try again in a minute").with("Retry-After", "60")),
	belowPace("error-below-pace", "A code that was polled eight times in a minute is answered invalid_request.",
		refuse(spec.ErrInvalidRequest, "try again in a minute")),
	belowPace("slow-down-below-pace", "A code that was polled eight times in a minute is answered slow_down.",
		stateAnswer(spec.ErrSlowDown)),
	slow(windowed("address-limit-below-pace", "Eight polls a minute from one address are answered, the others with 429.")),
}

// longLived is a fault on a server whose codes outlive the run.
func longLived(f Fault) Fault {
	f.Configure = func(c *Config) { c.Lifetime = 15 * time.Minute }
	return slow(f)
}

// belowPace refuses the ninth poll of an undecided code in a minute, and those after it.
func belowPace(name, doc string, refusal *answer) Fault {
	return pollFault(name, "DF-POLL-022", doc, func(_ *Server, _ *request, g *grant, now time.Time) *answer {
		minute := now.Sub(g.created) / time.Minute
		if g.state != pending || int(g.polls) < 8*(1+int(minute)) {
			return nil
		}
		a := *refusal
		return &a
	})
}

// windowed serves eight polls of each minute of the clock.
func windowed(name, doc string) Fault {
	return Fault{
		Name: name, Check: "DF-POLL-022", Doc: doc,
		Configure: func(c *Config) { c.Lifetime = 15 * time.Minute },
		Break: func(b *behaviour) {
			var mu sync.Mutex
			minute, served := time.Time{}, 0
			b.refuseToken = func(*Server, *request) *answer {
				mu.Lock()
				defer mu.Unlock()
				if now := time.Now().Truncate(time.Minute); now != minute {
					minute, served = now, 0
				}
				if served++; served <= 8 {
					return nil
				}
				return problem(http.StatusTooManyRequests, "try again in a minute")
			}
		},
	}
}
