package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
)

var halfway = load.Progress{Elapsed: 12 * time.Second, Duration: 30 * time.Second, Starts: 500, Polls: 11_845,
	Errors: 3, Active: 4980, PerSecond: 1003, Recent: &reports.Second{P50: 1.2, P99: 8.44, LagP99: 0.3}}

// onDisplay is progress on a terminal of a size.
func onDisplay(d *display) *progress {
	return &progress{t: terminal{err: d, screen: &screen{}}, size: func() (int, int) { return d.columns, 24 }}
}

// A block is drawn in the place of the one before, on wide terminals and on narrow
// ones, also when the terminal has become narrower meanwhile.
func TestBlockIsDrawnAgain(t *testing.T) {
	for _, columns := range []int{120, 60, 40, 24, 8} {
		d := &display{columns: columns}
		p := onDisplay(d)
		fmt.Fprint(d, "before\r\n")
		for i := range 5 {
			g := halfway
			g.Elapsed += time.Duration(i) * time.Second
			say(p, loadStatus(g))
			for _, line := range d.lines {
				if len(line) > columns-1 {
					t.Errorf("%d columns: %q", columns, string(line))
				}
			}
		}
		if got := d.String(); strings.Count(got, "request") > 2 || !strings.HasPrefix(got, "before\n") {
			t.Errorf("%d columns:\n%s", columns, got)
		}
		p.clear()
		if got := d.String(); got != "before\n\n" && got != "before\n" {
			t.Errorf("%d columns, cleared:\n%s", columns, got)
		}
	}
	p := onDisplay(&display{columns: 40})
	p.shown = []int{79, 40, 0}
	if got := p.erasure(40); got != "\r\x1b[4A\x1b[J" {
		t.Errorf("lines of a wider terminal are erased by %q", got)
	}
}

// say is that of a terminal that turns line feeds into new lines.
func say(p *progress, s status) {
	d := p.t.err.(*display)
	p.t.err = crlf{d}
	p.say(s)
	p.t.err = d
}

// crlf is what a terminal does to lines.
type crlf struct{ *display }

func (c crlf) Write(text []byte) (int, error) {
	return c.display.Write([]byte(strings.ReplaceAll(string(text), "\n", "\r\n")))
}

func TestBlockSaysAll(t *testing.T) {
	d := &display{columns: 100}
	say(onDisplay(d), loadStatus(halfway))
	for _, want := range []string{"[#########...............]   12 s of 30 s, 18 s left",
		"1,003 a second   12,345 in all   3 errors (0.0243 %)",
		"p50 1.2 ms   p99 8.44 ms   lag p99 0.3 ms", "4,980 flows in flight"} {
		if !strings.Contains(d.String(), want) {
			t.Errorf("no %q in\n%s", want, d)
		}
	}
	d = &display{columns: 100}
	say(onDisplay(d), conformanceStatus(conformance.Progress{Phase: "intervals", Elapsed: 10 * time.Second,
		Critical: 40 * time.Second, Requests: 120, Judged: 30, Checks: 162, Waiting: "waiting for a code to expire",
		WaitEnds: 23 * time.Second}))
	for _, want := range []string{"[######..................]   10 s of about 40 s, 30 s left",
		"waiting for a code to expire, 13 s   intervals",
		"30 of 162 checks judged   120 requests"} {
		if !strings.Contains(d.String(), want) {
			t.Errorf("no %q in\n%s", want, d)
		}
	}
}

// What takes longer than planned does not say that nothing is left.
func TestStatusPastItsPlan(t *testing.T) {
	late := conformance.Progress{Elapsed: 50 * time.Second, Critical: 40 * time.Second, Checks: 1}
	const longer = "50 s, longer than the critical path of 40 s; waiting for answers"
	if got := conformanceStatus(late).line; !strings.Contains(got, longer) {
		t.Error(got)
	}
	late.WaitEnds, late.Waiting = time.Minute, "waiting for a code to expire"
	const waits = "50 s of about 60 s, 10 s left; waiting for a code to expire, 10 s"
	if got := conformanceStatus(late).line; !strings.Contains(got, waits) {
		t.Error(got)
	}
	over := loadStatus(load.Progress{Elapsed: time.Minute, Duration: time.Minute})
	if got := over.rows[0].items[1].text; got != "60 s are over, waiting for the last answers" {
		t.Error(got)
	}
	for starts, want := range map[uint64]string{0: "no answer yet", 7: "no answer in the last seconds"} {
		if got := loadStatus(load.Progress{Duration: time.Minute, Starts: starts}).line; !strings.Contains(got, want) {
			t.Errorf("after %d requests: %s", starts, got)
		}
	}
}

// Errors are red, unless NO_COLOR says otherwise.
func TestColour(t *testing.T) {
	for _, colour := range []bool{true, false} {
		d := &display{columns: 100}
		p := onDisplay(d)
		p.colour = colour
		if say(p, loadStatus(halfway)); d.coloured != colour {
			t.Errorf("coloured is %t, want %t", d.coloured, colour)
		}
		g := halfway
		g.Errors, d.coloured = 0, false
		if say(p, loadStatus(g)); d.coloured {
			t.Error("no errors are red")
		}
	}
	t.Setenv("NO_COLOR", "1")
	if (terminal{err: &display{}}).progress().colour {
		t.Error("NO_COLOR is not kept")
	}
}

// Where there is no terminal a plain line comes every ten seconds, and none of what is
// short.
func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &display{columns: 400}
		p := (terminal{err: crlf{d}, screen: &screen{}}).progress()
		stop := p.follow(func() status { return status{line: "at work\x1b[2J"} })
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if d.String() != "" {
			t.Errorf("after 5 s: %q", d.String())
		}
		time.Sleep(30 * time.Second)
		stop()
		if got, want := d.String(), strings.Repeat(`at work\x1b[2J`+"\n", 3); got != want || len(d.foreign) > 0 {
			t.Errorf("after 35 s: %q, %v", got, d.foreign)
		}
	})
}

// On a terminal the block is drawn four times a second, makes room for a prompt, and is
// gone in the end.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &display{columns: 80}
		p := onDisplay(d)
		p.t.err = crlf{d}
		p.t.screen.line = p
		var drawn atomic.Int64
		stop := p.follow(func() status {
			return status{rows: []row{{"now", []item{plain("drawn %d", drawn.Add(1))}}}}
		})
		time.Sleep(2*time.Second + redraw/2)
		synctest.Wait()
		got, n := d.String(), drawn.Load()
		if n != 8 || !strings.Contains(got, "drawn 8") || strings.Contains(got, "drawn 7") {
			t.Errorf("after 2 s: %d, %q", n, got)
		}
		release := p.t.screen.hold()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := strings.TrimSpace(d.String()); got != "" {
			t.Errorf("beside the prompt: %q", got)
		}
		release()
		time.Sleep(time.Second)
		stop()
		if got := strings.TrimSpace(d.String()); got != "" || drawn.Load() != 16 {
			t.Errorf("in the end: %q, %d", got, drawn.Load())
		}
	})
}
