package merge

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// measured puts a distribution of one value into each place for one.
func measured(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[reports.Distribution]():
		h := reports.NewHistogram(reports.Milliseconds)
		h.Record(time.Millisecond)
		v.Set(reflect.ValueOf(h.Distribution()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				measured(v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			measured(v.Index(i))
		}
	}
}

// ofShard is the report of a shard of two.
func ofShard(index, groups, stages, seconds int) []byte {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	l := &reports.Load{Profile: map[string]any{"devices": 4, "duration": "1m0s", "thresholds": []any{"error_rate < 1%"}},
		Groups: make([]reports.Breakdown, groups), Stages: make([]reports.Breakdown, stages),
		Timeline: make([]reports.Second, seconds)}
	measured(reflect.ValueOf(l).Elem())
	l.Shard = reports.Shard{Index: index, Count: 2, Complete: true, Digest: "01", CrowdDigest: "02", Devices: 2,
		StartAt: &at, Seconds: 60}
	r := reports.New(reports.KindLoad, "v0")
	r.Load = l
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // every member can be written
	}
	return text
}

// FuzzLive: reports that strangers call those of shards are merged into one that can be
// written, or the error says why not.
func FuzzLive(f *testing.F) {
	f.Add(ofShard(0, 1, 2, 3), ofShard(1, 1, 2, 3))
	f.Add(ofShard(0, 1, 2, 3), ofShard(1, 2, 1, 1))
	f.Add(ofShard(1, 0, 0, 0), ofShard(1, 0, 0, 0))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var list []*reports.Report
		for _, text := range [][]byte{one, two} {
			r, err := reports.Read(bytes.NewReader(text))
			if err != nil || r.Load == nil || r.Load.Shard.StartAt == nil {
				return // Folder and Follower leave those out
			}
			list = append(list, r)
		}
		merged, err := Live(list, 2)
		if err != nil {
			return
		}
		if _, err := json.Marshal(merged); err != nil {
			t.Errorf("what was merged cannot be written: %v", err)
		}
		_ = reports.WriteText(io.Discard, merged, true)
	})
}
