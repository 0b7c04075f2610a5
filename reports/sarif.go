package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The members of SARIF 2.1.0 that are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Results     []sarifResult     `json:"results"`
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Automation  sarifID           `json:"automationDetails"`
		Properties  map[string]string `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   sarifSeen          `json:"properties"`
	}
	sarifSeen struct {
		Exchanges []string `json:"exchanges,omitempty"` // ids
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		ExitCode      int                 `json:"exitCode"`
		Meaning       string              `json:"exitCodeDescription,omitempty"`
		Start         time.Time           `json:"startTimeUtc"`
		End           time.Time           `json:"endTimeUtc"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
		Rule    *sarifID  `json:"associatedRule,omitempty"`
	}
)

// sarifLine is where results are said to be: a server has no lines, and its
// configuration is what a repository has of it.
const sarifLine = "dfcheck.yaml"

// writeSARIF renders a report for code scanning: a result for each class of finding,
// so that one that was dismissed stays so, and a notification for all that was not
// judged.
func writeSARIF(w io.Writer, r *Report) error {
	s := &sarif{r: r, rules: []sarifRule{}}
	s.results = []sarifResult{}
	if r.Conformance != nil {
		for _, c := range r.Conformance.Checks {
			s.check(c)
		}
	}
	if r.Load != nil {
		s.load(r.Load)
	}
	s.notify()
	start := r.Run.Started.UTC()
	return encodeJSON(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{
			Results: s.results,
			Tool:    sarifTool{sarifDriver{Name: r.Tool.Name, Version: r.Tool.Version, Rules: s.rules}},
			Invocations: []sarifInvocation{{Successful: r.Run.Problem == nil && !r.Run.Interrupted, ExitCode: r.Run.ExitCode,
				Meaning: exitMeaning[r.Run.ExitCode], Start: start,
				End: start.Add(time.Duration(r.Run.DurationMS * float64(time.Millisecond))), Notifications: s.notes}},
			Automation: sarifID{"dfcheck/" + string(r.Run.Kind) + "/"},
			Properties: s.properties(),
		}},
	})
}

// sarif gathers what a run says.
type sarif struct {
	r       *Report
	rules   []sarifRule
	results []sarifResult
	notes   []sarifNotification
}

// check adds the results of a check, one for each class of its findings.
func (s *sarif) check(c Check) {
	rule := s.rule(c)
	if c.Verdict == Pass {
		return
	}
	findings := c.Findings
	if len(findings) == 0 {
		findings = []Finding{{Verdict: c.Verdict, Actual: c.Reason}}
	}
	first := len(s.results)
	for _, f := range findings {
		verdict := f.Verdict
		if verdict == "" || c.Verdict == Waived {
			verdict = c.Verdict
		}
		if verdict != Fail && verdict != Warning && verdict != Waived {
			s.note(verdict, c.ID, strings.TrimSpace(f.Sentence()+bracketed(f.Seen())))
			continue
		}
		s.add(first, sarifResult{RuleID: c.ID, RuleIndex: rule, Level: sarifLevel(verdict),
			Message:      sarifText{Text: s.message(f.Sentence()+bracketed(f.Seen()), f.Exchanges)},
			Fingerprints: fingerprints(c.ID, class(f, s.r.Target.Host)), Suppressions: suppressed(c),
			Properties: sarifSeen{slices.Clone(f.Exchanges)}})
	}
}

// load adds what a crowd saw, under the checks that forbid it, and the thresholds that
// were missed.
func (s *sarif) load(l *Load) {
	for _, v := range l.Violations {
		id, level := v.Check, "error"
		if id == "" {
			id = v.Kind
		}
		if v.Information {
			level = "note"
		}
		s.add(len(s.results), sarifResult{RuleID: id, RuleIndex: s.rule(Check{ID: id, Title: v.Title}), Level: level,
			Message: sarifText{Text: s.message(v.String(), v.Exchanges)}, Fingerprints: fingerprints(id, v.Kind),
			Properties: sarifSeen{v.Exchanges}})
	}
	for _, t := range l.Thresholds {
		if t.Verdict == Fail {
			rule := s.rule(Check{ID: "threshold", Title: "A figure of a load run is within its limit"})
			s.add(len(s.results), sarifResult{RuleID: "threshold", RuleIndex: rule, Level: "error",
				Message: sarifText{Text: s.message(t.String(), nil)}, Fingerprints: fingerprints("threshold", t.Expression)})
		}
	}
}

// add appends a result, or adds to that of the same class since first.
func (s *sarif) add(first int, r sarifResult) {
	location := s.r.Run.Config
	if location == "" {
		location = sarifLine
	}
	for i := first; i < len(s.results); i++ {
		same := &s.results[i]
		if same.Fingerprints[fingerprint] != r.Fingerprints[fingerprint] {
			continue
		}
		same.Message.Text += "\n" + r.Message.Text
		if r.Level == "error" {
			same.Level = r.Level
		}
		same.Properties.Exchanges = append(same.Properties.Exchanges, r.Properties.Exchanges...)
		return
	}
	r.Locations = []sarifLocation{{sarifPhysical{sarifArtifact{(&url.URL{Path: location}).EscapedPath(), "%SRCROOT%"},
		sarifRegion{1}}}}
	s.results = append(s.results, r)
}

// message is what was found, and the exchanges that show it.
func (s *sarif) message(sentence string, exchanges []string) string {
	lines := []string{legible(sentence)}
	for _, x := range s.r.cited(exchanges) {
		lines = append(lines, x.evidence()...)
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "](", "] (") // which would be a link
}

func sarifLevel(v Verdict) string {
	if v == Fail || v == Waived {
		return "error"
	}
	return "warning"
}

func suppressed(c Check) []sarifSuppression {
	if c.Verdict != Waived {
		return nil
	}
	return []sarifSuppression{{"external", "accepted", legible(c.Reason)}}
}

// fingerprint is the name of ours; the other is what GitHub reads.
const fingerprint = "dfcheckFinding/v1"

func fingerprints(id, class string) map[string]string {
	sum := sha256.Sum256([]byte(id + "\n" + class))
	text := hex.EncodeToString(sum[:8])
	return map[string]string{fingerprint: text, "primaryLocationLineHash": text + ":1"}
}

var (
	pseudonym = regexp.MustCompile(`\b([a-z_]+):[0-9a-f]{6,}\b`)
	digits    = regexp.MustCompile(`\d+(\.\d+)?`)
	quoted    = regexp.MustCompile(`"[^"]*"`)
)

// class is what a finding is whenever it is made: what was expected, without values
// that differ from run to run, and whichever host was asked.
func class(f Finding, host string) string {
	text := f.Expected
	if text == "" {
		text = f.Actual
	}
	if host != "" {
		text = strings.ReplaceAll(text, host, "HOST")
	}
	text = pseudonym.ReplaceAllString(text, "$1")
	return digits.ReplaceAllString(quoted.ReplaceAllString(text, `""`), "#")
}

// note adds a notification: of a check, where it is of one.
func (s *sarif) note(v Verdict, id, text string) {
	n := sarifNotification{Level: "note", Message: sarifText{Text: strings.ReplaceAll(legible(text), "](", "] (")}}
	if v != "" {
		n.Message.Text = strings.TrimSuffix(string(v)+": "+n.Message.Text, ": ")
	}
	if v == Error {
		n.Level = "error"
	}
	if id != "" {
		n.Rule = &sarifID{id}
	}
	s.notes = append(s.notes, n)
}

// notify adds what a run says of itself.
func (s *sarif) notify() {
	for _, section := range s.r.sections() {
		for _, b := range section {
			for _, f := range b.entries {
				s.note("", "", strings.TrimSpace(f.String()))
			}
		}
	}
	if p := s.r.Run.Problem; p != nil {
		s.note(Error, "", strings.TrimSpace(p.Message+"\n"+p.Hint+"\n"+p.Curl))
	}
}

func (s *sarif) properties() map[string]string {
	out := map[string]string{}
	for _, f := range s.r.headBlock().entries {
		if f.label != "" {
			out[f.label] = legible(f.text)
		}
	}
	return out
}
