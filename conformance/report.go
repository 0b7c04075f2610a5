package conformance

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Section makes the conformance section of a report: the verdicts with the
// catalogue's words, and the exchanges that findings cite. reveal replaces
// pseudonyms in curl lines; nil leaves them.
func Section(t *Transcript, results []Result, p *Plan, ws []waiver.Waiver,
	reveal func(string) string) *reports.Conformance {
	out := &reports.Conformance{Checks: []reports.Check{}, Exchanges: []reports.Exchange{}}
	if p != nil {
		out.Plan = reports.Plan{Checks: p.Count(), Requests: p.Requests, Starts: p.Starts, Decisions: p.Decisions,
			CriticalPathMS: milliseconds(p.Critical), WorstCaseMS: milliseconds(p.Worst)}
	}
	cited := map[string]bool{}
	for _, res := range results {
		out.Checks = append(out.Checks, ReportCheck(t, res))
		for _, f := range res.Findings {
			for _, id := range f.Exchanges {
				cited[id] = true
			}
		}
	}
	out.Flows = newEvidence(t, nil, nil).drawn(cited)
	for _, f := range out.Flows {
		for _, m := range f.Moments {
			cited[m.Exchange] = true
		}
	}
	for _, x := range t.Exchanges {
		if cited[x.ID] {
			out.Exchanges = append(out.Exchanges, x.report(reveal))
		}
	}
	out.StaleWaivers = waiver.ApplyAll(out.Checks, ws, time.Now())
	out.Summary = reports.Tally(out.Checks)
	out.Gaps = gaps(results)
	out.Mitigations = inventory(results)
	out.Notes = notes(t, out.Gaps, results)
	return out
}

// SoFar makes the section of a report while the run goes on, of the verdicts that are
// known. What takes all of them to say is left out. It may be asked for at any time.
func (r *Run) SoFar(results []Result, ws []waiver.Waiver) *reports.Conformance {
	out := Section(r.soFar(), results, r.plan, ws, nil)
	out.Notes, out.StaleWaivers, out.Mitigations = nil, nil, nil
	return out
}

// soFar is what has been recorded, as it may be shown: without secrets that became known
// later, and apart from the recording, which may yet mark an exchange.
func (r *Run) soFar() *Transcript {
	t := *r.Transcript()
	t.Exchanges, t.Events = slices.Clone(t.Exchanges), slices.Clone(t.Events)
	r.session.mu.Lock()
	for i, x := range t.Exchanges {
		y := *x
		t.Exchanges[i] = &y
	}
	r.session.mu.Unlock()
	t.redactAgain(r.session.secrets)
	return &t
}

// ReportCheck is a result with the words of the catalogue.
func ReportCheck(t *Transcript, res Result) reports.Check {
	c := reports.Check{ID: res.Check.ID, Verdict: res.Verdict, Reason: res.Reason, Power: res.Power,
		Findings: res.Findings}
	if r, err := spec.Lookup(c.ID); err == nil {
		c.Group, c.Level, c.Title, c.Source = r.Group, r.Level, r.Title, r.Source
	}
	c.DurationMS = milliseconds(t.took(res.Check.Reads))
	return c
}

// took is the time from the first request to the last answer of some scenarios.
func (t *Transcript) took(ss []*Scenario) time.Duration {
	var first, last time.Duration
	for _, x := range t.Exchanges {
		if !slices.ContainsFunc(ss, func(s *Scenario) bool { return s.Name == x.Scenario }) {
			continue
		}
		if last == 0 || x.Sent < first {
			first = x.Sent
		}
		last = max(last, x.Received)
	}
	return last - first
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// notes tell what is no verdict on the server.
func notes(t *Transcript, gaps []reports.Gap, results []Result) []string {
	var out []string
	contract, err := t.Contract()
	if err == nil && contract.Family == spec.Document {
		for _, line := range contract.Describe().Sentences() {
			out = append(out, "document: "+strings.TrimPrefix(line, "note: "))
		}
	} else if err == nil && contract.TokenResponseSlip {
		out = append(out, "the OpenAPI document declares the device authorization response for the token operation too; "+
			"token responses were judged by RFC 6749 section 5.1")
	}
	if a := t.Header.Target.Timing.Adapted; a != nil {
		out = append(out, a.String()+"; the run has kept to that, so that the rest could be judged")
	}
	if len(t.Header.Target.Also) > 0 {
		out = append(out, "the host also serves "+strings.Join(t.Header.Target.Also,
			", ")+"; choose the contract with --spec")
	}
	for _, name := range t.Header.Target.Lenient.unused(results) {
		out = append(out, name+" excused nothing in this run")
	}
	return append(out, leftOut(gaps, results)...)
}

// report is the exchange as it stands in a report.
func (x *Exchange) report(reveal func(string) string) reports.Exchange {
	out := reports.Exchange{ID: x.ID, Scenario: x.Scenario, Flow: x.Flow, Step: x.Step, AtMS: milliseconds(x.Sent),
		DurationMS: milliseconds(x.Received - x.Sent),
		Request: reports.Request{Method: x.Request.Method, URL: x.Request.URL, Headers: x.Request.Header,
			Body: x.Request.text()}, Error: x.Error}
	if r := x.Response; r != nil {
		out.Response = &reports.Response{Status: r.Status, Proto: r.Proto, Headers: r.Header, Body: r.Body, Length: r.Length,
			SHA256: r.SHA256}
	}
	out.Curl = x.Request.curl()
	if reveal != nil {
		out.Curl = x.Request.revealed(reveal).curl()
	}
	return out
}

// revealed is the request with its secrets in their places, so that it can be
// sent again: before anything is encoded or quoted.
func (r Request) revealed(reveal func(string) string) Request {
	r.URL, r.Body, r.Params = reveal(r.URL), reveal(r.Body), slices.Clone(r.Params)
	for i := range r.Params {
		r.Params[i].Value = reveal(r.Params[i].Value)
	}
	header := http.Header{}
	for k, values := range r.Header {
		for _, v := range values {
			shown := reveal(v)
			id, secret, ok := strings.Cut(strings.TrimPrefix(shown, "Basic "), ":")
			if k == "Authorization" && ok && shown != v && strings.HasPrefix(shown, "Basic ") {
				shown = "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+url.QueryEscape(secret)))
			}
			header[k] = append(header[k], shown)
		}
	}
	r.Header = header
	return r
}

// text is the body of a request as it was sent, secrets replaced.
func (r Request) text() string {
	if r.Body != "" || r.Params == nil {
		return r.Body
	}
	_, body := r.Encoding.Encode(r.Params)
	return string(body)
}

// Curl is a command line that sends the request again. Secrets in it are
// pseudonyms.
func (x *Exchange) Curl() string { return x.Request.curl() }

func (r Request) curl() string {
	var b strings.Builder
	b.WriteString("curl -i -X " + quoted(r.Method) + " " + quoted(r.URL))
	names := make([]string, 0, len(r.Header))
	for k := range r.Header {
		if k != "User-Agent" {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	for _, k := range names {
		for _, v := range r.Header[k] {
			b.WriteString(" -H " + quoted(k+": "+v))
		}
	}
	if body := r.text(); body != "" {
		b.WriteString(" --data-binary " + quoted(body))
	}
	return b.String()
}

// quoted makes one word of a shell of a text.
func quoted(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Reveal replaces the pseudonyms of a text by the secrets, for a user who asked
// to see them.
func (r *Run) Reveal(text string) string { return r.Target.redactor().Reveal(text) }

// ReportTarget is the target as it stands in a report.
func (f *Facts) ReportTarget(contract, approver string) reports.Target {
	return reports.Target{Host: f.Host, Spec: contract, ChosenBy: f.ChosenBy, ChosenWhy: f.ChosenWhy, Also: f.Also,
		Issuer:   f.Issuer,
		ClientID: f.Client.ID, Approver: approver, DeviceAuthorizationEndpoint: f.StartURL, TokenEndpoint: f.TokenURL}
}

// Problem is what kept a recording from being whole: the target died, or the
// approver never worked. It is nil when nothing did.
func (t *Transcript) Problem() *reports.Problem {
	broken, late, accepted, why := 0, 0, 0, ""
	for _, ev := range t.Events {
		switch ev.Kind {
		case EventDied:
			return &reports.Problem{Kind: reports.ProblemDied, Message: ev.Detail, Hint: "look at the server's own log"}
		case EventDecision:
			switch ev.Decision.Outcome {
			case Broken:
				broken, why = broken+1, ev.Detail
			case Late:
				late++
			case Accepted:
				accepted++
			}
		}
	}
	if late > 0 && accepted == 0 {
		return &reports.Problem{Kind: reports.ProblemApprover,
			Message: "no decision came in time: the codes had expired or were about to",
			Hint:    "let the codes live longer, decide faster, or run without an approver: --approve none"}
	}
	// A recipe can refuse wrong codes and still be unable to approve a right one.
	if broken > 0 && accepted == 0 {
		return &reports.Problem{Kind: reports.ProblemApprover, Message: "the approver does not work: " + why,
			Hint: "try it alone with `dfcheck approve`, or run without one: --approve none"}
	}
	return nil
}
