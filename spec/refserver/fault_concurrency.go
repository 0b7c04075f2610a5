package refserver

import (
	"net/http"
	"sync"
	"time"
)

// window is how long an unlocked server lets others in between reading a record
// and writing it back.
const window = 10 * time.Millisecond

// pause lets others at a locked grant for a while.
func (g *grant) pause() {
	g.mu.Unlock()
	time.Sleep(window)
	g.mu.Lock()
}

var concurrencyFaults = []Fault{
	pollFault("redeem-unlocked", "DF-CONC-001", "Redeeming reads the grant, then marks it, without a lock.",
		func(s *Server, q *request, g *grant, now time.Time) *answer {
			if g.state != approved || s.is.over(q, g, now) {
				return nil
			}
			g.pause()
			return s.is.redeem(s, q, g)
		}),
	{
		Name: "poll-conflict", Check: "DF-CONC-002", Doc: "Two polls of one code at the same time end in a conflict and 500.",
		Break: func(b *behaviour) { b.early = pollConflict(always) },
	},
	{
		Name: "codes-shared-in-races", Check: "DF-CONC-003",
		Doc: "Simultaneous device authorization requests can get the same user code.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			var last string
			var at time.Time
			b.userCode = func(s *Server) string {
				mu.Lock()
				defer mu.Unlock()
				if now := time.Now(); last == "" || now.Sub(at) > time.Millisecond {
					last, at = s.newUserCode(), now
				}
				return last
			}
		},
	},
	{
		Name: "poll-erases-approval", Check: "DF-CONC-004", Doc: "A poll writes back the whole record that it read.",
		Break: func(b *behaviour) { b.early = pollErases(always) },
	},
	{
		Name: "both-decisions-kept", Check: "DF-CONC-005",
		Doc:   "Of an approval and a denial at once the device sees first the one, then the other.",
		Break: func(b *behaviour) { bothDecisionsKept(b, always) },
	},
	{
		Name: "decisions-per-model", Check: "DF-CONC-006",
		Doc:   "Devices of one make that are decided within a second share the first decision.",
		Break: func(b *behaviour) { b.decide = decisionsPerModel(always) },
	},
}

// always is the chance of a fault that shows whenever it can.
func always() bool { return true }

// pollConflict answers 500 to the second of two polls at the same time.
func pollConflict(hit func() bool) func(*Server, *request, *grant, time.Time) *answer {
	var mu sync.Mutex
	under := map[*grant]int{}
	return func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
		if g.state != pending {
			return nil
		}
		mu.Lock()
		under[g]++
		busy := under[g] > 1
		mu.Unlock()
		g.pause()
		mu.Lock()
		under[g]--
		mu.Unlock()
		if busy && hit() {
			a := refuse("server_error", "the record was changed by another request")
			a.status = http.StatusInternalServerError
			return a
		}
		return nil
	}
}

// pollErases lets a poll overwrite an approval that comes while it is answered.
func pollErases(hit func() bool) func(*Server, *request, *grant, time.Time) *answer {
	return func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
		if g.state != pending {
			return nil
		}
		g.pause()
		if g.state == approved && hit() {
			g.state = pending
		}
		return nil
	}
}

// bothDecisionsKept lets the second of two decisions at the same time overwrite
// the first, and the device see both.
func bothDecisionsKept(b *behaviour, hit func() bool) {
	var mu sync.Mutex
	minted, told := map[*grant]bool{}, map[*grant]bool{}
	b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
		g.mu.Lock()
		was := g.state
		g.mu.Unlock()
		time.Sleep(window)
		if was != pending || action == actionEnter || !now.Before(g.expires) {
			return s.decide(g, action, user, now)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.state != pending && !hit() {
			return errDecided
		}
		g.user = user
		if action == actionApprove {
			mu.Lock()
			minted[g] = true
			mu.Unlock()
			if g.state == pending {
				g.state = approved
			}
		} else {
			g.state = denied
		}
		return nil
	}
	b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
		mu.Lock()
		defer mu.Unlock()
		if g.state != denied || !minted[g] || s.is.over(q, g, now) {
			return nil
		}
		if !told[g] {
			told[g] = true
			return nil
		}
		return s.is.redeem(s, q, g)
	}
}

// decisionsPerModel gives a device the decision on another one of its make.
func decisionsPerModel(hit func() bool) func(*Server, *grant, string, string, time.Time) error {
	type made struct {
		action string
		at     time.Time
	}
	var mu sync.Mutex
	last := map[string]made{}
	return func(s *Server, g *grant, action, user string, now time.Time) error {
		mu.Lock()
		defer mu.Unlock()
		if action == actionEnter || g.state != pending {
			return s.decide(g, action, user, now)
		}
		model := g.model()
		d, ok := last[model]
		switch {
		case !ok || now.Sub(d.at) >= time.Second:
			last[model] = made{action, now}
		case d.action != action && hit():
			action = d.action
		}
		return s.decide(g, action, user, now)
	}
}
