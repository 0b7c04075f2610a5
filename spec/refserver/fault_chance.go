package refserver

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// chanceFaults show now and then: in one race of so many.
var chanceFaults = []Fault{
	redeemedTwice("redeem-unlocked-in-ten", 10),
	rare(redeemedTwice("redeem-unlocked-in-forty", 40)),
	{
		Name: "poll-conflict-in-ten", Check: "DF-CONC-002",
		Doc:   "One in ten polls that come together with another of their code ends in 500.",
		Break: func(b *behaviour) { b.early = pollConflict(oneIn(10)) },
	},
	{
		Name: "codes-shared-in-ten", Check: "DF-CONC-003",
		Doc: "One in ten simultaneous device authorization requests gets the user code of the one before.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			var last string
			var at time.Time
			hit := oneIn(10)
			b.began = func(_ *Server, _ *request, g *grant, members map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				if last != "" && g.created.Sub(at).Abs() <= time.Millisecond && hit() {
					link, _ := members["verification_uri_complete"].(string)
					members["user_code"], members["verification_uri_complete"] = last, strings.ReplaceAll(link, g.userCode, last)
				}
				last, at = members["user_code"].(string), g.created
			}
		},
	},
	{
		Name: "poll-erases-approval-in-ten", Check: "DF-CONC-004",
		Doc:   "One in ten polls that cross an approval writes back the record that it read.",
		Break: func(b *behaviour) { b.early = pollErases(oneIn(10)) },
	},
	{
		Name: "both-decisions-kept-in-ten", Check: "DF-CONC-005",
		Doc:   "One in ten pairs of decisions at once is shown one after the other.",
		Break: func(b *behaviour) { bothDecisionsKept(b, oneIn(5)) }, // half of them approve first, which hides it
	},
	{
		Name: "decisions-per-model-in-ten", Check: "DF-CONC-006",
		Doc:   "One in ten devices gets the decision on another of its make.",
		Break: func(b *behaviour) { b.decide = decisionsPerModel(oneIn(5)) }, // half of them would have got it anyway
	},
	{
		Name: "code-reusable-in-ten", Check: "DF-REUSE-001",
		Doc: "A code that was redeemed in a race gives another set of tokens on one in ten later polls.",
		Break: func(b *behaviour) {
			raced := map[*grant]bool{}
			var mu sync.Mutex
			hit := oneIn(10)
			b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
				if g.state != redeemed || s.is.over(q, g, now) {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				if now.Sub(g.told) <= window {
					raced[g] = true
				} else if raced[g] && hit() {
					return s.is.redeem(s, q, g)
				}
				return nil
			}
		},
	},
}

// rare shows a fault in thorough runs alone.
func rare(f Fault) Fault { f.Thorough = true; return f }

// redeemedTwice gives a second set of tokens for one in n codes that are polled
// more than once at the moment of their redemption.
func redeemedTwice(name string, n int) Fault {
	return Fault{
		Name: name, Check: "DF-CONC-001", Doc: "Now and then two polls at the same moment redeem a code twice.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			at, drawn := map[*grant]time.Time{}, map[*grant]bool{}
			hit := oneIn(n)
			b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case g.state == approved:
					at[g] = now
				case g.state == redeemed && now.Sub(at[g]) <= window && !drawn[g]:
					drawn[g] = true
					if hit() {
						return s.is.redeem(s, q, g)
					}
				}
				return nil
			}
		},
	}
}

// oneIn is a chance of one in n, and never longer without a hit than twice n: of
// every n draws one hits, at a random place.
func oneIn(n int) func() bool {
	var mu sync.Mutex
	i, place := 0, 0
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		if i == 0 {
			place = rand.N(n)
		}
		hit := i == place
		i = (i + 1) % n
		return hit
	}
}
