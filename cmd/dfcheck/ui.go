package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// terminal is where a command speaks. Results go to out, so that they can be
// piped; progress, errors and hints go to err.
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

// above says something that is no part of the block which tells how far the work is.
func (s *screen) above(say func()) {
	s.show(func() {
		if s != nil && s.line != nil {
			s.line.clear()
		}
		say()
	})
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
		if see := symptom(f.err); see != "" {
			fmt.Fprintf(t.err, "dfcheck: more: %s\n", see.URL())
		}
	}
	return f.code
}

// explained is an error of which TROUBLESHOOTING.md knows more.
type explained struct {
	error
	see conformance.Symptom
}

func (e explained) Unwrap() error { return e.error }

// symptom is where an error is explained; "" where it is not.
func symptom(err error) conformance.Symptom {
	if e, ok := errors.AsType[explained](err); ok {
		return e.see
	}
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		return p.See
	}
	return ""
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
