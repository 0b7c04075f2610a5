package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchemaIsThatOfTheTypes keeps schema.json and the Go types together.
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	s := describe(reflect.TypeFor[Report]())
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", Schema
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile("schema.json", text, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(schemaJSON, string(text)); d != "" {
		t.Errorf("schema.json and the types differ, -update writes it again; "+
			"a change of meaning needs a new schema name:\n%s",
			d)
	}
}

// TestReportsFulfilTheSchema validates documents, and one that is not right.
func TestReportsFulfilTheSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	load := New(KindLoad, "v0")
	h := NewHistogram(Milliseconds)
	h.Record(3e6)
	load.Load = &Load{Profile: map[string]any{"devices": 1}, Latency: Latencies{Poll: h.Distribution()},
		Violations: []Violation{},
		Timeline:   []Second{{Second: 1}}, Thresholds: []Threshold{{Expression: "poll.p99 < 1s", Verdict: Pass}}}
	for _, r := range []*Report{sample(), load, New(KindCapacity, "v0")} {
		var b bytes.Buffer
		if err := encodeJSON(&b, r); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", r.Run.Kind, err)
		}
		v.(map[string]any)["surprise"] = true
		if schema.Validate(v) == nil {
			t.Errorf("%s: an unknown member is accepted", r.Run.Kind)
		}
	}
}
