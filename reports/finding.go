package reports

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is one deviation a check found, with the exchanges that show it.
// Findings of a check are in order of gravity: the first one is its reason.
type Finding struct {
	// Verdict is what this finding alone makes of the check. Reports from
	// before findings had one leave it out.
	Verdict Verdict `json:"verdict,omitempty"`
	// Expected is empty where Actual alone says why nothing was decided.
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
	// Count is how often the very same was found, when more than once;
	// Exchanges are then the first ones.
	Count     int      `json:"count,omitempty"`
	Exchanges []string `json:"exchanges"` // ids
}

// maxCited is how many exchanges a finding names that was made many times.
const maxCited = 3

// Same reports whether two findings say the same.
func (f Finding) Same(g Finding) bool {
	return f.Verdict == g.Verdict && f.Expected == g.Expected && f.Actual == g.Actual
}

// Sentence is the finding in words: "expected 405, got 501".
func (f Finding) Sentence() string {
	if f.Expected == "" {
		return f.Actual
	}
	return "expected " + f.Expected + ", got " + f.Actual
}

// maxAlike is how many findings stand side by side that expected the same and
// got different values; what more there are differ in the value alone.
const maxAlike = 10

const others = "further values like these"

// AddFinding appends a finding, or counts it where the list says the same
// already.
func AddFinding(list []Finding, f Finding) []Finding {
	i := slices.IndexFunc(list, f.Same)
	if i < 0 && f.alike(list) >= maxAlike {
		f.Actual = others
		i = slices.IndexFunc(list, f.Same)
	}
	if i < 0 {
		return append(list, f)
	}
	g := &list[i]
	g.Count = max(g.Count, 1) + max(f.Count, 1)
	for _, id := range f.Exchanges {
		if len(g.Exchanges) < maxCited && !slices.Contains(g.Exchanges, id) {
			g.Exchanges = append(g.Exchanges, id)
		}
	}
	return list
}

// alike is how many findings of a list expected the same.
func (f Finding) alike(list []Finding) int {
	n := 0
	for _, g := range list {
		if f.Expected != "" && f.Verdict == g.Verdict && f.Expected == g.Expected {
			n++
		}
	}
	return n
}

// Seen says where a finding was made: "x12 x13", or "193 times, for example x12".
func (f Finding) Seen() string {
	return f.Times() + exchangeList(f.Exchanges)
}

// Times is what Seen says before the exchanges: "193 times, for example ".
func (f Finding) Times() string {
	if f.Count < 2 {
		return ""
	}
	if len(f.Exchanges) == 0 {
		return fmt.Sprintf("%d times", f.Count)
	}
	return fmt.Sprintf("%d times, for example ", f.Count)
}

func exchangeList(ids []string) string {
	if len(ids) > 6 {
		return strings.Join(ids[:6], " ") + fmt.Sprintf(" and %d more", len(ids)-6)
	}
	return strings.Join(ids, " ")
}
