package reports

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// FuzzRead: a stranger's report is shown in every format, or its error is told.
func FuzzRead(f *testing.F) {
	whole, err := os.ReadFile("testdata/report.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, section := range []string{`"run":{"kind":"load"}`, `"run":{"kind":"load"},"load":{"timeline":[{"second":-1}],"latency_ms":{"poll":{"hdr":"x"}}}`,
		`"run":{"kind":"conformance"},"conformance":{"checks":[{"id":"DF-POLL-001","verdict":"fail","findings":[{"exchanges":["x9"]}]}],"exchanges":[{"id":"x1"}]}`,
		`"run":{"kind":"capacity"},"capacity":{}`, `"run":{"kind":"plan"},"plan":{}`, `"run":{"kind":"x","exit_code":-1}`,
		`"conformance":{"flows":[{"moments":[]}],"plan":{"checks":-1}}`, `"load":{"devices":{"simulated":-1},"thresholds":[{}],"violations":[{"count":-1}]}`} {
		f.Add([]byte(`{"schema":"dfcheck/report/v1",` + section + `}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, name := range FormatsFor(r.Run.Kind) {
			_ = format(name)(io.Discard, r)
		}
		_ = WriteText(io.Discard, r, true)
		ExitCode(r, ExitOptions{Strict: true, FailOnWarning: true})
		if c, err := Compare([]*Report{r}, []*Report{r}, CompareOptions{}); err == nil {
			if c.Regressed() {
				t.Error("a report is worse than itself")
			}
			_ = c.WriteText(io.Discard)
		}
	})
}
