package reports

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sampleMatrix has a server with findings, one that a text of its own is hostile
// for, and one that was asked less.
func sampleMatrix(t *testing.T, rows MatrixRows) *Matrix {
	t.Helper()
	other := New(KindConformance, "v0")
	other.Run.Started = time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC)
	other.Target = Target{Host: hostile, Spec: hostile}
	other.Conformance = &Conformance{Checks: []Check{
		{ID: "DF-POLL-001", Group: "POLL", Level: "MUST", Title: "Pending", Source: "RFC 8628", Verdict: Pass},
		{ID: "DF-ERR-001", Group: "ERR", Level: "MUST", Title: "Status", Source: "RFC 6749", Verdict: Waived,
			Reason:   "lenient.status",
			Findings: []Finding{{Expected: "400", Actual: "403", Exchanges: []string{"x9"}}}},
		{ID: hostile, Group: hostile, Level: hostile, Title: hostile, Source: hostile, Verdict: Verdict(hostile),
			Reason: hostile},
	}}
	m, err := NewMatrix([]MatrixServer{{Name: "first", Page: "a b.html", Report: sample()},
		{Name: hostile, Report: other}}, rows)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMatrixMitigations: inventories stand side by side, with what they rest on, and
// nothing of a server's is markup; reports without any cannot be compared.
func TestMatrixMitigations(t *testing.T) {
	old := sample()
	old.Conformance.Mitigations = nil
	m, err := NewMatrix([]MatrixServer{{Name: "new", Report: sample()}, {Name: "old", Report: old}}, MatrixAll)
	if err != nil {
		t.Fatal(err)
	}
	var md, page bytes.Buffer
	if err := errors.Join(m.WriteMitigationsMarkdown(&md), m.WriteMitigationsHTML(&page)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 6.1.2 Short-lived codes | not judged | – |",
		"| 6.1.13 User education | not seen | – |",
		"- 6.1.2 Short-lived codes, not judged: DF-EXPIRY-001 was not decided: needs 900 s"} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("no %q in\n%s", want, md.String())
		}
	}
	for _, want := range []string{`<td class="c fail"`, "not seen", "The report has no inventory.", "Not seen: user education."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q in\n%s", want, page.String())
		}
	}
	if strings.Contains(page.String(), "<script>alert") {
		t.Error("what a server made is markup on the page")
	}
	m, err = NewMatrix([]MatrixServer{{Name: "old", Report: old}}, MatrixAll)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.WriteMitigationsMarkdown(io.Discard); !errors.Is(err, errNoInventory) {
		t.Errorf("without an inventory: %v", err)
	}
}

func TestMatrix(t *testing.T) {
	for name, render := range map[string]func(b *bytes.Buffer) error{
		"matrix.html": func(b *bytes.Buffer) error { return sampleMatrix(t, MatrixAll).WriteHTML(b) },
		"matrix.md":   func(b *bytes.Buffer) error { return sampleMatrix(t, MatrixAll).WriteMarkdown(b, "") },
		"matrix-found.md": func(b *bytes.Buffer) error {
			return sampleMatrix(t, MatrixFound).WriteMarkdown(b, "out/matrix (1).html")
		},
		"matrix-groups.md": func(b *bytes.Buffer) error { return sampleMatrix(t, MatrixGroups).WriteMarkdown(b, "") },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render(&b); err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(b.String(), "\x1b\x00\u202e") {
				t.Error("control characters of a server reach the reader")
			}
			if strings.Contains(b.String(), "<script>") {
				t.Error("markup of a server is not escaped")
			}
			golden(t, name, content(strings.TrimPrefix(filepath.Ext(name), "."), b.String()))
		})
	}
}

// Every cell that is no pass leads to an anchor that is there.
func TestMatrixLinksArriveSomewhere(t *testing.T) {
	m := sampleMatrix(t, MatrixAll)
	var page bytes.Buffer
	if err := m.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		"s1-DF-POLL-003", "s1-DF-POLL-004", "s1-DF-EXPIRY-001", "s1-DF-SEC-001", "s2-DF-ERR-001",
	} {
		if !strings.Contains(page.String(), `href="#`+id+`"`) || !strings.Contains(page.String(), `id="`+id+`"`) {
			t.Errorf("no way to %s", id)
		}
	}
}

func TestMatrixRefuses(t *testing.T) {
	load := &Report{Run: Run{Kind: KindLoad}}
	for want, servers := range map[string][]MatrixServer{
		"no conformance section":     {{Name: "a", Report: load}},
		"two reports are called a; ": {{Name: "a", Report: sample()}, {Name: "a", Report: sample()}},
	} {
		if _, err := NewMatrix(servers, MatrixAll); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
