package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// startsPrograms are the packages that start programs, and what says which: flags and
// configurations that somebody named. Readers of transcripts, reports, profiles, waivers
// and documents are not among them.
var startsPrograms = map[string]string{
	"cmd/dfcheck":         "itself, for a server to measure against",
	"conformance":         "target.restart",
	"conformance/approve": "approve: {kind: exec}, and the browser",
	"load/bench":          "the tools that it compares",
	"load/kubernetes":     "kubectl",
	"load/local":          "itself, for each process",
}

func TestWhoStartsPrograms(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name := strings.TrimPrefix(words[0], module)
		starts := slices.Contains(words[1:], "os/exec") || slices.Contains(words[1:], "github.com/chromedp/chromedp")
		if why := startsPrograms[name]; starts != (why != "") {
			t.Errorf("%s starts programs: %t, and the table says %q", name, starts, why)
		}
	}
}
