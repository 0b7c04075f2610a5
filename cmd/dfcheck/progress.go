package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/dfcheck/dfcheck/reports"
)

// A status is how far the work is: a block of rows on a terminal, a line elsewhere.
type status struct {
	rows []row
	line string
}

// A row is what stands beside a name. What does not fit into a line of the terminal
// goes on in the next.
type row struct {
	name  string
	items []item
}

// An item of a row is kept together. One of alarm is red, where colours are wanted.
type item struct {
	text  string
	alarm bool
}

func plain(format string, args ...any) item { return item{text: fmt.Sprintf(format, args...)} }

// progress shows how far the work is: on a terminal a block that is drawn again and
// again, elsewhere a plain line now and then.
type progress struct {
	t      terminal
	size   func() (columns, rows int) // of the terminal; nil where there is none
	colour bool

	mu    sync.Mutex
	last  time.Time // when a plain line was printed
	shown []int     // columns of the lines that stand on the terminal
}

func (t terminal) progress() *progress {
	p := &progress{t: t, size: screenSize(t.err), colour: os.Getenv("NO_COLOR") == ""}
	if t.screen != nil {
		t.screen.mu.Lock()
		defer t.screen.mu.Unlock()
		t.screen.line = p
	}
	return p
}

// screenSize is that of a terminal on which lines can be drawn again, nil for
// anything else.
func screenSize(where io.Writer) func() (columns, rows int) {
	if kind := os.Getenv("TERM"); !interactive(where) || kind == "dumb" {
		return nil
	}
	file := rendered(where).(*os.File) // interactive knows no other
	return func() (int, int) {
		columns, rows, err := term.GetSize(int(file.Fd()))
		if err != nil || columns <= 0 || rows <= 0 {
			return 80, 24
		}
		return columns, rows
	}
}

// How often the block is drawn where nothing else drives it, and how often a plain
// line is printed.
const (
	redraw = 250 * time.Millisecond
	repeat = 10 * time.Second
)

// say shows how far the work is; on anything but a terminal only from time to time.
func (p *progress) say(s status) {
	p.t.screen.unheld(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.size != nil {
			p.draw(s.rows)
			return
		}
		switch now := time.Now(); {
		case p.last.IsZero():
			p.last = now // short work needs no line
		case now.Sub(p.last) >= repeat:
			p.last = now
			fmt.Fprintln(p.t.err, reports.Legible(s.line))
		}
	})
}

// follow shows how far the work is until stop is called.
func (p *progress) follow(now func() status) (stop func()) {
	done := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.say(now())
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		showing.Wait()
		p.clear()
	}
}

// draw puts the rows in the place of those that stand there. Each ends its line, so
// that whatever is printed next, and the prompt of the shell, has one of its own.
func (p *progress) draw(list []row) {
	columns, height := p.size()
	var b strings.Builder
	b.WriteString(p.erasure(columns))
	for _, r := range list {
		for _, line := range r.lines(columns-1, p.colour) {
			if len(p.shown) == height-1 {
				break // what has scrolled away cannot be drawn again
			}
			b.WriteString(line.text + "\n")
			p.shown = append(p.shown, line.columns)
		}
	}
	io.WriteString(p.t.err, b.String())
}

// erasure goes back to where the block begins and erases from there. Lines that were
// drawn on a wider terminal take several of this one.
func (p *progress) erasure(columns int) string {
	up := 0
	for _, width := range p.shown {
		up += max((width+columns-1)/columns, 1)
	}
	p.shown = nil
	if up == 0 {
		return ""
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", up)
}

// clear takes the block away, so that something else can be printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size == nil {
		return
	}
	columns, _ := p.size()
	io.WriteString(p.t.err, p.erasure(columns))
}

// A line as it is drawn, and how wide that is.
type line struct {
	text    string
	columns int
}

// nameColumns are those of the names of rows.
const nameColumns = 10

// lines breaks a row between its items. An item that has no line long enough is cut.
func (r row) lines(columns int, colour bool) (out []line) {
	name, margin := r.name, nameColumns
	if columns < 3*nameColumns {
		margin = 2
		out = append(out, line{cut(name, columns), min(utf8.RuneCountInString(name), columns)})
		name = ""
	}
	current := line{fmt.Sprintf("%-*s", margin, name), margin}
	for _, i := range r.items {
		text := cut(reports.Legible(i.text), columns-margin)
		width := utf8.RuneCountInString(text)
		if current.columns > margin && current.columns+len(gap)+width > columns {
			out = append(out, current)
			current = line{strings.Repeat(" ", margin), margin}
		}
		if current.columns > margin {
			current.text, current.columns = current.text+gap, current.columns+len(gap)
		}
		if i.alarm && colour {
			text = "\x1b[31m" + text + "\x1b[0m"
		}
		current.text, current.columns = current.text+text, current.columns+width
	}
	return append(out, current)
}

// gap between the items of a row.
const gap = "   "

// cut is a text without what goes beyond a number of columns.
func cut(text string, columns int) string {
	if runes := []rune(text); len(runes) > max(columns, 0) {
		return string(runes[:max(columns, 0)])
	}
	return text
}

// barColumns is how wide a bar is.
const barColumns = 24

// bar is a share, 0 to 1, to look at: in characters that are one column wide
// everywhere.
func bar(share float64) string {
	full := int(min(max(share, 0), 1) * barColumns)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barColumns-full) + "]"
}
