package refserver

import (
	"errors"
	"sync"
	"time"
)

// guesses counts the unknown codes that one person typed (RFC 8628 section
// 5.1). It holds up the one who guesses and nobody else.
type guesses struct {
	mu    sync.Mutex
	wrong map[string]*tally
}

type tally struct {
	since time.Time
	count int
}

// A person may type this many unknown codes in this time.
const (
	guessesAllowed = 20
	guessesWindow  = time.Minute
)

var errGuessing = errors.New("too many unknown codes; try again in a minute")

// held tells whether somebody has guessed too often.
func (g *guesses) held(who string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.wrong[who]
	return t != nil && now.Sub(t.since) < guessesWindow && t.count >= guessesAllowed
}

// miss counts an unknown code.
func (g *guesses) miss(who string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.wrong[who]
	if t == nil || now.Sub(t.since) >= guessesWindow {
		t = &tally{since: now}
		g.wrong[who] = t
	}
	t.count++
}
