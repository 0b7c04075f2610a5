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
	"time"
	"unicode"

	"rsc.io/qr"
)

// Prompt asks a person at the terminal, one device at a time, however many wait.
type Prompt struct {
	in    io.Reader
	out   io.Writer
	turn  chan struct{} // held by the device that is shown
	lines chan string
	once  sync.Once

	// Those of the device that holds the turn.
	count int
	owed  bool // a device before was left without an answer, which can still come
}

// NewPrompt returns an approver that shows what to do on out and reads the
// answers from in.
func NewPrompt(in io.Reader, out io.Writer) *Prompt {
	return &Prompt{in: in, out: out, turn: make(chan struct{}, 1), lines: make(chan string)}
}

// Powers: a person types the code as it is shown, and nothing else.
func (p *Prompt) Powers() Powers { return Powers{} }

// reminders are how long before its end a code is counted down.
var reminders = []time.Duration{time.Minute, 30 * time.Second, 10 * time.Second, 5 * time.Second}

// Decide shows the address and the code, and waits for the person to say that
// it is done.
func (p *Prompt) Decide(ctx context.Context, v Verification, d Decision) error {
	if v.User != "" || v.Raw != "" {
		return ErrUnsupported
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p.once.Do(func() { go p.read() })
	if !v.ExpiresAt.IsZero() && time.Until(v.ExpiresAt) <= 0 {
		return errors.New("the code ended before its turn came")
	}
	p.count++
	p.forget()
	p.show(v, d)
	err := p.answer(ctx, v.ExpiresAt)
	p.owed = errors.Is(err, errUnanswered) || ctx.Err() != nil
	return err
}

func (p *Prompt) show(v Verification, d Decision) {
	fmt.Fprintf(p.out, "\nDevice %d: please %s\n  open  %s\n  enter %s\n", p.count, strings.ToUpper(string(d)), Clean(v.VerificationURI), Clean(v.UserCode))
	if v.VerificationURIComplete != "" {
		io.WriteString(p.out, code(v.VerificationURIComplete))
	}
	if left := time.Until(v.ExpiresAt); left > 0 {
		fmt.Fprintf(p.out, "  the code ends in %s\n", left.Round(time.Second))
	}
	fmt.Fprintf(p.out, "  done? [y: done, n: the page refused, s: skip] ")
}

var errUnanswered = errors.New("nobody answered before the code ended")

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
			case "y", "yes", "":
				return nil
			case "n", "no":
				return fmt.Errorf("%w: so says the person at the terminal", ErrRefused)
			case "s", "skip":
				return ErrUnsupported
			}
			fmt.Fprintf(p.out, "  y, n or s: ")
		case left := <-next:
			if left <= 0 {
				fmt.Fprintf(p.out, "\n  too late: the code of device %d has ended\n", p.count)
				return errUnanswered
			}
			fmt.Fprintf(p.out, "\n  device %d has %s left: ", p.count, left)
		case <-ctx.Done():
			fmt.Fprintf(p.out, "\n  device %d is no longer asked about\n", p.count)
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

// forget drops what was typed for a device that is no longer asked about.
func (p *Prompt) forget() {
	for p.owed {
		select {
		case _, ok := <-p.lines:
			if !ok {
				return
			}
		default:
			p.owed = false
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

// code draws a QR code with two modules a character; nothing when the text is
// too long for one.
func code(text string) string {
	if len(text) > 300 {
		return ""
	}
	q, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	const quiet = 2
	var b strings.Builder
	for y := -quiet; y < q.Size+quiet; y += 2 {
		b.WriteString("  ")
		for x := -quiet; x < q.Size+quiet; x++ {
			top, bottom := q.Black(x, y), q.Black(x, y+1)
			b.WriteString(map[[2]bool]string{{true, true}: " ", {false, false}: "█", {false, true}: "▀", {true, false}: "▄"}[[2]bool{top, bottom}])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
