package refserver

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// faultName is kebab case; a version number keeps its dot.
var faultName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9.]+)*$`)

// Faults are data; `dfcheck serve --list-faults` shows them to people.
func TestFaultDeclarations(t *testing.T) {
	for _, f := range AllFaults() {
		if !faultName.MatchString(f.Name) {
			t.Errorf("%q is not in kebab case", f.Name)
		}
		if _, err := spec.Lookup(f.Check); err != nil && f.Check != "" {
			t.Errorf("%s: %v", f.Name, err)
		}
		for id, reason := range f.Also {
			if _, err := spec.Lookup(id); err != nil || reason == "" {
				t.Errorf("%s: also %s, %q: %v", f.Name, id, reason, err)
			}
		}
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: %q is not a sentence", f.Name, f.Doc)
		}
		if f.Configure == nil && f.Break == nil && f.Wrap == nil {
			t.Errorf("%s does nothing", f.Name)
		}
		if _, err := FaultNamed(f.Name); err != nil {
			t.Error(err)
		}
	}
	for _, f := range append(Faults(), LoadFaults()...) {
		if f.Check == "" {
			t.Errorf("%s breaks no requirement", f.Name)
		}
	}
	if _, err := FaultNamed("code-reusible"); err == nil || !strings.Contains(err.Error(), `"code-reusable"`) {
		t.Errorf("an unknown fault: %v", err)
	}
}
