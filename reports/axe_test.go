package reports

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// axe is what the accessibility test is made with, from npm.
const axe = "axe-core@4.11.0"

// axeScript fetches it, which DFCHECK_FETCH must allow.
func axeScript(t *testing.T) string {
	t.Helper()
	if os.Getenv("DFCHECK_FETCH") == "" {
		t.Skip("fetches axe-core from npm: DFCHECK_FETCH=1, as in make test")
	}
	dir := t.TempDir()
	cmd := exec.Command("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", dir, axe)
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("SKIPPED: axe-core cannot be fetched: %v\n%s", err, out)
		}
		t.Fatalf("axe-core cannot be fetched: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPageIsAccessible has axe look at whole pages, everything opened, light and dark.
func TestPageIsAccessible(t *testing.T) {
	script := axeScript(t)
	r := manyExchanges(20)
	r.Conformance.Flows = []Flow{slowedFlow()}
	r.Conformance.Exchanges[0].Flow = "f1"
	r.Conformance.Gaps = []Gap{{Needs: "approve", Enable: "--approve", Checks: []string{"DF-DENY-001"}}}
	r.Conformance.Notes = []string{"a note"}
	for name, r := range map[string]*Report{"conformance": r, "load": longLoad(60), "plan": somePlan(),
		"capacity": someCapacity()} {
		for _, scheme := range []string{"light", "dark"} {
			b := openPage(t, r, viewport(1440, 900), media("prefers-color-scheme", scheme))
			eval[bool](b, `(document.querySelectorAll("details").forEach(d => d.open = true), true)`)
			b.silent()
			eval[bool](b, script+"; true")
			for _, f := range b.violations() {
				t.Errorf("%s, %s: %s", name, scheme, f)
			}
		}
	}
}

// violations are the serious ones that axe finds, which the page was given.
func (b *browserTest) violations() []string {
	return eval[[]string](b, `axe.run({ preload: false }).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3)
			.map(n => n.html.slice(0, 200) + " " + n.failureSummary).join(" | ")))`)
}
