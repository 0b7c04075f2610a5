package conformance

import (
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// enabling says for every capability which flag or key brings it.
var enabling = map[Capability]string{
	NeedApprover:      "--approve prompt asks you; an approve section in dfcheck.yaml decides by itself",
	NeedRawCodes:      "approve: kind form, browser, http or exec",
	NeedSteps:         "approve: kind form or browser, with the code entered in steps:",
	NeedHTTPApproval:  "approve: kind form",
	NeedPages:         "approve: kind form or browser",
	NeedWords:         "consent: {words: …} in dfcheck.yaml, the words of the server's pages",
	NeedClientName:    "client: {name: …} in dfcheck.yaml, as people know the client",
	NeedScopeWords:    "consent: {scopes: {SCOPE: [words]}} in dfcheck.yaml, how the pages say what a scope allows",
	NeedProgram:       "approve: kind form, browser, http or exec; a person decides one code at a time",
	NeedSecondUser:    "a second account on the server, as second_user: in the approve section",
	NeedSecondClient:  "--second-client-id, or second_client: in dfcheck.yaml",
	NeedRestricted:    "a registered client that may not use the device grant, in dfcheck.yaml",
	NeedConfidential:  "a client with a secret, in dfcheck.yaml",
	NeedIntrospection: "introspection: or resource: in dfcheck.yaml",
	NeedRevocation:    "a revocation_endpoint in the server's metadata, or revocation: in dfcheck.yaml",
	NeedOpenID:        "--scope openid, for a server whose metadata names a jwks_uri",
	NeedDPoP:          "dpop_signing_alg_values_supported in the server's metadata, or dpop: ES256 in dfcheck.yaml",
	NeedAssertion:     "client: {auth: private_key_jwt, key: client.jwk} in dfcheck.yaml, for a client with a key",
	NeedIssuer:        "--issuer",
	NeedScope:         "--scope",
	NeedNarrowable:    "a scope that the server knows and does not grant, in dfcheck.yaml",
	NeedPublicTLS:     "a public host with https",
	NeedAbuse:         "--abuse, which attacks the server's limits",
	NeedThorough:      "--thorough, which takes minutes",
	NeedRestart:       `target: {restart: ["./restart.sh"]} in dfcheck.yaml, a command that restarts the server`,
	NeedShortExpiry:   "--max-wait",
	NeedOverlap:       "--concurrency 2 or more",
	needDenial:        "deny: in the approve section of dfcheck.yaml",
	needAnswers:       "answer the prompt to the end: q stops it, s skips one device",

	NeedCertificate:       "client: {cert: client.pem, key: client.key} in dfcheck.yaml, for a client with a certificate",
	NeedCertificateAuth:   "client: {auth: tls_client_auth, cert: client.pem, key: client.key} in dfcheck.yaml",
	NeedSecondCertificate: "second_client: {id: other-app, cert: other.pem, key: other.key} in dfcheck.yaml",
}

// Capabilities that no check declares: one shows only when a denial is asked for,
// the other when a person presses q.
const (
	needDenial  Capability = "approve.deny"
	needAnswers Capability = "a person who goes on answering"
)

// Enable says which flag or key brings the capability.
func (n Capability) Enable() string { return enabling[n] }

// lacks lists the capabilities for want of which a check of the chosen contract
// is skipped. What an approver can do besides deciding is not named where there is
// no approver at all.
func lacks(c Check, f *Facts) []Capability {
	out := slices.DeleteFunc(missing(c.Needs, f), func(n Capability) bool { return n == NeedShortExpiry })
	if slices.Contains(out, NeedApprover) {
		out = slices.DeleteFunc(out, func(n Capability) bool { return strings.HasPrefix(string(n), "approve.") })
	}
	return out
}

// gaps groups what was skipped by what it lacks, in the order of the checks. All
// that is skipped before it runs is one, but for the checks of another contract.
func gaps(results []Result) []reports.Gap {
	var out []reports.Gap
	for _, res := range results {
		if !res.gap() {
			continue
		}
		needs := res.Lack.needs()
		i := slices.IndexFunc(out, func(g reports.Gap) bool { return g.Needs == needs })
		if i < 0 {
			i, out = len(out), append(out, reports.Gap{Needs: needs, Enable: res.Lack.enable()})
		}
		out[i].Checks = append(out[i].Checks, res.Check.ID)
	}
	return out
}

// gap reports whether the check was skipped for want of something, and not because
// it does not apply: to this contract, or to what this server does.
func (res Result) gap() bool {
	return res.Verdict == reports.Skipped && !res.Lack.isZero() && len(res.Lack.Contracts) == 0 && !res.Lack.ofOffer()
}

// offered are the powers of servers that do more than the device flow. One that does not
// owes nothing for it, so a strict run asks nobody to bring them.
var offered = []Capability{NeedRevocation, NeedOpenID, NeedDPoP, NeedAssertion, NeedCertificate,
	NeedCertificateAuth, NeedSecondCertificate}

// ofOffer reports whether what is lacking is something that the server does not offer.
func (l Lack) ofOffer() bool {
	return slices.ContainsFunc(l.Needs, func(n Capability) bool { return slices.Contains(offered, n) })
}

// leftOut says in a line each what was skipped, why, and what would bring it.
func leftOut(gaps []reports.Gap, results []Result) []string {
	var out []string
	for _, g := range gaps {
		out = append(out, g.Counted()+": "+g.Enable)
	}
	var rest byReason
	for _, res := range results {
		if res.Verdict == reports.Skipped && !res.gap() {
			rest.add(res.Check.ID, res.Reason, res.Lack)
		}
	}
	for _, s := range rest {
		n := len(s.checks)
		if s.lack.isZero() {
			out = append(out, reports.Count(n, "check does", "checks do")+" not apply here: "+s.reason)
		} else {
			line := reports.Count(n, "check ", "checks ") + s.lack.of(n)
			if how := s.lack.enable(); how != "" {
				line += ": " + how
			}
			out = append(out, line)
		}
	}
	return out
}

// EmptyError says that nothing of a selection can be judged, and why. A run with
// such a selection would end well and prove nothing.
type EmptyError struct {
	judged bool // there was a recording
	why    byReason
}

// NothingRuns is an EmptyError when the plan has no check to run.
func (p *Plan) NothingRuns() error {
	if p.Count() > 0 {
		return nil
	}
	e := &EmptyError{}
	for _, c := range p.Checks {
		e.why.add(c.ID, c.Reason, c.Lack)
	}
	return e
}

// NothingJudged is an EmptyError when every result is a skipped check.
func NothingJudged(results []Result) error {
	e := &EmptyError{judged: true}
	for _, res := range results {
		if res.Verdict != reports.Skipped {
			return nil
		}
		e.why.add(res.Check.ID, res.Reason, res.Lack)
	}
	return e
}

func (e *EmptyError) Error() string {
	var parts []string
	for _, s := range e.why {
		if s.lack.isZero() || s.lack.Because != "" {
			parts = append(parts, s.count()+": "+s.reason)
		} else {
			parts = append(parts, s.count()+" "+s.lack.of(len(s.checks)))
		}
	}
	was := "can run"
	if e.judged {
		was = "was judged"
	}
	return "nothing of the selection " + was + ": " + strings.Join(parts, "; ")
}

// Hint says what would bring the first thing that is missing.
func (e *EmptyError) Hint() string {
	for _, s := range e.why {
		if how := s.lack.enable(); how != "" {
			return how
		}
	}
	return "select other checks with --only, --skip or --level"
}

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
