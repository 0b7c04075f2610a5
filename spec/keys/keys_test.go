package keys

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

type file struct {
	Host  string            `yaml:"host"`
	Size  int               `yaml:"size" was:"most"`
	Seed  uint64            `yaml:"seed"`
	Share float64           `yaml:"share"`
	Yes   bool              `yaml:"yes"`
	Wait  time.Duration     `yaml:"wait"`
	Mode  string            `yaml:"mode"`
	Names map[string]string `yaml:"names"`
	Free  map[string]any    `yaml:"free"`
	One   part              `yaml:"one"`
	Other *part             `yaml:"other"`
	Parts []part            `yaml:"parts"`
	Act   action            `yaml:"act"`
}

type part struct {
	ID string `yaml:"id"`
}

// action is a part, or a list of texts.
type action struct{ part }

func (a *action) UnmarshalYAML(*yaml.Node) error { return nil }

func (a *action) Shape(n *yaml.Node) any {
	if n.Kind == yaml.MappingNode {
		return &a.part
	} else if len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode {
		return nil
	}
	return new([]string)
}

func (part) Form() string { return "{id: a}" }
func (part) Words() Words { return Words{"id": {About: "Its name.", Example: "b"}} }

func (file) Words() Words {
	words := Words{"mode": {About: "How.", Default: "fast", Example: "slow", OneOf: []string{"fast", "slow", "1.1"}},
		"act": {About: "What is done.", Example: "[run]"}}
	for name, example := range map[string]string{"host": "a", "size": "1", "seed": "2", "share": "0.5", "yes": "true",
		"wait": "5s", "names": "{a: b}", "free": "{a: [1]}", "one": "", "other": "", "parts": "[{id: c}]"} {
		words[name] = Word{About: "The " + name + ".", Example: example}
	}
	return words
}

func TestOf(t *testing.T) {
	var got []string
	for _, k := range Flat(Of(file{})) {
		if k.Again {
			continue
		}
		got = append(got, k.Path+" | "+k.Type+" | "+k.Written(k.Example)+" | "+k.Was+strings.Join(k.Like, " "))
	}
	want := []string{
		"host | text | host: a | ",
		"size | whole number | size: 1 | most",
		"seed | whole number, not negative | seed: 2 | ",
		"share | number | share: 0.5 | ",
		"yes | true or false | yes: true | ",
		"wait | time | wait: 5s | ",
		"mode | fast, slow or 1.1 | mode: slow | ",
		"names | mapping of texts | names: {a: b} | ",
		"free | mapping | free: {a: [1]} | ",
		"one | mapping | one: {id: a} | ",
		"one.id | text | one: {id: b} | ",
		"other | mapping | other: {id: a} | one",
		"parts | list of mappings | parts: [{id: c}] | one",
		"act | mapping, or list of texts | act: [run] | one",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestFind(t *testing.T) {
	for path, want := range map[string]string{"one.id": "one.id", "other.id": "other.id", "parts[].id": "parts[].id",
		"host": "host"} {
		if k, err := Find(Of(file{}), path); err != nil || k.Path != want {
			t.Errorf("%s: %q, %v", path, k.Path, err)
		}
	}
	if _, err := Find(Of(file{}), "other.di"); err == nil ||
		err.Error() != `unknown key "other.di"; the nearest is "other.id"` {
		t.Error(err)
	}
}

type unworded struct {
	A string `yaml:"a"`
}

type halfWorded struct {
	A string `yaml:"a"`
	B string `yaml:"b"`
}

type overWorded struct {
	A string `yaml:"a"`
}

func (halfWorded) Words() Words { return Words{"a": {About: "A."}} }
func (overWorded) Words() Words { return Words{"a": {About: "A."}, "gone": {About: "It was renamed."}} }

// TestEveryKeyHasWords: a key without words, and words without a key, are a mistake of
// the declaration that no file can hide.
func TestEveryKeyHasWords(t *testing.T) {
	for _, section := range []any{unworded{}, halfWorded{}, overWorded{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%T is taken", section)
				}
			}()
			Of(section)
		}()
	}
}

// TestSchema: the schema takes what is right, and refuses unknown keys and other kinds.
func TestSchema(t *testing.T) {
	compile := func(variables bool) *jsonschema.Schema {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Document{ID: "x", Variables: variables}.Schema(file{})))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("x", doc); err != nil {
			t.Fatal(err)
		}
		return c.MustCompile("x")
	}
	plain, variable := compile(false), compile(true)
	for text, want := range map[string][2]bool{ // without variables, with them
		"{}": {true, true}, "host: a": {true, true}, "host: 4711": {true, true}, "host: [a]": {false, false},
		"hots: a": {false, false}, "size: 1": {true, true}, "most: 1": {true, true}, "size: a": {false, false},
		"size: ${SIZE}": {false, true}, "seed: -1": {false, false}, "yes: true": {true, true}, "yes: 1": {false, false},
		"wait: 1m30s": {true, true}, "wait: soon": {false, false}, "wait: 5": {false, false}, "wait: 0": {true, true},
		"mode: slow": {true, true}, "mode: 1.1": {true, true}, "mode: quick": {false, false}, "mode: ${MODE}": {false, true},
		"names: {a: b}": {true, true}, "names: {a: [b]}": {false, false}, "free: {a: [b]}": {true, true},
		"one: {id: a}": {true, true}, "one: {di: a}": {false, false}, "one:": {true, true}, "one: a": {false, false},
		"parts: [{id: a}]": {true, true}, "parts: {id: a}": {false, false}, "parts: [{di: a}]": {false, false},
		"act: {id: a}": {true, true}, "act: [a]": {true, true}, "act: a": {false, false}, "act: {di: a}": {false, false},
	} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for i, schema := range []*jsonschema.Schema{plain, variable} {
			if err := schema.Validate(doc); (err == nil) != want[i] {
				t.Errorf("%s, variables %t: %v", text, i == 1, err)
			}
		}
	}
}
