package conformance

import (
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// A Lack is for want of what a check is skipped or left open. Reasons, notes and
// hints are made of it, and none is ever taken apart to find it.
type Lack struct {
	Needs     []Capability // that the target, or its approver, does not have
	Contracts []string     // to which the check applies, another one being chosen
	Decisions int          // of a person who was not asked for them
	Wait      time.Duration
	MaxWait   time.Duration // which is shorter than the Wait
	// Because is how the reason says it, where what happened says more than the
	// capability.
	Because string
}

// isZero reports whether nothing is lacking.
func (l Lack) isZero() bool {
	return len(l.Needs) == 0 && len(l.Contracts) == 0 && l.Decisions == 0 && l.Wait == 0
}

// String is the reason of a check that is skipped for this lack.
func (l Lack) String() string {
	if l.Because != "" {
		return l.Because
	}
	return l.of(1)
}

// of says the lack of so many checks, whose number or name stands before it.
func (l Lack) of(checks int) string {
	apply, need := "apply", "need"
	if checks == 1 {
		apply, need = "applies", "needs"
	}
	if len(l.Contracts) > 0 {
		return apply + " only to " + strings.Join(contractWords(l.Contracts), " and ")
	}
	needs := need + " " + l.needs()
	switch {
	case l.Decisions > 0:
		needs += "; --all asks for them"
	case l.Wait > 0:
		needs += ", but --max-wait is " + Seconds(l.MaxWait)
	}
	return needs
}

// contractWords are the catalogue's names of contracts in a reader's words.
func contractWords(names []string) []string {
	out := slices.Clone(names)
	for i, n := range out {
		switch spec.Family(n) {
		case spec.Documented:
			out[i] = "the documented API"
		case spec.Standard:
			out[i] = "RFC 8628"
		case spec.Document:
			out[i] = "users' documents"
		}
	}
	return out
}

// needs names what is lacking: "approve and second_client".
func (l Lack) needs() string {
	switch {
	case l.Decisions > 0:
		return reports.Count(l.Decisions, "more decision", "more decisions") + " of a person"
	case l.Wait > 0:
		return Seconds(l.Wait)
	}
	words := make([]string, 0, len(l.Needs))
	for _, n := range l.Needs {
		words = append(words, string(n))
	}
	return strings.Join(words, " and ")
}

// enable says what brings what is lacking.
func (l Lack) enable() string {
	if l.Decisions > 0 {
		return "--all asks a person for every decision"
	}
	var out []string
	for _, n := range l.Needs {
		how := n.Enable()
		if n == NeedApprover && len(l.Needs) > 1 {
			how = "an approver" // a line of its own says how
		}
		if how != "" {
			out = append(out, how)
		}
	}
	return strings.Join(out, ", and ")
}

// An obstacle is what a check's verdict is in place of its judge's, and why.
type obstacle struct {
	verdict reports.Verdict // "" for none
	reason  string
	lack    Lack
}

func lacking(l Lack) obstacle { return obstacle{reports.Skipped, l.String(), l} }

func (o obstacle) result(c Check) Result {
	return Result{Check: c, Verdict: o.verdict, Reason: o.reason, Lack: o.lack}
}

// A sharedReason is why some checks were left out.
type sharedReason struct {
	reason string
	lack   Lack
	checks []string
}

// count names the check, or says how many there are.
func (s sharedReason) count() string {
	if len(s.checks) == 1 {
		return s.checks[0]
	}
	return reports.Count(len(s.checks), "check", "checks")
}

// byReason gathers checks by the reason for which they were left out.
type byReason []sharedReason

func (by *byReason) add(id, reason string, l Lack) {
	i := slices.IndexFunc(*by, func(s sharedReason) bool { return s.reason == reason })
	if i < 0 {
		i, *by = len(*by), append(*by, sharedReason{reason: reason, lack: l})
	}
	(*by)[i].checks = append((*by)[i].checks, id)
}
