package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wallClock are the files that read the time of day, and what for. All others measure with
// the monotonic clock, which time.Now has beside it: a clock that is set while a run goes
// on moves no deadline, no interval and no figure.
var wallClock = map[string]string{
	"conformance/checks/assertion_wrong.go": "when an assertion begins and ends",
	"conformance/checks/dpop_proof.go":      "when a proof was made, by the server's clock",
	"conformance/checks/http_tls.go":        "when a certificate ends",
	"conformance/checks/idtoken.go":         "when an ID token says that it ends",
	"conformance/checks/token.go":           "when a JWT says that it ends",
	"conformance/checks/token_members.go":   "when a JWT says that it ends",
	"conformance/values.go":                 "the server's time, and until when an answer may be kept",
	"conformance/waiver/waiver.go":          "the last day of a waiver",
	"load/internal/wire/retryafter.go":      "the time to come back at, by the server's clock",
	"load/internal/wire/pool.go":            "a deadline that is over at once",
	"load/kubernetes/fetch.go":              "the time of a file in an archive",
	"load/limits/sender.go":                 "the time to come back at, by the server's clock",
	"load/metrics/otlp.go":                  "when metrics were sent",
	"load/profile/replay.go":                "times in a file",
	"load/shard/clock.go":                   "the target's time, beside ours",
	"cmd/dfcheck/certificate.go":            "when a certificate of the reference server ends",
	"cmd/dfcheck/man.go":                    "the day on manual pages",
	"cmd/dfcheck/waivers_record.go":         "the last day of a waiver",
	"load/kubernetes/run.go":                "the start that shards agree on",
	"load/shard/start.go":                   "the start that shards agree on",
}

// A time loses its monotonic clock by these, or never had one.
var wall = regexp.MustCompile(`\.Unix(Nano|Milli|Micro)?\(\)|time\.Unix\(|\.Round\(0\)|\.AddDate\(|(time\.Parse|http\.ParseTime)\(`)

func TestWallClock(t *testing.T) {
	for _, dir := range []string{"cmd", "conformance", "load", "reports"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			name, _ := filepath.Rel("../..", path)
			name = filepath.ToSlash(name)
			if found := wall.Find(source); (found != nil) != (wallClock[name] != "") {
				t.Errorf("%s: %q, and the table says %q", name, found, wallClock[name])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
