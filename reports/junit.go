package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
)

// The form is that which Jenkins describes (junit-10.xsd and jenkins-junit.xsd), as
// far as GitLab and the readers for GitHub agree with it: a suite for each group, no
// two cases of one name, and the reason of a skipped case as its text.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Timestamp  string           `xml:"timestamp,attr"`
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
	Out        string           `xml:"system-out,omitempty"`

	ms float64
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Skipped string        `xml:"skipped,omitempty"`
	Error   *junitOutcome `xml:"error"`
	Failure *junitOutcome `xml:"failure"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit renders a report for CI systems: a test case for each check, threshold
// and violation, and one for whatever else made the exit code. A file without
// failures and errors is that of a run with exit code 0, and no other.
func writeJUnit(w io.Writer, r *Report) error {
	all := junitSuites{Name: "dfcheck " + string(r.Run.Kind), Time: junitTime(r.Run.DurationMS), Suites: r.junitSuites()}
	if r.Run.ExitCode != ExitOK && !slices.ContainsFunc(all.Suites, junitSuite.red) {
		all.Suites[0].Cases = append(all.Suites[0].Cases, junitCase{Class: "dfcheck.run", Name: "exit code",
			Time: junitTime(0), Error: &junitOutcome{Message: fmt.Sprintf("exit code %d: %s", r.Run.ExitCode,
				exitMeaning[r.Run.ExitCode]), Type: "exit"}})
	}
	for i := range all.Suites {
		s := &all.Suites[i]
		s.count()
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junitTime is a duration in seconds.
func junitTime(ms float64) string { return fmt.Sprintf("%.3f", max(ms, 0)/1000) }

// red reports whether a suite has a case that did not pass.
func (s junitSuite) red() bool {
	return slices.ContainsFunc(s.Cases, func(c junitCase) bool { return c.Failure != nil || c.Error != nil })
}

// count counts the cases, and gives those of one name a number: readers know a case
// by its name.
func (s *junitSuite) count() {
	s.Time = junitTime(s.ms)
	seen := map[string]int{}
	for i := range s.Cases {
		c := &s.Cases[i]
		if seen[c.Name]++; seen[c.Name] > 1 {
			c.Name = fmt.Sprintf("%s (%d)", c.Name, seen[c.Name])
		}
		switch s.Tests++; {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != "":
			s.Skipped++
		}
	}
}
