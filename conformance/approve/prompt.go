package approve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// Prompt asks a person at the terminal, one device at a time, however many wait.
type Prompt struct {
	in    io.Reader
	out   io.Writer
	hold  func() (release func()) // keeps other output off the screen
	turn  chan struct{}           // held by the device that is shown
	lines chan string
	once  sync.Once
	total atomic.Int64 // devices to come in the run; 0 where nobody said

	// Those of the device that holds the turn.
	count  int
	page   string // that was shown last
	code   string
	absent bool  // nobody answered for the device before
	over   error // why no more devices are shown, nil while they are
}

// NewPrompt returns an approver that shows what to do on out and reads the
// answers from in. hold is called while a device is shown; nil does nothing.
func NewPrompt(in io.Reader, out io.Writer, hold func() (release func())) *Prompt {
	if hold == nil {
		hold = func() func() { return func() {} }
	}
	return &Prompt{in: in, out: out, hold: hold, turn: make(chan struct{}, 1), lines: make(chan string)}
}

// Powers: a person types the code as it is shown, and nothing else.
func (p *Prompt) Powers() Powers { return Powers{} }

// Pace of somebody who has the page open: read, type, press, come back.
func (p *Prompt) Pace() time.Duration { return 10 * time.Second }

// Expect lets the person see how much is still to come.
func (p *Prompt) Expect(decisions int) { p.total.Store(int64(decisions)) }

// reminders are how long before its end a code is counted down.
var reminders = []time.Duration{time.Minute, 30 * time.Second, 10 * time.Second, 5 * time.Second}

// patience is how long somebody who did not answer is waited for.
const patience = 2 * time.Minute

// take waits for the turn; the error is that of ctx.
func (p *Prompt) take(ctx context.Context) (release func(), err error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.once.Do(func() { go p.read() })
	show := p.hold()
	return func() { show(); <-p.turn }, nil
}

// Ready waits for a person who did not answer the last time, so that no code is
// made for an empty chair.
func (p *Prompt) Ready(ctx context.Context) error {
	release, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if !p.absent || p.over != nil {
		return nil
	}
	fmt.Fprintf(p.out, "  press Enter when you are ready for the next device, or q and Enter to stop: ")
	select {
	case line, ok := <-p.lines: // also one that was meant for the device before
		if p.absent = false; !ok || strings.EqualFold(strings.TrimSpace(line), "q") {
			p.over = ErrStopped
		}
	case <-time.After(patience):
		fmt.Fprintf(p.out, "\n  nobody is there: no more devices are shown\n")
		p.over = errGone
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return ctx.Err()
	}
	return nil
}

// Decide shows the address and the code, and waits for the person to say that
// it is done. A code that has ended is shown as one.
func (p *Prompt) Decide(ctx context.Context, v Verification, d Decision) error {
	if v.User != "" || v.Raw != "" {
		return ErrUnsupported
	}
	release, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if p.over != nil {
		return p.over
	}
	p.count++
	p.forget()
	p.show(v, d)
	err = p.answer(ctx, v.ExpiresAt)
	p.absent = errors.Is(err, errUnanswered)
	return err
}

// maxTyped is how much is shown of what a person is to type, in characters.
const maxTyped = 500

func (p *Prompt) show(v Verification, d Decision) {
	of, as := "", ""
	if total := int(p.total.Load()); p.count <= total {
		of = fmt.Sprintf(" of %d", total)
	}
	if v.VerificationURI == p.page {
		as = "  (the same page: keep it open, if it takes another code)"
	}
	again := v.UserCode == p.code
	p.page, p.code = v.VerificationURI, v.UserCode
	fmt.Fprintf(p.out, "\nDevice %d%s: please %s\n  open  %s%s\n  enter %s\n", p.count, of, strings.ToUpper(string(d)),
		Clean(cut(v.VerificationURI, maxTyped)), as, Clean(cut(v.UserCode, maxTyped)))
	if v.VerificationURIComplete != "" {
		io.WriteString(p.out, code(v.VerificationURIComplete))
	}
	left, refused := time.Until(v.ExpiresAt).Round(time.Second), "the page refused"
	if again {
		fmt.Fprintf(p.out, "  the same code once more, on purpose: try it, the page may refuse it\n")
	}
	switch {
	case v.ExpiresAt.IsZero():
	case left > 0:
		fmt.Fprintf(p.out, "  the code ends in %s; being late fails nothing, it leaves checks undecided\n", left)
	default:
		fmt.Fprintf(p.out, "  this code has ended, on purpose: try it, the page should refuse it\n")
		refused = "the page refused, as it should"
	}
	fmt.Fprintf(p.out, "  done? [y: done, n: %s, s: skip this device, q: stop asking] ", refused)
}

var (
	errUnanswered = errors.New("nobody answered before the code ended")
	errGone       = errors.New("nobody is at the terminal")
)

// answer waits for the answer and counts down.
func (p *Prompt) answer(ctx context.Context, end time.Time) error {
	next, stop := countdown(end)
	defer stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return errors.New("nobody answers: the input has ended")
			}
			switch strings.ToLower(strings.TrimSpace(line)) {
			case "y", "yes":
				return nil
			case "n", "no":
				return fmt.Errorf("%w: the person answered no", ErrRefused)
			case "s", "skip":
				return ErrSkipped
			case "q", "quit":
				p.over = ErrStopped
				return p.over
			}
			fmt.Fprintf(p.out, "  y, n, s or q, then Enter: ")
		case left := <-next:
			if left <= 0 {
				fmt.Fprintf(p.out, "\n  too late: the code of device %d has ended; what it was for stays undecided\n", p.count)
				return errUnanswered
			}
			fmt.Fprintf(p.out, "\n  device %d has %s left: ", p.count, left)
		case <-ctx.Done():
			fmt.Fprintf(p.out, "\n  device %d: cancelled\n", p.count)
			return ctx.Err()
		}
	}
}

// countdown tells how much time is left at the reminders, and 0 at the end.
func countdown(end time.Time) (left <-chan time.Duration, stop func()) {
	c := make(chan time.Duration, len(reminders)+1)
	var timers []*time.Timer
	for _, r := range append(slices.Clone(reminders), 0) {
		if in := time.Until(end) - r; in > 0 {
			timers = append(timers, time.AfterFunc(in, func() { c <- r }))
		}
	}
	return c, func() {
		for _, t := range timers {
			t.Stop()
		}
	}
}

// forget drops what was typed before the device is shown.
func (p *Prompt) forget() {
	for {
		select {
		case _, ok := <-p.lines:
			if !ok {
				return
			}
		default:
			return
		}
	}
}

func (p *Prompt) read() {
	defer close(p.lines)
	for s := bufio.NewScanner(p.in); s.Scan(); {
		p.lines <- s.Text()
	}
}

// Clean shows control characters of a server's text instead of sending them to
// the terminal.
func Clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
