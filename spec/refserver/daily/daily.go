package daily

import (
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

// Racing reports whether this test was built with the race detector.
var Racing = func() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}()

// Part is all of the cases, or under the race detector, which makes a run five times as
// dear, the eighth of them whose day it is, and never less than one: races of the
// program show with any server, verdicts need them all.
func Part[T any](t *testing.T, all []T) []T {
	t.Helper()
	parts := min(8, len(all))
	if !Racing || parts == 0 {
		return all
	}
	day := int(time.Now().Unix()/(24*60*60)) % parts
	var out []T
	for i := day; i < len(all); i += parts {
		out = append(out, all[i])
	}
	t.Logf("part %d of %d, under the race detector", day+1, parts)
	return out
}
