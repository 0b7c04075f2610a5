package approve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// screen is a terminal that many write to.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// person is a prompt with somebody in front of it, in a bubble.
type person struct {
	*testing.T
	*Prompt
	keys   *io.PipeWriter
	screen *screen
}

func inBubble(t *testing.T, f func(p person)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		in, keys := io.Pipe()
		s := &screen{}
		f(person{t, NewPrompt(in, s, nil), keys, s})
		keys.Close()
	})
}

func (p person) types(line string) {
	synctest.Wait()
	io.WriteString(p.keys, line+"\n")
	synctest.Wait()
}

// asks starts a decision; the answer comes on the channel.
func (p person) asks(ctx context.Context, code string, lifetime time.Duration) <-chan error {
	out := make(chan error, 1)
	v := Verification{UserCode: code, VerificationURI: "https://a.example/device", ExpiresAt: time.Now().Add(lifetime)}
	go func() { out <- p.Decide(ctx, v, Approve) }()
	synctest.Wait()
	return out
}

func TestPromptAnswers(t *testing.T) {
	for line, want := range map[string]error{"y": nil, "\ny": nil, " YES ": nil, "n": ErrRefused, "s": ErrSkipped,
		"q": ErrStopped, "what?\ny": nil} {
		inBubble(t, func(p person) {
			got := p.asks(p.Context(), "ABCD", time.Hour)
			p.types(line)
			if err := <-got; !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%q: %v, want %v", line, err, want)
			}
			if s := p.screen.String(); !strings.Contains(s, "please APPROVE") || !strings.Contains(s, "enter ABCD") ||
				!strings.Contains(s, "ends in 1h0m0s") {
				t.Errorf("the screen says %q", s)
			}
		})
	}
}

// TestPromptSeveral: eight devices at once are shown one after the other, each
// until it is answered.
func TestPromptSeveral(t *testing.T) {
	inBubble(t, func(p person) {
		answers := map[string]<-chan error{}
		for i := range 8 {
			code := fmt.Sprintf("CODE-%d", i)
			answers[code] = p.asks(p.Context(), code, time.Hour)
		}
		shown := regexp.MustCompile(`enter (CODE-\d)`)
		for i := range 8 {
			codes := shown.FindAllStringSubmatch(p.screen.String(), -1)
			if len(codes) != i+1 {
				t.Fatalf("%d devices are shown after %d answers", len(codes), i)
			}
			code := codes[i][1]
			line, want := "y", error(nil)
			if i%2 == 1 {
				line, want = "n", ErrRefused
			}
			p.types(line)
			if err := <-answers[code]; !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%s: %v, want %v", code, err, want)
			}
		}
	})
}

func TestPromptCountdown(t *testing.T) {
	inBubble(t, func(p person) {
		got := p.asks(p.Context(), "ABCD", 90*time.Second)
		second := p.asks(p.Context(), "EFGH", time.Hour)
		time.Sleep(81 * time.Second)
		synctest.Wait()
		s := p.screen.String()
		for _, left := range []string{"has 1m0s left", "has 30s left", "has 10s left"} {
			if strings.Count(s, left) != 1 {
				t.Errorf("%q is not said once: %q", left, s)
			}
		}
		if strings.Contains(s, "5s left") || strings.Contains(s, "EFGH") {
			t.Errorf("too early: %q", s)
		}
		time.Sleep(9 * time.Second)
		if err := <-got; !errors.Is(err, errUnanswered) {
			t.Errorf("%v", err)
		}
		p.types("y")
		if err := <-second; err != nil || !strings.Contains(p.screen.String(), "too late: the code of device 1") {
			t.Errorf("%v, %q", err, p.screen)
		}
	})
}

// TestPromptLateAnswer: what is typed for a device that is no longer asked about
// answers no other one.
func TestPromptLateAnswer(t *testing.T) {
	inBubble(t, func(p person) {
		got := p.asks(p.Context(), "ABCD", 10*time.Second)
		time.Sleep(11 * time.Second)
		if err := <-got; !errors.Is(err, errUnanswered) {
			t.Fatal(err)
		}
		go io.WriteString(p.keys, "n\n") // late
		synctest.Wait()
		got = p.asks(p.Context(), "EFGH", time.Hour)
		select {
		case err := <-got:
			t.Fatalf("the late answer was taken for the next device: %v", err)
		default:
		}
		p.types("y")
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

func TestPromptEnds(t *testing.T) {
	inBubble(t, func(p person) {
		ctx, cancel := context.WithCancel(p.Context())
		first, second := p.asks(ctx, "ABCD", time.Hour), p.asks(ctx, "EFGH", time.Hour)
		cancel()
		for _, got := range []<-chan error{first, second} {
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted: %v", err)
			}
		}
		got := p.asks(p.Context(), "ABCD", time.Hour)
		p.keys.Close()
		if err := <-got; err == nil || !strings.Contains(err.Error(), "input has ended") {
			t.Errorf("%v", err)
		}
		for _, v := range []Verification{{User: "second"}, {Raw: "x"}} {
			if err := p.Decide(p.Context(), v, Approve); err != ErrUnsupported {
				t.Errorf("%+v: %v", v, err)
			}
		}
	})
}

// TestPromptExpects: the person sees how far it is, that a page serves for several
// codes, and that a code has ended on purpose.
func TestPromptExpects(t *testing.T) {
	inBubble(t, func(p person) {
		p.Expect(2)
		for i, want := range []string{"Device 1 of 2: please APPROVE", "Device 2 of 2: please APPROVE",
			"Device 3: please APPROVE"} {
			lifetime := time.Duration(1-i) * time.Minute
			got := p.asks(p.Context(), "ABCD", lifetime)
			p.types("y")
			if err := <-got; err != nil || !strings.Contains(p.screen.String(), want) {
				t.Errorf("%v, the screen says %q, want %q", err, p.screen, want)
			}
		}
		s := p.screen.String()
		if strings.Count(s, "the same code once more, on purpose") != 2 {
			t.Errorf("the screen says %q", s)
		}
		if strings.Count(s, "the same page: keep it open") != 2 || strings.Count(s, "has ended, on purpose") != 2 {
			t.Errorf("the screen says %q", s)
		}
	})
}

// TestPromptStops: after q nothing more is shown.
func TestPromptStops(t *testing.T) {
	inBubble(t, func(p person) {
		got, waiting := p.asks(p.Context(), "ABCD", time.Hour), p.asks(p.Context(), "EFGH", time.Hour)
		p.types("q")
		for _, c := range []<-chan error{got, waiting, p.asks(p.Context(), "IJKL", time.Hour)} {
			if err := <-c; !errors.Is(err, ErrStopped) {
				t.Errorf("%v", err)
			}
		}
		if err := p.Ready(p.Context()); err != nil || strings.Count(p.screen.String(), "Device ") != 1 {
			t.Errorf("%v, %q", err, p.screen)
		}
	})
}

// TestPromptReady: a person who did not answer is waited for, not for ever, and
// what is typed too late says that they are there.
func TestPromptReady(t *testing.T) {
	for name, tc := range map[string]struct {
		back func(p person)
		want error
	}{
		"comes back": {func(p person) { time.Sleep(time.Minute); p.types("") }, nil},
		"stops":      {func(p person) { p.types("q") }, ErrStopped},
		"is gone":    {func(person) { time.Sleep(patience + time.Second) }, errGone},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p person) {
				if err := p.Ready(p.Context()); err != nil || p.screen.String() != "" {
					t.Fatalf("%v, %q", err, p.screen)
				}
				got := p.asks(p.Context(), "ABCD", 10*time.Second)
				if err := <-got; !errors.Is(err, errUnanswered) {
					t.Fatal(err)
				}
				ready := make(chan error, 1)
				go func() { ready <- p.Ready(p.Context()) }()
				synctest.Wait()
				if !strings.Contains(p.screen.String(), "press Enter when you are ready") {
					t.Errorf("%q", p.screen)
				}
				tc.back(p)
				if err := <-ready; err != nil {
					t.Error(err)
				}
				got = p.asks(p.Context(), "EFGH", time.Hour)
				if tc.want == nil {
					p.types("y")
				}
				if err := <-got; !errors.Is(err, tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
			})
		})
	}
}

// TestPromptHolds: nothing else reaches the screen while a device stands on it.
func TestPromptHolds(t *testing.T) {
	inBubble(t, func(p person) {
		held := 0
		p.hold = func() func() { held++; return func() { held-- } }
		got := p.asks(p.Context(), "ABCD", time.Hour)
		if held != 1 {
			t.Errorf("held %d times", held)
		}
		p.types("y")
		if <-got; held != 0 {
			t.Errorf("still held")
		}
	})
}

// TestPromptHostile: a server's text cannot reach the terminal as a command.
func TestPromptHostile(t *testing.T) {
	inBubble(t, func(p person) {
		v := Verification{UserCode: "\x1b[2JAB\r\nCD\u202e", VerificationURI: "https://a\x07",
			VerificationURIComplete: strings.Repeat("x", 5000)}
		got := make(chan error, 1)
		go func() { got <- p.Decide(p.Context(), v, Deny) }()
		p.types("y")
		<-got
		if s := p.screen.String(); strings.ContainsAny(s, "\x1b\x07\r\u202e") || !strings.Contains(s, `\u001b[2JAB`) {
			t.Errorf("%q", s)
		}
	})
}

// TestQR reads the modules back from the drawing: the finder patterns stand in
// three corners, inside a quiet zone.
func TestQR(t *testing.T) {
	drawn := strings.Split(strings.TrimSuffix(code("https://auth.example.com/device?user_code=WDJB-MJHT"), "\n"), "\n")
	var dark [][]bool
	for _, line := range drawn {
		var top, bottom []bool
		for _, r := range strings.TrimPrefix(line, "  ") {
			top, bottom = append(top, r == ' ' || r == '▄'), append(bottom, r == ' ' || r == '▀')
		}
		dark = append(dark, top, bottom)
	}
	size := len(dark[0])
	if size < 25 || size%4 != 1 || len(dark) < size {
		t.Fatalf("%d by %d", len(dark), size)
	}
	for _, corner := range [][2]int{{2, 2}, {2, size - 9}, {size - 9, 2}} {
		for y := range 7 {
			for x := range 7 {
				ring := max(abs(x-3), abs(y-3))
				if want := ring != 2; dark[corner[0]+y][corner[1]+x] != want {
					t.Fatalf("no finder pattern at %v", corner)
				}
			}
		}
	}
	for i := range size {
		if dark[0][i] || dark[i][1] {
			t.Fatal("no quiet zone")
		}
	}
	if code(strings.Repeat("x", 301)) != "" {
		t.Error("a text that is too long is drawn")
	}
}

func abs(n int) int { return max(n, -n) }
