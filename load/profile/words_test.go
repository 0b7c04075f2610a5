package profile

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/spec/keys"
	"github.com/dfcheck/dfcheck/spec/strict"
)

var update = flag.Bool("update", false, "write profile.schema.json")

// fits reports what the published schema says of a profile.
func fits(t *testing.T, text string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(SchemaURL, doc); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return compiler.MustCompile(SchemaURL).Validate(v)
}

// TestSchemaIsPublished: editors read profile.schema.json from the repository.
func TestSchemaIsPublished(t *testing.T) {
	const file = "profile.schema.json"
	if *update {
		if err := os.WriteFile(file, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if published, err := os.ReadFile(file); err != nil || !bytes.Equal(published, Schema()) {
		t.Errorf("%s is not what the declarations say, %v: go test ./load/profile -run %s -update", file, err, t.Name())
	}
	if !strings.HasSuffix(SchemaURL, "/load/profile/"+file) {
		t.Errorf("%s names another file", SchemaURL)
	}
}

// TestProfilesFitTheSchema: the built-in profiles and that of the documentation.
func TestProfilesFitTheSchema(t *testing.T) {
	files, err := filepath.Glob("builtin/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err == nil {
			err = fits(t, string(text))
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "```yaml\ndevices:")
	text, _, found := strings.Cut("devices:"+text, "```")
	if !found {
		t.Fatal("load/README.md shows no profile")
	}
	if _, err := Parse([]byte(text), "README.md"); err != nil {
		t.Error(err)
	}
	if err := fits(t, text); err != nil {
		t.Errorf("load/README.md: %v", err)
	}
	if fits(t, "groups: [{people: {aprove: 1}}]") == nil {
		t.Error("an unknown key is right for the schema")
	}
}

// TestWords: the example of each key can be written into a file as it is, and its
// default is what holds without it.
func TestWords(t *testing.T) {
	read := func(text string) (*Profile, error) {
		p := &Profile{}
		err := strict.Decode([]byte(text), "profile.yaml", p)
		return p.WithDefaults(), err
	}
	defaults := 0
	for _, k := range keys.Flat(Keys()) {
		text := k.Written(k.Example)
		if _, err := read(text); k.Example == "" || err != nil {
			t.Errorf("%s: the example is %q: %v", k.Path, text, err)
		}
		if err := fits(t, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		given, err := read(k.Written(k.Default))
		if k.Default == "" || k.Type == "text" || k.OneOf != nil && !slices.Contains(k.OneOf, k.Default) || err != nil {
			continue // it is told in words
		}
		parent := strings.TrimSuffix(k.Path, "."+k.Path[strings.LastIndex(k.Path, ".")+1:])
		without := "{}"
		if parent != k.Path {
			without = keys.Key{Path: parent + ".x"}.Written("")
			without = strings.ReplaceAll(without, "{x: }", "{}")
		}
		left, err := read(without)
		if err != nil {
			t.Fatalf("%s: %v", without, err)
		}
		if d := cmp.Diff(left, given); d != "" {
			t.Errorf("%s is not what holds by default: %s", k.Written(k.Default), d)
		}
		defaults++
	}
	if defaults < 20 {
		t.Errorf("only %d defaults were compared", defaults)
	}
}
