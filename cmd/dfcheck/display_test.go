package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A display is what stands on a terminal on which a program has written. It knows the
// sequences that dfcheck writes; all others are kept as foreign.
type display struct {
	mu       sync.Mutex // a program may write while a test reads
	columns  int
	lines    [][]rune
	row, col int
	rest     string // of a sequence that has not ended
	foreign  []string
	coloured bool
}

var sequence = regexp.MustCompile(`^\x1b\[(\d*)([A-Za-z])`)

// Write shows what a program writes.
func (d *display) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.rest + string(text)
	for d.rest = ""; s != ""; {
		if s[0] == 0x1b {
			if len(s) < 8 && !sequence.MatchString(s) {
				d.rest = s
				break
			}
			s = s[d.escape(s):]
			continue
		}
		r := []rune(s)[0]
		if r == '\uFFFD' && len(s) < 3 { // the rest of it comes later
			d.rest = s
			break
		}
		d.put(r)
		s = s[len(string(r)):]
	}
	return len(text), nil
}

func (d *display) put(r rune) {
	switch {
	case r == '\r':
		d.col = 0
	case r == '\n':
		d.row++
	case r < ' ' || r == 0x7f:
		d.foreign = append(d.foreign, fmt.Sprintf("%q", r))
	default:
		if d.col == d.columns {
			d.row, d.col = d.row+1, 0
		}
		for len(d.lines) <= d.row {
			d.lines = append(d.lines, nil)
		}
		for len(d.lines[d.row]) <= d.col {
			d.lines[d.row] = append(d.lines[d.row], ' ')
		}
		d.lines[d.row][d.col] = r
		d.col++
	}
}

// escape obeys a sequence and returns its length.
func (d *display) escape(s string) int {
	m := sequence.FindStringSubmatch(s)
	if m == nil {
		m = []string{s[:1], "", ""}
	}
	n, _ := strconv.Atoi(m[1])
	switch m[2] {
	case "A":
		d.row = max(d.row-max(n, 1), 0)
	case "J", "K":
		if d.row < len(d.lines) {
			d.lines[d.row] = d.lines[d.row][:min(d.col, len(d.lines[d.row]))]
			if m[2] == "J" {
				d.lines = d.lines[:d.row+1]
			}
		}
	case "m":
		d.coloured = true
	default:
		d.foreign = append(d.foreign, fmt.Sprintf("%q", s[:min(len(s), 12)]))
	}
	return len(m[0])
}

func (d *display) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, line := range d.lines {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}
