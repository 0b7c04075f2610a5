package shard

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzStartFile: what stands in a start file is an instant, or the error says what is
// wrong without the key in it.
func FuzzStartFile(f *testing.F) {
	for _, text := range []string{"2026-11-27T12:00:00Z", "1795780800 a-key-of-a-run", "99999999999999999999 key", "x y z",
		"2026-11-27T12:00:00.999999999+23:59 k", "\u00a0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(bytes.TrimSpace([]byte(text))) == 0 {
			return // it is waited for
		}
		start, err := When{File: "start"}.parse(text)
		_, same := When{File: "start"}.parse("x") // whose words a key may have by chance
		if err == nil && start.At.IsZero() {
			t.Errorf("%q is no instant", text)
		}
		if words := strings.Fields(text); err != nil && len(words) > 1 && len(words[1]) > 8 &&
			strings.Contains(err.Error(), words[1]) && !strings.Contains(same.Error(), words[1]) {
			t.Errorf("the key %q is told: %v", words[1], err)
		}
		if _, err := ParseWhen(text); err != nil && len(err.Error()) > 4*len(text)+300 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	})
}

// FuzzLine: a line of a stranger's log is progress that can be passed on, or it is none.
func FuzzLine(f *testing.F) {
	f.Add(`pod-0 DFSHARD {"schema":"dfcheck/report/v1","run":{"kind":"load"},"load":{"shard":{"index":-1}}}`)
	f.Add(`DFSHARD {"schema":"dfcheck/report/v1","load":{"violations":[{"count":1}],"errors":[{}]}}`)
	f.Add("DFSHARD DFSHARD {}")
	f.Fuzz(func(t *testing.T, line string) {
		r, ok := ParseLine(line)
		if ok != (r != nil && r.Load != nil) && ok {
			t.Errorf("%q is progress without figures", line)
		}
		if ok {
			if err := WriteLine(io.Discard, r, nil); err != nil {
				t.Errorf("%q cannot be written again: %v", line, err)
			}
		}
	})
}
