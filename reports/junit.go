package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitOutcome `xml:"failure"`
	Error   *junitOutcome `xml:"error"`
	Skipped *junitOutcome `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// writeJUnit renders a report for CI systems: a test case per check, or per
// threshold of a load run. Warnings are passed cases with a word to say.
func writeJUnit(w io.Writer, r *Report) error {
	s := junitSuite{
		Name: "dfcheck " + string(r.Run.Kind), Time: fmt.Sprintf("%.3f", r.Run.DurationMS/1000),
		Timestamp: r.Run.Started.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{{"host", legible(r.Target.Host)}, {"spec", legible(r.Target.Spec)},
			{"version", r.Tool.Version}},
	}
	if r.Conformance != nil {
		for _, c := range r.Conformance.Checks {
			s.add(junitCheck(c))
		}
		if r.Run.ExitCode == ExitUndecided {
			s.add(junitCase{Class: "dfcheck", Name: "--strict", Time: "0.000",
				Failure: &junitOutcome{
					Message: "MUST and DOC checks were not judged", Text: unjudgedText(r.Conformance)}})
		}
	}
	if r.Load != nil {
		s.Properties = append(s.Properties, r.Load.junitErrors()...)
		for _, t := range r.Load.Thresholds {
			s.add(junitThreshold(t))
		}
	}
	if r.Capacity != nil {
		s.add(junitCapacity(r))
	}
	if p := r.Run.Problem; p != nil {
		s.add(junitCase{Class: "dfcheck", Name: string(p.Kind),
			Error: &junitOutcome{Message: legible(p.Message), Text: legible(p.Hint)}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suites: []junitSuite{s}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func junitCheck(c Check) junitCase {
	out := junitCase{Class: "dfcheck." + c.Group, Name: c.ID + " " + c.Title,
		Time: fmt.Sprintf("%.3f", c.DurationMS/1000), Out: legible(c.Power)}
	o := &junitOutcome{Message: legible(c.Reason), Type: c.Level, Text: findingText(c.Findings)}
	switch c.Verdict {
	case Pass:
	case Fail:
		out.Failure = o
	case Error:
		out.Error = o
	case Skipped, Inconclusive:
		o.Message = string(c.Verdict) + ": " + o.Message
		out.Skipped = o
	default:
		out.Out = string(c.Verdict) + ": " + o.Message + "\n" + o.Text + out.Out
	}
	return out
}

func junitThreshold(t Threshold) junitCase {
	out := junitCase{Class: "dfcheck.load", Name: t.Expression, Time: "0.000"}
	o := &junitOutcome{Message: fmt.Sprintf("%s: %s %s", t.Expression, t.Measured(), t.Reason)}
	switch t.Verdict {
	case Fail:
		out.Failure = o
	case Inconclusive:
		out.Skipped = o
	}
	return out
}

// junitCapacity fails when not even the smallest crowd met the objectives.
func junitCapacity(r *Report) junitCase {
	out := junitCase{Class: "dfcheck.capacity", Name: strings.Join(r.Capacity.Objectives, " and "), Time: "0.000",
		Out: section(r)}
	if r.Capacity.failed() {
		out.Failure = &junitOutcome{Message: "not even the smallest crowd met the objectives", Text: out.Out}
		out.Out = ""
	}
	return out
}

func findingText(fs []Finding) string {
	var b strings.Builder
	for _, f := range fs {
		if f.Verdict != "" {
			fmt.Fprintf(&b, "%s: ", legible(string(f.Verdict)))
		}
		if f.Expected == "" {
			fmt.Fprintf(&b, "%s\n", legible(f.Actual))
		} else {
			fmt.Fprintf(&b, "expected %s\ngot      %s\n", legible(f.Expected), legible(f.Actual))
		}
		fmt.Fprintf(&b, "seen in  %s\n", f.Seen())
	}
	return b.String()
}
