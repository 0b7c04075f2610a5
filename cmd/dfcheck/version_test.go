package main

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/reports"
)

// TestToolOf: a release, `go install` of one, and builds of a checkout.
func TestToolOf(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"},
			{Key: "vcs.modified", Value: modified},
			{Key: "vcs.time", Value: "2026-11-27T10:00:00Z"}}
	}
	for _, tt := range []struct {
		version  string
		settings []debug.BuildSetting
		want     reports.Tool
	}{
		{"v1.2.3", vcs("false"), reports.Tool{Name: "dfcheck", Version: "v1.2.3", Commit: "0123456789ab",
			Date: "2026-11-27T10:00:00Z"}},
		{"v1.2.3", nil, reports.Tool{Name: "dfcheck", Version: "v1.2.3"}}, // from the module proxy
		{"(devel)", vcs("true"), reports.Tool{Name: "dfcheck", Version: "(devel)", Commit: "0123456789ab, modified",
			Date: "2026-11-27T10:00:00Z"}},
		{"", nil, reports.Tool{Name: "dfcheck", Version: "(devel)"}}, // go build with files
	} {
		info := &debug.BuildInfo{Settings: tt.settings}
		info.Main.Version = tt.version
		if d := cmp.Diff(tt.want, toolOf(info)); d != "" {
			t.Errorf("%s: %s", tt.version, d)
		}
	}
}
