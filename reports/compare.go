package reports

import (
	"cmp"
	"fmt"
	"slices"
)

// A Comparison is what changed from the runs of one side to those of another.
type Comparison struct {
	Old, New []*Report
	// Changes are those of checks, for conformance runs: first what is broken, then
	// what is no longer tested, what is fixed, what is newly tested, and the rest, each
	// in the order of the checks.
	Changes []Change
	// Load is what became of the figures, nil for conformance runs.
	Load *LoadChange
	// Notes say where the runs differ in what they could find.
	Notes []string
}

// CompareOptions are what a comparison tolerates.
type CompareOptions struct {
	// Across are the differences between runs that are meant, some of Acrosses.
	Across []string
	// Tolerance is by how much a figure of a load run may differ and be no better and
	// no worse, as a share of what it was.
	Tolerance float64
}

// DefaultTolerance is what one machine differs by from one hour to the next.
const DefaultTolerance = 0.02

// Compare finds what changed from the runs of one side to those of another, several of
// a kind. Runs of two kinds, without results, of two contracts and, under load, of two
// targets, profiles, seeds or machines are an error that says so: the same figure means
// something else there.
func Compare(old, now []*Report, o CompareOptions) (*Comparison, error) {
	c := &Comparison{Old: old, New: now}
	if err := c.incomparable(o.Across); err != nil {
		return nil, err
	}
	if c.kind() == KindLoad {
		c.Load = compareLoad(old, now, o.Tolerance)
	} else {
		c.Changes = changes(old, now)
	}
	c.Notes = c.differences()
	return c, nil
}

// kind of the runs.
func (c *Comparison) kind() Kind { return cmp.Or(c.New[0].Run.Kind, KindConformance) }

// Regressed reports whether anything got worse or is no longer tested.
func (c *Comparison) Regressed() bool {
	if c.Load != nil {
		return c.Load.regressed()
	}
	return slices.ContainsFunc(c.Changes, func(c Change) bool { return c.Worse() || c.Untested() })
}

// Undecided reports whether there were too few runs to tell whether a figure changed.
func (c *Comparison) Undecided() bool { return c.Load != nil && c.Load.undecided() }

// Headline says what changed in one sentence.
func (c *Comparison) Headline() Headline {
	if c.Load != nil {
		return c.Load.headline()
	}
	count := c.counts()
	var said []string
	for i, words := range []string{"broken", "no longer tested", "fixed", "newly tested"} {
		if count[i] > 0 {
			said = append(said, Count(count[i], "check is ", "checks are ")+words)
		}
	}
	h := Headline{Pass, "Nothing changed."}
	if len(said) > 0 {
		h.Text = sentence(said)
	} else if count[other] > 0 {
		h.Text = "Nothing is broken, and nothing is fixed."
	}
	switch {
	case count[broken] > 0:
		h.Verdict = Fail
	case count[untested] > 0:
		h.Verdict = Warning
	}
	return h
}

// counts of changes, by rank.
func (c *Comparison) counts() []int {
	count := make([]int, len(changeWords))
	for _, ch := range c.Changes {
		count[ch.rank()]++
	}
	return count
}

// sideBlock is what the runs of a side are.
func sideBlock(old, now []*Report) (b block) {
	b.label("before", "%s", described(old))
	b.label("now", "%s", described(now))
	return b
}

// described is the runs of a side in a line.
func described(runs []*Report) string {
	first, last := runs[0].Run.Started, runs[0].Run.Started
	for _, r := range runs {
		if r.Run.Started.Before(first) {
			first = r.Run.Started
		}
		if r.Run.Started.After(last) {
			last = r.Run.Started
		}
	}
	const layout = "2006-01-02 15:04:05 MST"
	text := plural(len(runs), "run")
	if !first.IsZero() {
		text += after(" of ", first.UTC().Format(layout))
	}
	if last.Sub(first) > 0 {
		text += after(" to ", last.UTC().Format(layout))
	}
	return text + after(", ", joined(runs, func(r *Report) string { return r.Target.Host })) +
		after(", contract ", joined(runs, func(r *Report) string { return r.Target.Spec })) +
		after(", dfcheck ", joined(runs, func(r *Report) string { return r.Tool.Version })) +
		after(", commit ", joined(runs, commitOf))
}

// commitOf is the commit that CI ran for.
func commitOf(r *Report) string {
	if r.Run.CI == nil {
		return ""
	}
	return short(r.Run.CI.Commit, 12)
}

// values are the different ones that the runs have of something, without those that
// do not know.
func values(runs []*Report, of func(*Report) string) (out []string) {
	for _, r := range runs {
		if v := of(r); v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func joined(runs []*Report, of func(*Report) string) string { return sentenceList(values(runs, of)) }

// sentenceList is a list in a sentence: a, b and c.
func sentenceList(list []string) string {
	if len(list) < 2 {
		return fmt.Sprint(append(list, "")[0])
	}
	text := list[0]
	for _, next := range list[1 : len(list)-1] {
		text += ", " + next
	}
	return text + " and " + list[len(list)-1]
}

// sentence is a list as one.
func sentence(list []string) string { return sentenceList(list) + "." }
