package conformance

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/spec/keys"
	"github.com/dfcheck/dfcheck/spec/strict"
)

var update = flag.Bool("update", false, "write config.schema.json")

// configSchema is the schema of dfcheck.yaml as it is published.
func configSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(ConfigSchema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(ConfigSchemaURL, doc); err != nil {
		t.Fatal(err)
	}
	return compiler.MustCompile(ConfigSchemaURL)
}

// asJSON is a YAML document as a JSON Schema sees it.
func asJSON(t *testing.T, text string) (v any) {
	t.Helper()
	if err := yaml.Load([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestConfigSchemaIsPublished: editors read config.schema.json from the repository.
func TestConfigSchemaIsPublished(t *testing.T) {
	const file = "config.schema.json"
	if *update {
		if err := os.WriteFile(file, ConfigSchema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if published, err := os.ReadFile(file); err != nil || !bytes.Equal(published, ConfigSchema()) {
		t.Errorf("%s is not what the declarations say, %v: go test ./conformance -run %s -update", file, err, t.Name())
	}
	if !strings.HasSuffix(ConfigSchemaURL, "/conformance/"+file) {
		t.Errorf("%s names another file", ConfigSchemaURL)
	}
}

// TestConfigFilesFitTheSchema: the files of the documentation and of the target
// servers are right for the reader and for the schema.
func TestConfigFilesFitTheSchema(t *testing.T) {
	schema := configSchema(t)
	files, err := filepath.Glob("../testdata/targets/*/dfcheck*.yaml")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(asJSON(t, string(text))); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "## dfcheck.yaml\n\n```yaml\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("README.md shows no dfcheck.yaml")
	}
	if err := decodeConfig(text); err != nil {
		t.Errorf("README.md: %v", err)
	}
	if err := schema.Validate(asJSON(t, text)); err != nil {
		t.Errorf("README.md: %v", err)
	}
}

func decodeConfig(text string) error {
	env := func(string) (string, bool) { return "value", true }
	return strict.Decode([]byte(text), "dfcheck.yaml", &Config{}, strict.ExpandEnv(env), strict.NoBlanks(mayBeBlank...))
}

// TestConfigExamples: the example of each key can be written into a file as it is.
func TestConfigExamples(t *testing.T) {
	schema := configSchema(t)
	for _, k := range keys.Flat(ConfigKeys()) {
		text := k.Written(k.Example)
		if err := decodeConfig(text); k.Example == "" || err != nil {
			t.Errorf("%s: the example is %q: %v", k.Path, text, err)
		}
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestConfigSchemaRefusesNothingGood: what is accepted when dfcheck.yaml is read is
// right for an editor too, for every key of the structs and every shape of a value;
// and neither takes an unknown key.
func TestConfigSchemaRefusesNothingGood(t *testing.T) {
	schema := configSchema(t)
	accepted := 0
	keysOf(reflect.TypeFor[Config](), "", func(path string, typ reflect.Type) {
		k := keys.Key{Path: path}
		if _, err := keys.Find(ConfigKeys(), path); err != nil {
			t.Error(err)
		}
		for _, value := range []string{"words", "[a, b]", "[404]", "{a: b}", "12", "12.5", "true", "[[1]]", "[{open: a}]",
			"~",
			"90s", "basic", "form", "S256", "${VARIABLE}", "[]", "{}"} {
			text := k.Written(value)
			if decodeConfig(text) != nil || value == "~" && typ.Kind() == reflect.String {
				continue
			}
			if slices.Contains([]string{"approve.kind", "pkce", "dpop"}, path) || strings.HasSuffix(path, ".auth") {
				continue // words that nobody knows are refused when they are used
			}
			accepted++
			if err := schema.Validate(asJSON(t, text)); err != nil {
				t.Errorf("%s is read, and the schema says %v", text, err)
			}
		}
		if typ.Kind() == reflect.Struct {
			text := k.Written("{unknown_key: a}")
			if decodeConfig(text) == nil || schema.Validate(asJSON(t, text)) == nil {
				t.Errorf("%s is accepted", text)
			}
		}
	})
	if accepted < 100 {
		t.Errorf("only %d were accepted", accepted)
	}
}
