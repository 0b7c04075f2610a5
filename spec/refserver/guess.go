package refserver

import (
	"errors"
	"sync"
	"time"
)

// guesses counts the unknown codes of each who guesses: what one person typed
// (RFC 8628 section 5.1), what one address polled with (section 5.2). It holds up
// the one who guesses and nobody else.
type guesses struct {
	allowed int // 0: any number
	window  time.Duration
	mu      sync.Mutex
	wrong   map[string]*tally
}

func newGuesses(allowed int, window time.Duration) *guesses {
	return &guesses{allowed: allowed, window: window, wrong: map[string]*tally{}}
}

type tally struct {
	since time.Time
	count int
}

// A person may type this many unknown codes in this time; the windows of
// addresses are shorter, since many devices can share one.
const (
	guessesAllowed = 20
	guessesWindow  = time.Minute
	guessWindow    = 10 * time.Second
)

var errGuessing = errors.New("too many unknown codes; try again in a minute")

// held reports whether somebody has guessed too often.
func (g *guesses) held(who string, now time.Time) bool {
	if g.allowed == 0 {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.wrong[who]
	return t != nil && now.Sub(t.since) < g.window && t.count >= g.allowed
}

// miss counts an unknown code.
func (g *guesses) miss(who string, now time.Time) {
	if g.allowed == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.wrong) >= maxKeys {
		clear(g.wrong)
	}
	t := g.wrong[who]
	if t == nil || now.Sub(t.since) >= g.window {
		t = &tally{since: now}
		g.wrong[who] = t
	}
	t.count++
}
