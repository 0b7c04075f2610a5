package main

import (
	"errors"
	"io"
	"sync"

	"github.com/dfcheck/dfcheck/reports"
)

// secrecy keeps the secrets of a command's servers out of all that it prints and
// writes. Its methods work on nil, which knows no secret.
type secrecy struct {
	mu      sync.Mutex
	redacts []func(string) string
	guards  []reports.Guard
	leak    error // the first that was refused
}

// keep makes the secrets of a server secrets of the command, from here on.
func (s *secrecy) keep(redact func(string) string, guard reports.Guard) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redacts, s.guards = append(s.redacts, redact), append(s.guards, guard)
}

// redact returns a text with pseudonyms in the places of secrets.
func (s *secrecy) redact(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, redact := range s.redacts {
		text = redact(text)
	}
	return text
}

// guard returns an error for what still holds a secret. The command then ends with
// exit code 3.
func (s *secrecy) guard(name string, text []byte) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, guard := range s.guards {
		if err := guard(name, text); err != nil {
			if s.leak == nil {
				s.leak = err
			}
			return err
		}
	}
	return nil
}

// refused is what a command ends with: its own error, unless something was not
// written because it held a secret.
func (s *secrecy) refused(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leak == nil {
		return err
	}
	if f, ok := errors.AsType[*failure](err); ok && f.err == nil {
		err = nil // an exit code alone
	}
	if !errors.Is(err, s.leak) {
		err = errors.Join(err, s.leak)
	}
	return &failure{reports.ExitUntested, err, ""}
}

// A stream is standard output or standard error. What is written to it at once is
// redacted, and then read by the guard.
type stream struct {
	name string
	io.Writer
	secrets *secrecy
}

func (w *stream) Write(text []byte) (int, error) {
	redacted := []byte(w.secrets.redact(string(text)))
	if err := w.secrets.guard(w.name, redacted); err != nil {
		return 0, err
	}
	if _, err := w.Writer.Write(redacted); err != nil {
		return 0, err
	}
	return len(text), nil
}

// rendered is the stream behind w for reports, which are redacted already and read
// by a guard of their own: with --show-secrets by none.
func rendered(w io.Writer) io.Writer {
	if s, ok := w.(*stream); ok {
		return s.Writer
	}
	return w
}
