package refserver

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// grant is the life of one device code.
type grant struct {
	deviceCode, userCode string
	client               *Client
	scope                string // as asked for
	deviceType, deviceOS string
	created, expires     time.Time
	from                 string // the address of the device

	mu       sync.Mutex
	state    state
	user     string // who decided
	polled   time.Time
	polls    uint32    // while undecided
	told     time.Time // when its device last heard how it ended
	interval time.Duration
	tokens   *tokens           // once redeemed
	lookers  map[*session]bool // signed in, who were shown the request
	heard    heard
	held     *relayed // by a Proxy, which has not passed it on
}

// lookedAtBy counts the sessions in which the request was shown.
func (g *grant) lookedAtBy(who *session) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lookers == nil {
		g.lookers = map[*session]bool{}
	}
	g.lookers[who] = true
	return len(g.lookers)
}

// state of a grant. Expiry is no state: the clock decides it.
type state uint8

const (
	pending state = iota
	approved
	denied
	redeemed
)

// store keeps grants by device code and by user code. It is sharded so that
// polls of different devices do not wait for each other.
type store struct {
	seed   maphash.Seed
	keep   time.Duration // how long a grant is known after its end
	forget time.Duration // how long after its device has heard of it; 0 for no sooner
	most   int64         // grants
	held   atomic.Int64  // grants
	turn   atomic.Uint32 // the shard that is tidied next when there is no room
	shards [64]shard
	typed  userCodes
}

type shard struct {
	mu     sync.RWMutex
	grants map[string]*grant
	queue  []*grant // those longest not looked at first
}

// userCodes finds grants by what people type.
type userCodes struct {
	mu     sync.RWMutex
	grants map[string]*grant
}

func newStore(keep, forget time.Duration, most int) *store {
	s := &store{seed: maphash.MakeSeed(), keep: keep, forget: forget, most: int64(most),
		typed: userCodes{grants: map[string]*grant{}}}
	for i := range s.shards {
		s.shards[i].grants = map[string]*grant{}
	}
	return s
}

func (s *store) shard(deviceCode string) *shard {
	return &s.shards[maphash.String(s.seed, deviceCode)%uint64(len(s.shards))]
}

// find returns the grant of a device code, nil when there is none.
func (s *store) find(deviceCode string) *grant {
	sh := s.shard(deviceCode)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.grants[deviceCode]
}

// typedAs returns the grant of a user code in its normal form.
func (s *store) typedAs(normal string) *grant {
	s.typed.mu.RLock()
	defer s.typed.mu.RUnlock()
	return s.typed.grants[normal]
}

// claim registers a grant under a user code in its normal form; false means
// that a live grant has that code.
func (s *store) claim(normal string, g *grant) bool {
	s.typed.mu.Lock()
	defer s.typed.mu.Unlock()
	if old := s.typed.grants[normal]; old != nil && g.created.Before(old.expires) {
		return false
	}
	s.typed.grants[normal] = g
	return true
}

// assign registers a grant under a user code, whoever had it before.
func (s *store) assign(normal string, g *grant) {
	s.typed.mu.Lock()
	defer s.typed.mu.Unlock()
	s.typed.grants[normal] = g
}

// lookedAt is how many grants a start looks at, to forget those that are over:
// more than it adds.
const lookedAt = 3

// add stores a grant and looks whether others of the same shard can be forgotten:
// the work is spread over the starts.
func (s *store) add(g *grant, normal func(string) string) {
	sh := s.shard(g.deviceCode)
	sh.mu.Lock()
	sh.grants[g.deviceCode] = g
	sh.queue = append(sh.queue, g)
	sh.mu.Unlock()
	s.held.Add(1)
	s.tidy(sh, g.created, normal)
}

// full reports whether there is no room for another grant, although grants that are
// over were looked for.
func (s *store) full(now time.Time, normal func(string) string) bool {
	if s.held.Load() < s.most {
		return false
	}
	s.tidy(&s.shards[s.turn.Add(1)%uint32(len(s.shards))], now, normal)
	return s.held.Load() >= s.most
}

// tidy forgets grants of a shard that are over, if they are among the next few.
func (s *store) tidy(sh *shard, now time.Time, normal func(string) string) {
	sh.mu.Lock()
	var gone []*grant
	for range min(lookedAt, len(sh.queue)) {
		old := sh.queue[0]
		sh.queue = sh.queue[1:]
		if s.done(old, now) {
			gone = append(gone, old)
			delete(sh.grants, old.deviceCode)
		} else {
			sh.queue = append(sh.queue, old)
		}
	}
	sh.mu.Unlock()
	s.held.Add(int64(-len(gone)))
	if len(gone) == 0 {
		return
	}
	s.typed.mu.Lock()
	defer s.typed.mu.Unlock()
	for _, old := range gone {
		if code := normal(old.userCode); s.typed.grants[code] == old {
			delete(s.typed.grants, code)
		}
	}
}

// done reports whether a grant can be forgotten.
func (s *store) done(g *grant, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return now.Sub(g.expires) > s.keep || s.forget > 0 && !g.told.IsZero() && now.Sub(g.told) > s.forget
}

// drop forgets a grant, whatever its state; only a fault does. It is counted until it
// has ended.
func (s *store) drop(g *grant, normal func(string) string) {
	sh := s.shard(g.deviceCode)
	sh.mu.Lock()
	delete(sh.grants, g.deviceCode)
	sh.mu.Unlock()
	s.typed.mu.Lock()
	defer s.typed.mu.Unlock()
	if key := normal(g.userCode); s.typed.grants[key] == g {
		delete(s.typed.grants, key)
	}
}

// clear drops every grant; only a fault does.
func (s *store) clear() {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		s.held.Add(int64(-len(sh.grants)))
		clear(sh.grants)
		sh.queue = nil
		sh.mu.Unlock()
	}
}

// normalCode is a user code as it is compared: upper case, without what people
// leave out (RFC 8628 section 6.1).
func normalCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		case r == '-' || r == ' ' || r == '_' || r == '.':
			return -1
		}
		return r
	}, typed)
}
