package checks

import (
	"bytes"
	"os"
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// FuzzTranscript: a stranger's transcript is judged, or its errors are told; no check
// breaks on it.
func FuzzTranscript(f *testing.F) {
	saved, err := os.ReadFile("../../testdata/transcripts/zitadel-oidc.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	lines := bytes.SplitAfterN(saved, []byte("\n"), 12)
	f.Add(bytes.Join(lines[:11], nil))
	header := `{"header":{"schema":"dfcheck/transcript/v1","contract":"rfc8628","checks":["DF-POLL-001","DF-TOKEN-001","DF-USERCODE-010"],"target":{"powers":["approve"]}}}` + "\n"
	for _, line := range []string{`{"event":{"kind":"decision"}}`, `{"exchange":{"response":null,"op":"start"}}`, `{"exchange":null}`,
		`{"event":{"kind":"died","detail":"x"}}`, `{"exchange":{"id":"x1","flow":"f1","op":"token","response":{"status":200,"body":"{\"access_token\":\"a\"}"}}}`,
		`{"secret":{"name":"a"}}`, `{"pools":{"device_code":{}}}`, `{"header":null}`} {
		f.Add([]byte(header + line + "\n"))
	}
	all := All()
	f.Fuzz(func(t *testing.T, data []byte) {
		transcript, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		transcript.Redactor()
		results, err := Judge(transcript, all)
		if err != nil {
			return
		}
		for _, r := range results {
			if r.Verdict == reports.Error && !strings.Contains(r.Reason, "unknown check") {
				t.Errorf("%s: %s", r.Check.ID, r.Reason)
			}
		}
		Section(transcript, results, nil, nil, nil)
		transcript.Problem()
	})
}
