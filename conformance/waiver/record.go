package waiver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// Life is how long a recorded failure is waived where nobody says until when.
const Life = 30 * 24 * time.Hour

// A Record writes the failures of a run into a waiver file.
type Record struct {
	Path  string
	Until time.Time // the last day on which they count
	// Warnings are recorded too.
	Warnings bool
}

// Recorded are the ids of checks that a record has waived, and of those that the file
// named already. These have expired, or else they would be waived: whether they are to
// go on is not for a program to say.
type Recorded struct{ New, Known []string }

// Check reads what the file holds, before the run.
func (w Record) Check() error {
	_, _, err := w.read()
	return err
}

func (w Record) read() (text []byte, ws []Waiver, err error) {
	if text, err = os.ReadFile(w.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	ws, err = parse(text, w.Path)
	return text, ws, err
}

// Write adds the failures to the file, behind what it holds. It writes nothing that the
// guard refuses, and the file is there whole or as it was.
func (w Record) Write(checks []reports.Check, now time.Time, g reports.Guard) (out Recorded, err error) {
	before, ws, err := w.read()
	if err != nil {
		return out, err
	}
	text := strings.TrimRight(string(before), "\n")
	if text != "" {
		text += "\n"
	}
	for _, c := range checks {
		if c.Verdict != reports.Fail && !(w.Warnings && c.Verdict == reports.Warning) {
			continue
		}
		if slices.ContainsFunc(ws, func(w Waiver) bool { return w.about(c.ID) }) {
			out.Known = append(out.Known, c.ID)
			continue
		}
		out.New = append(out.New, c.ID)
		text += fmt.Sprintf("- check: %s\n  reason: %s\n  expires: %s\n", c.ID, reasonText(c, now),
			w.Until.Format(time.DateOnly))
	}
	if len(out.New) == 0 {
		return out, nil
	}
	if _, err := parse([]byte(text), w.Path); err != nil {
		return out, fmt.Errorf("cannot add to %s, whose items do not begin with \"- \" at the left: %w", w.Path, err)
	}
	write := g.Over("the waiver file", func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	return out, reports.WriteFile(w.Path, write)
}

// maxReason is how much of a finding a waiver repeats, in characters.
const maxReason = 240

// reasonText is why a check is waived, as YAML: what was found, and when. A server's
// text is no variable.
func reasonText(c reports.Check, now time.Time) string {
	found := c.Reason
	if len(c.Findings) > 0 {
		found = c.Findings[0].Sentence()
	}
	text := []rune(reports.Legible("recorded on " + now.Format(time.DateOnly) + ": " + found))
	if len(text) > maxReason {
		text = append(text[:maxReason-1], '…')
	}
	return strconv.Quote(strings.ReplaceAll(string(text), "${", "$${"))
}
