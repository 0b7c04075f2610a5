package spec

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
)

// replacements stand in for a value of a document, one after another.
func replacements(whole, value any, path string) []any {
	out := []any{nil, "", "x", json.Number("0"), json.Number("-1.5"), true, false, []any{}, []any{nil}, []any{"x", "x"},
		map[string]any{},
		map[string]any{"": nil}, map[string]any{"$ref": "#" + path}, map[string]any{"$ref": "#"}, map[string]any{"$ref": nil},
		map[string]any{"$ref": "#/nowhere"}, []any{value}, map[string]any{"x": value},
		map[string]any{"allOf": []any{value, map[string]any{"$ref": "#" + path}}},
		map[string]any{"schema": value}, map[string]any{"properties": value}}
	return out
}

// mutations calls f with the document once for every value in it and every
// replacement, and once without the value.
func mutations(tree any, f func()) {
	var walk func(value any, path string)
	walk = func(value any, path string) {
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				old, at := v[name], path+"/"+escapeName.Replace(name)
				delete(v, name)
				f()
				v["other "+name] = old
				f()
				delete(v, "other "+name)
				for _, r := range replacements(tree, old, at) {
					v[name] = r
					f()
				}
				v[name] = old
				walk(old, at)
			}
		case []any:
			for i, old := range v {
				at := path + "/" + string(rune('0'+i%10))
				for _, r := range replacements(tree, old, at) {
					v[i] = r
					f()
				}
				v[i] = old
				walk(old, at)
			}
		}
	}
	walk(tree, "")
}

// use does with a contract what a run does with it.
func use(c *Contract) {
	s := Sender{ClientID: "c", Scope: "s"}
	s.Check(c) // which may ask for values
	for o, params := range map[*Operation]Params{&c.Start: s.Start(c, "f1"), &c.Token: s.Poll(c, "d")} {
		s.Header(o)
		s.Query(o)
		for _, e := range o.Encodings {
			o.Encode(e, params)
			o.In(e)
		}
		for _, n := range o.Negatives() {
			n.Apply(params)
			ParseNegative(n.String())
		}
		for _, status := range []int{200, 201, 302, 400, 503} {
			for _, body := range []string{"", "null", "[]", `{"device_code":1,"error":null}`,
				`{"device_code":"d","user_code":"u","access_token":"a","token_type":"Bearer","expires_in":1.5}`} {
				for _, d := range o.CheckResponse(status, "application/json", []byte(body)) {
					_ = d.String()
				}
			}
			o.Describes(status)
		}
		o.DescribesErrors()
	}
	c.Refreshes()
	c.Describe().Lines()
}

// testDocuments are the documents of this package, by their names.
func testDocuments(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"sound": []byte(sound)}
	for _, pattern := range []string{"testdata/*.yaml", "testdata/*.json", "openapi/*.yaml", "refserver/openapi.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = data
		}
	}
	return all
}

// No document brings dfcheck down, whatever is missing in it or stands in the wrong
// place, and neither does what is done with a contract that was made of it. With
// DFCHECK_LONG every mutation is tried, else one of forty.
func TestMutatedDocuments(t *testing.T) {
	step := 40
	if os.Getenv("DFCHECK_LONG") != "" {
		step = 1
	}
	n, tried, understood := 0, 0, 0
	for name, data := range testDocuments(t) {
		tree, err := parseTree(data)
		if err != nil {
			t.Fatal(err)
		}
		mutations(tree, func() {
			if n++; n%step != 0 {
				return
			}
			text, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			tried++
			if mutated(t, name, text) {
				understood++
			}
		})
	}
	t.Logf("%d of %d mutations, %d understood", tried, n, understood)
	if n < 30000 || understood < tried/4 {
		t.Errorf("%d of %d mutations were tried, of which %d were understood", tried, n, understood)
	}
}

// mutated uses a document, and reports whether it was understood.
func mutated(t testing.TB, name string, text []byte) bool {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%s: %v\n%s\n%s", name, p, debug.Stack(), text)
		}
	}()
	doc, err := loadDocument(text, nil)
	if err != nil {
		return false
	}
	c := &Contract{Name: name, Family: Document}
	if c.describe(doc, OperationHints{Path: map[string]string{"tenant": "acme"}}) != nil {
		return false
	}
	doc.overlook()
	use(c)
	return true
}

// FuzzLoadContract looks for documents that bring dfcheck down:
//
//	go test ./spec -run none -fuzz FuzzLoadContract -fuzztime 1m -fuzzminimizetime 1x
func FuzzLoadContract(f *testing.F) {
	for _, data := range testDocuments(f) {
		f.Add(data, "", "")
	}
	f.Add([]byte(sound), "/device", "poll")
	f.Add([]byte("openapi: 3.1.0\npaths: {'/{a}/device': {post: }, '/token': }\n"), "/x/device",
		"https://example.com/token")
	f.Add([]byte("swagger: '2.0'\npaths: {/device: {post: {parameters: [{in: formData, name: client_id}]}}}\n"), "/device",
		"")
	f.Fuzz(func(t *testing.T, data []byte, start, token string) {
		c, err := LoadContract("fuzz", data, OperationHints{Start: start, Token: token})
		if err == nil {
			use(c)
		}
	})
}
