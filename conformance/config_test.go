package conformance

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// keysOf lists the keys of a configuration, dotted, with their types.
func keysOf(typ reflect.Type, path string, visit func(path string, typ reflect.Type)) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if path != "" {
		visit(path, typ)
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	for f := range typ.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key != "" && key != "-" {
			keysOf(f.Type, strings.TrimPrefix(path+"."+key, "."), visit)
		}
	}
}

// TestConfigErrorsSpeakYAML: whatever stands where a key wants something else, the
// error names the file, the key and how it is written, in no words of Go's.
func TestConfigErrorsSpeakYAML(t *testing.T) {
	goWords := []string{"cannot construct", "!!", "conformance.", "approve.Action", "approve.Fields", "strconv", "time:",
		"unmarshal", "invalid syntax", "int64", "struct", "[]string"}
	shapes := []string{"some words", "[a, b]", "{zzz: 1}", "12.5", "yes", "[[1]]", "~"}
	refused := 0
	keysOf(reflect.TypeFor[Config](), "", func(path string, typ reflect.Type) {
		for _, value := range shapes {
			file := filepath.Join(t.TempDir(), "dfcheck.yaml")
			text, indent := "", ""
			for key := range strings.SplitSeq(path, ".") {
				text += "\n" + indent + key + ":"
				indent += "  "
			}
			if err := os.WriteFile(file, []byte(text+" "+value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := ReadConfig(file)
			if err == nil {
				_, err = c.Target()
			}
			if err == nil {
				continue
			}
			refused++
			said := err.Error()
			for _, w := range goWords {
				if strings.Contains(said, w) {
					t.Errorf("%s: %s is told as %s", path, value, said)
				}
			}
			if strings.Contains(said, "…") {
				t.Errorf("%s: %s is told as %s, which shows keys without values", path, value, said)
			}
		}
	})
	if refused < 100 {
		t.Errorf("only %d were refused", refused)
	}
}
