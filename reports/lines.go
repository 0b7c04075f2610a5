package reports

import (
	"fmt"
	"io"
	"strings"
)

// Lines prints checks as their verdicts become known. Checks that are inconclusive
// for a reason that was printed before are counted, and named at the end: when a run
// is interrupted they are most of it.
type Lines struct {
	w       io.Writer
	all     bool
	reasons []string
	again   map[string][]string // ids by reason, without that of the check that was printed
}

// NewLines prints checks that are neither passed nor skipped, or all of them.
func NewLines(w io.Writer, all bool) *Lines {
	return &Lines{w: w, all: all, again: map[string][]string{}}
}

// Shows reports whether a check gets its own line.
func (l *Lines) Shows(c Check) bool {
	if l.all {
		return true
	}
	if c.Verdict == Inconclusive && len(c.Findings) == 0 {
		_, printed := l.again[c.Reason]
		return !printed && c.Reason != Interrupted
	}
	return c.Verdict != Pass && c.Verdict != Skipped
}

// Interrupted is the reason of checks that a signal left undecided.
const Interrupted = "interrupted"

// Print prints a check, or counts it.
func (l *Lines) Print(c Check) error {
	shown := l.Shows(c)
	if !l.all && c.Verdict == Inconclusive && len(c.Findings) == 0 {
		if _, known := l.again[c.Reason]; !known {
			l.reasons, l.again[c.Reason] = append(l.reasons, c.Reason), []string{}
		}
		if !shown {
			l.again[c.Reason] = append(l.again[c.Reason], c.ID)
		}
	}
	if !shown {
		return nil
	}
	_, err := io.WriteString(l.w, CheckText(c))
	return err
}

// Close prints what was counted: a line for each reason.
func (l *Lines) Close() error {
	const named = 4
	for _, why := range l.reasons {
		ids := l.again[why]
		if len(ids) == 0 {
			continue
		}
		noun, list := "more check", strings.Join(ids[:min(len(ids), named)], " ")
		if why == Interrupted {
			noun = "check"
		}
		if len(ids) > named {
			list += " …"
		}
		if _, err := fmt.Fprintf(l.w, "%-12s %s: %s\n             %s\n", strings.ToUpper(string(Inconclusive)),
			plural(len(ids), noun), list, legible(why)); err != nil {
			return err
		}
	}
	return nil
}
