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
	"conformance/checks/dpop_proof.go":    "when a proof was made",
	"conformance/checks/http_tls.go":      "when a certificate ends",
	"conformance/checks/idtoken.go":       "when an ID token says that it ends",
	"conformance/checks/token.go":         "when a JWT says that it ends",
	"conformance/checks/token_members.go": "when a JWT says that it ends",
	"conformance/waiver/waiver.go":        "the last day of a waiver",
	"load/internal/wire/pool.go":          "a deadline that is over at once",
	"load/kubernetes/fetch.go":            "the time of a file in an archive",
	"load/kubernetes/run.go":              "the start that shards agree on",
	"load/shard/start.go":                 "the start that shards agree on",
}

// A time loses its monotonic clock by these.
var wall = regexp.MustCompile(`\.Unix(Nano|Milli|Micro)?\(\)|time\.Unix\(|\.Round\(0\)|\.AddDate\(`)

func TestWallClock(t *testing.T) {
	for _, dir := range []string{"conformance", "load", "reports"} {
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
