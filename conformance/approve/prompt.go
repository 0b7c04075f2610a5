package approve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"rsc.io/qr"
)

// Prompt asks a person at the terminal, one device at a time.
type Prompt struct {
	out   io.Writer
	turn  chan struct{} // held by the device that is shown
	lines chan string
	once  sync.Once
	in    io.Reader
	mu    sync.Mutex
	count int
}

// NewPrompt returns an approver that shows what to do on out and reads the
// answers from in.
func NewPrompt(in io.Reader, out io.Writer) *Prompt {
	return &Prompt{in: in, out: out, turn: make(chan struct{}, 1), lines: make(chan string)}
}

// Powers: a person types the code as it is shown, and nothing else.
func (p *Prompt) Powers() Powers { return Powers{} }

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
	p.mu.Lock()
	p.count++
	n := p.count
	p.mu.Unlock()
	fmt.Fprintf(p.out, "\nDevice %d: please %s\n  open  %s\n  enter %s\n", n, strings.ToUpper(string(d)), Clean(v.VerificationURI), Clean(v.UserCode))
	if v.VerificationURIComplete != "" {
		io.WriteString(p.out, code(v.VerificationURIComplete))
	}
	if left := time.Until(v.ExpiresAt); left > 0 {
		fmt.Fprintf(p.out, "  the code ends in %s\n", left.Round(time.Second))
	}
	fmt.Fprintf(p.out, "  done? [y: done, n: the page refused, s: skip] ")
	expired := time.NewTimer(time.Until(v.ExpiresAt))
	defer expired.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return fmt.Errorf("nobody answers: the input has ended")
			}
			switch strings.ToLower(strings.TrimSpace(line)) {
			case "y", "yes", "":
				return nil
			case "n", "no":
				return ErrRefused
			case "s", "skip":
				return ErrUnsupported
			}
			fmt.Fprintf(p.out, "  y, n or s: ")
		case <-expired.C:
			return fmt.Errorf("nobody answered before the code ended")
		case <-ctx.Done():
			return ctx.Err()
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
