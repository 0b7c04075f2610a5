package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/dfcheck/dfcheck/reports"
)

// terminal is where a command speaks. Results go to out, so that they can be
// piped; progress, errors and hints go to err. A progress line that rewrites
// itself is shown on a terminal alone; elsewhere there is a plain line now and
// then.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	screen   *screen
	secrets  *secrecy // of the servers that the command knows
}

// screen belongs to the prompt while one is shown: what else there is to say waits.
// Its methods work on nil, which nobody prompts on.
type screen struct {
	mu      sync.Mutex
	held    int
	line    *progress
	waiting []func()
}

// hold keeps the screen for a prompt.
func (s *screen) hold() (release func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held++
	if s.line != nil {
		s.line.clear()
	}
	return s.release
}

func (s *screen) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held--; s.held > 0 {
		return
	}
	for _, say := range s.waiting {
		say()
	}
	s.waiting = nil
}

// unheld says something that is worth nothing later: now or never.
func (s *screen) unheld(say func()) {
	if s == nil {
		say()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == 0 {
		say()
	}
}

// show says something as soon as no prompt is shown.
func (s *screen) show(say func()) {
	if s == nil {
		say()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held > 0 {
		s.waiting = append(s.waiting, say)
		return
	}
	say()
}

// failure is an error with the exit code it ends the program with, and what the
// user can do about it.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is a failure of flags, configuration or files.
func usage(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &failure{reports.ExitUsage, err, hint}
}

// exit ends the program with a code and nothing more to say.
func exit(code int) error {
	if code == reports.ExitOK {
		return nil
	}
	return &failure{code: code}
}

// report says what went wrong, and returns the exit code.
func (t terminal) report(err error) int {
	if err == nil {
		return reports.ExitOK
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{reports.ExitUsage, err, ""}
	}
	if f.err != nil {
		fmt.Fprintf(t.err, "dfcheck: error: %s\n", reports.Legible(f.err.Error()))
		if f.hint != "" {
			fmt.Fprintf(t.err, "dfcheck: hint: %s\n", reports.Legible(f.hint))
		}
	}
	return f.code
}

// note is a line about the work, not its result.
func (t terminal) note(format string, args ...any) { fmt.Fprintf(t.err, format+"\n", args...) }

// interactive reports whether a stream is a terminal.
func interactive(where any) bool {
	if s, ok := where.(*stream); ok {
		where = s.Writer
	}
	f, ok := where.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress is the line that says how far the work is.
type progress struct {
	t     terminal
	live  bool
	mu    sync.Mutex
	last  time.Time
	shown bool
}

func (t terminal) progress() *progress {
	p := &progress{t: t, live: interactive(t.err)}
	if t.screen != nil {
		t.screen.mu.Lock()
		defer t.screen.mu.Unlock()
		t.screen.line = p
	}
	return p
}

// How often the line is rewritten, and how often a plain line is printed.
const (
	redraw = 100 * time.Millisecond
	repeat = 10 * time.Second
)

// say shows a line; on anything but a terminal only from time to time.
func (p *progress) say(line string) { p.t.screen.unheld(func() { p.write(line) }) }

func (p *progress) write(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pause := redraw
	if !p.live {
		pause = repeat
	}
	if p.last.IsZero() {
		p.last = time.Now() // short work needs no progress
		return
	}
	if time.Since(p.last) < pause {
		return
	}
	p.last = time.Now()
	if p.live {
		fmt.Fprintf(p.t.err, "\r\x1b[K%s", line)
		p.shown = true
		return
	}
	fmt.Fprintln(p.t.err, line)
}

// clear takes the line away, so that something else can be printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.t.err, "\r\x1b[K")
		p.shown = false
	}
}
