package conformance

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
)

// What shows by chance is looked for in rounds, and a pass is worth no more than
// the number of rounds that were observed (ruling R45). A default run is laid
// out for faults that show in one round of ten, a thorough one for one of fifty.
const (
	commonRate = 0.10
	rareRate   = 0.02
	enough     = 0.90 // probability of seeing one
)

// sees is the probability that n rounds show a fault of a rate at least once.
func sees(n int, rate float64) float64 { return 1 - math.Pow(1-rate, float64(n)) }

// roundsFor is how many rounds see a fault of a rate well enough.
func roundsFor(rate float64) int { return int(math.Ceil(math.Log(1-enough) / math.Log(1-rate))) }

// rate is that of the faults a run was laid out for.
func (f *Facts) rate() float64 {
	if f.Thorough {
		return rareRate
	}
	return commonRate
}

// Round books a round that could have shown the fault, and the exchanges in
// which it did not.
func (j *Judgement) Round(xs ...*Exchange) {
	j.rounds++
	j.Pass(xs...)
}

// Lost books a round that says nothing, with the reason.
func (j *Judgement) Lost(why string) {
	if j.lost == nil {
		j.lost = map[string]int{}
	}
	j.lost[why]++
}

// power is what the rounds were worth, "" where there were none.
func (j *Judgement) power(rate float64) string {
	if j.rounds == 0 {
		return ""
	}
	text := fmt.Sprintf("%s: would have seen a fault that shows in %g %% of rounds with %s probability",
		reports.Count(j.rounds, "round", "rounds"), 100*rate, percent(sees(j.rounds, rate)))
	if need := roundsFor(rate); j.rounds < need {
		text += fmt.Sprintf("; %g %% takes %d rounds", 100*enough, need)
	}
	if len(j.lost) > 0 {
		text += "; not counted: " + j.losses()
	}
	return text
}

// losses lists why rounds did not count.
func (j *Judgement) losses() string {
	var out []string
	for _, why := range slices.Sorted(maps.Keys(j.lost)) {
		out = append(out, fmt.Sprintf("%d (%s)", j.lost[why], why))
	}
	return strings.Join(out, ", ")
}

// percent is a probability as it is read, never rounded up to certainty.
func percent(p float64) string {
	if p > 0.995 {
		return "more than 99 %"
	}
	return fmt.Sprintf("%.0f %%", math.Floor(100*p+0.5))
}
