package refserver

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// chanceFaults show now and then: in one race of so many.
var chanceFaults = []Fault{
	inTen("redeem-unlocked", "DF-CONC-001", "Now and then two polls at the same moment redeem a code twice.", 1,
		redeemedTwice),
	rare(inForty("redeem-unlocked", "DF-CONC-001", "Now and then two polls at the same moment redeem a code twice.",
		redeemedTwice)),
	inTen("poll-conflict", "DF-CONC-002", "One in ten polls that come together with another of their code ends in 500.", 1,
		func(b *behaviour, hit func() bool) { b.early = pollConflict(hit) }),
	inTen("codes-shared", "DF-CONC-003",
		"One in ten simultaneous device authorization requests gets the user code of the one before.", 1, codesShared),
	// not every poll that crosses an approval is read before it
	inTen("poll-erases-approval", "DF-CONC-004",
		"One in ten polls that cross an approval writes back the record that it read.", 1.5,
		func(b *behaviour, hit func() bool) { b.early = pollErases(hit) }),
	// half of them approve first, which hides it
	inTen("both-decisions-kept", "DF-CONC-005", "One in ten pairs of decisions at once is shown one after the other.", 2,
		bothDecisionsKept),
	// some have none, half would have got it anyway
	inTen("decisions-per-model", "DF-CONC-006", "One in ten devices gets the decision on another of its make.", 2.4,
		func(b *behaviour, hit func() bool) { b.decide = decisionsPerModel(hit) }),
	inTen("code-reusable", "DF-REUSE-001",
		"A code that was redeemed in a race gives another set of tokens on one in ten later polls.", 1, codeReusable),
}

// inTen is a fault that shows in one round of ten.
func inTen(name, check, doc string, odds float64, races func(*behaviour, func() bool)) Fault {
	return Fault{Name: name + "-in-ten", Check: check, Doc: doc, races: races, odds: odds,
		Break: func(b *behaviour) { races(b, oneIn(int(10/odds))) }}
}

// inForty is a fault that shows in one round of forty.
func inForty(name, check, doc string, races func(*behaviour, func() bool)) Fault {
	return Fault{Name: name + "-in-forty", Check: check, Doc: doc, races: races, odds: 1,
		Break: func(b *behaviour) { races(b, oneIn(40)) }}
}

// AtRandom is a race fault as races are: it shows in a share of the rounds, 0 to 1,
// which a seed draws. A run may well be spared, which oneIn never does. It panics for a
// fault that always shows.
func (f Fault) AtRandom(share float64, seed uint64) Fault {
	races, odds := f.races, f.odds
	f.Name = fmt.Sprintf("%s at random, seed %d", f.Name, seed)
	f.Break = func(b *behaviour) {
		var mu sync.Mutex
		draw := rand.New(rand.NewPCG(seed, 0))
		races(b, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return draw.Float64() < share*odds
		})
	}
	return f
}

// Races reports whether the fault can show AtRandom.
func (f Fault) Races() bool { return f.races != nil }

// codesShared gives a start at the same moment as another the user code of that one.
func codesShared(b *behaviour, hit func() bool) {
	var mu sync.Mutex
	var last string
	var at time.Time
	b.began = func(_ *Server, _ *request, g *grant, members map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		if last != "" && g.created.Sub(at).Abs() <= time.Millisecond && hit() {
			link, _ := members["verification_uri_complete"].(string)
			members["user_code"], members["verification_uri_complete"] = last, strings.ReplaceAll(link, g.userCode, last)
		}
		last, at = members["user_code"].(string), g.created
	}
}

// codeReusable gives tokens again for a code that was redeemed in a race.
func codeReusable(b *behaviour, hit func() bool) {
	raced := map[*grant]bool{}
	var mu sync.Mutex
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
}

// rare shows a fault in thorough runs alone.
func rare(f Fault) Fault { f.Thorough = true; return f }

// redeemedTwice gives a second set of tokens for a code that is polled more than once
// at the moment of its redemption.
func redeemedTwice(b *behaviour, hit func() bool) {
	var mu sync.Mutex
	at, drawn := map[*grant]time.Time{}, map[*grant]bool{}
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
