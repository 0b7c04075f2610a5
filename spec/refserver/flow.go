package refserver

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// A Flow is the life of one device code, as people who watch a server may see it. The
// user code is on two screens anyway; of the device code, which is worth tokens, there is
// a fingerprint.
type Flow struct {
	UserCode    string `json:"user_code"`
	Fingerprint string `json:"device_code_sha256"` // the first 8 hexadecimal digits
	Client      string `json:"client_id"`
	Scope       string `json:"scope,omitempty"`
	State       string `json:"state"` // pending, approved, denied, redeemed or expired
	Polls       int    `json:"polls"`
	TooEarly    int    `json:"too_early"`             // polls before the interval was over
	Answer      string `json:"last_answer,omitempty"` // to the last poll: an error code, tokens, or the status
	Interval    int    `json:"interval"`              // seconds, after each slow_down
	Left        int    `json:"seconds_left"`          // of the lifetime
}

// heard is what a device did, and what it was told last.
type heard struct {
	polls, early uint32
	at           time.Time
	answer       string
}

// poll counts a poll, with the grant locked.
func (h *heard) poll(g *grant, now time.Time) {
	h.polls++
	if g.state == pending && !h.at.IsZero() && now.Sub(h.at) < g.interval-jitter {
		h.early++
	}
	h.at = now
}

// mostFlows is how many flows are listed, the newest first.
const mostFlows = 200

// Flows lists the newest flows that the server knows, at most mostFlows.
func (s *Server) Flows() []Flow {
	newest := s.grants.newest(mostFlows)
	flows := make([]Flow, len(newest))
	for i, g := range newest {
		flows[i] = g.flow(time.Now())
	}
	return flows
}

// newest are the grants that began last.
func (s *store) newest(most int) []*grant {
	var all []*grant
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.RLock()
		for _, g := range sh.grants {
			all = append(all, g)
		}
		sh.mu.RUnlock()
	}
	slices.SortFunc(all, func(a, b *grant) int {
		return cmp.Or(b.created.Compare(a.created), cmp.Compare(a.userCode, b.userCode))
	})
	return all[:min(most, len(all))]
}

var stateNames = [...]string{pending: "pending", approved: "approved", denied: "denied", redeemed: "redeemed"}

func (g *grant) flow(now time.Time) Flow {
	g.mu.Lock()
	defer g.mu.Unlock()
	sum := sha256.Sum256([]byte(g.deviceCode))
	f := Flow{UserCode: g.userCode, Fingerprint: hex.EncodeToString(sum[:4]), Client: g.client.ID, Scope: g.scope,
		State: stateNames[g.state], Polls: int(g.heard.polls), TooEarly: int(g.heard.early), Answer: g.heard.answer,
		Interval: int(g.interval / time.Second), Left: max(0, int(g.expires.Sub(now)/time.Second))}
	if g.state != redeemed && !now.Before(g.expires) {
		f.State = "expired"
	}
	return f
}
