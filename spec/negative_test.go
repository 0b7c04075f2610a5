package spec

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func names(all []Negative) []string {
	var out []string
	for _, n := range all {
		out = append(out, n.Check+" "+n.String())
	}
	return out
}

func TestNegativesOfDocumentedV2(t *testing.T) {
	c := must(BuiltinContract("documented-v2"))
	want := []string{
		"DF-POLL-013 client_id missing (form)",
		"DF-POLL-014 grant_type missing (form)",
		`DF-POLL-014 grant_type outside enum: "urn:dfcheck:none" (form)`,
		"DF-CTYPE-007 body labelled application/json",
		"DF-CTYPE-007 body labelled multipart/form-data",
		"DF-CTYPE-007 body labelled text/plain",
		"DF-CTYPE-007 body labelled application/xml",
		"DF-CTYPE-007 body labelled application/octet-stream",
	}
	if d := cmp.Diff(want, names(c.Token.Negatives())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Every rule of the documents has its negatives, each with the check it
// belongs to, in every encoding that can express it.
func TestNegativesCover(t *testing.T) {
	v1, rfc := must(BuiltinContract("documented-v1")), must(BuiltinContract("rfc8628"))
	lumen, hub := vendor(t, "lumen-identity.yaml"), vendor(t, "homehub-pairing.json")
	for _, test := range []struct {
		name      string
		operation *Operation
		total     int
		has       []string
	}{
		// 3 required x 3 encodings, 4 members x 8 JSON values, 3 foreign types
		{"v1 start", &v1.Start, 9 + 32 + 3, []string{
			"DF-AUTHZ-011 client_id missing (form)", "DF-AUTHZ-013 device_type missing (multipart)",
			"DF-AUTHZ-014 device_os missing (json)",
			`DF-CTYPE-010 scope wrong type: ["x"] (json)`, "DF-CTYPE-007 body labelled text/plain"}},
		// 2 required, device_code and client_id limited, 1 enum, each x 3; 3 members x 8
		{"v1 token", &v1.Token, 6 + 6 + 3 + 24 + 3, []string{
			"DF-POLL-013 device_code missing (json)", "DF-POLL-014 grant_type missing (form)",
			"DF-POLL-016 device_code too long (multipart)",
			"DF-POLL-016 client_id too long (form)", `DF-POLL-014 grant_type outside enum: "urn:dfcheck:none" (json)`}},
		// the standard neither requires nor forbids JSON
		{"rfc8628 start", &rfc.Start, 1 + 3, []string{"DF-AUTHZ-011 client_id missing (form)"}},
		// 3 required x 2; client_id and device_os limited x 2; 1 enum x 2; JSON: 3 strings x 8, integer 7, nullable 7;
		// multipart and 3 types undeclared
		{"3.1 start", &lumen.Start, 6 + 4 + 2 + 24 + 7 + 7 + 4, []string{
			`DF-AUTHZ-013 device_type outside enum: "urn:dfcheck:none" (form)`, "DF-AUTHZ-013 firmware missing (json)",
			"DF-AUTHZ-013 device_os too long (form)", "DF-CTYPE-010 firmware wrong type: 1.5 (json)",
			"DF-CTYPE-007 body labelled multipart/form-data"}},
		// 3 required x 2; client_id and serial limited x 2; 1 enum x 2; JSON: 3 strings x 8, nullable boolean 6; form and 3
		// types undeclared
		{"3.0 start by schema", &hub.Start, 6 + 4 + 2 + 24 + 6 + 4, []string{
			"DF-AUTHZ-013 serial too long (multipart)", `DF-AUTHZ-013 model outside enum: "urn:dfcheck:none" (json)`,
			"DF-CTYPE-007 body labelled application/x-www-form-urlencoded"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := names(test.operation.Negatives())
			if len(got) != test.total {
				t.Errorf("%d negatives, want %d:\n%s", len(got), test.total, strings.Join(got, "\n"))
			}
			for _, want := range test.has {
				if !slices.Contains(got, want) {
					t.Errorf("%q is missing of:\n%s", want, strings.Join(got, "\n"))
				}
			}
			if again := names(test.operation.Negatives()); !slices.Equal(got, again) {
				t.Error("the order changes")
			}
			if unique := slices.Compact(slices.Sorted(slices.Values(got))); len(unique) != len(got) {
				t.Error("a case is there twice")
			}
			for _, n := range test.operation.Negatives() {
				if _, err := Lookup(n.Check); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func find(t *testing.T, o *Operation, name string) Negative {
	t.Helper()
	for _, n := range o.Negatives() {
		if n.String() == name {
			return n
		}
	}
	t.Fatalf("no negative %q", name)
	return Negative{}
}

// TestParseNegative: what a recording calls a negative request is read as what it was.
func TestParseNegative(t *testing.T) {
	v1, v2, rfc := must(BuiltinContract("documented-v1")), must(BuiltinContract("documented-v2")),
		must(BuiltinContract("rfc8628"))
	lumen, hub := vendor(t, "lumen-identity.yaml"), vendor(t, "homehub-pairing.json")
	kinds := map[NegativeKind]bool{}
	for _, c := range []*Contract{v1, v2, rfc, lumen, hub} {
		for _, want := range append(c.Start.Negatives(), c.Token.Negatives()...) {
			got, ok := ParseNegative(want.String())
			kinds[want.Kind] = true
			want.Check, want.Required, want.operation = "", false, nil // the document's
			switch want.Kind {
			case Undeclared:
				want.Encoding = ""
			case TooLong:
				want.Value = ""
			}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(Negative{})); !ok || d != "" {
				t.Errorf("%s: %t (-want +got)\n%s", want, ok, d)
			}
		}
	}
	if len(kinds) != 5 {
		t.Errorf("only %v were read", kinds)
	}
	for _, text := range []string{"", "due", "device_code missing", "missing (form)", "client_id gone (json)",
		"client_id missing (xml)", "client_id missing: 1 (form)", "client_id wrong type (json)"} {
		if n, ok := ParseNegative(text); ok {
			t.Errorf("%q is read as %+v", text, n)
		}
	}
}

func TestNegativeApply(t *testing.T) {
	v1, lumen := must(BuiltinContract("documented-v1")), vendor(t, "lumen-identity.yaml")
	v1Base := Params{{Name: "client_id", Value: "c"}, {Name: "device_type", Value: "tv"},
		{Name: "device_os", Value: "linux"}}
	lumenBase := Sender{ClientID: "c"}.Start(lumen, "")
	for _, test := range []struct {
		operation   *Operation
		base        Params
		name        string
		contentType string
		body        string
	}{
		{&v1.Start, v1Base, "device_type missing (json)", "application/json", `{"client_id":"c","device_os":"linux"}`},
		{&v1.Start, v1Base, "client_id missing (form)", "application/x-www-form-urlencoded",
			"device_type=tv&device_os=linux"},
		{&v1.Start, v1Base, `device_os wrong type: {"a":1} (json)`, "application/json",
			`{"client_id":"c","device_type":"tv","device_os":{"a":1}}`},
		{&v1.Start, v1Base, "scope wrong type: null (json)", "application/json",
			`{"client_id":"c","device_type":"tv","device_os":"linux","scope":null}`},
		{&v1.Start, v1Base, "body labelled application/xml", "application/xml", "client_id=c&device_type=tv&device_os=linux"},
		{&v1.Token, Params{{Name: "grant_type", Value: "g"}}, `grant_type outside enum: "urn:dfcheck:none" (form)`,
			"application/x-www-form-urlencoded", "grant_type=urn%3Adfcheck%3Anone"},
		{&lumen.Start, lumenBase, "device_type missing (json)", "application/json", `{"client_id":"c","firmware":7}`},
		{&lumen.Start, lumenBase, "firmware wrong type: true (json)", "application/json",
			`{"client_id":"c","device_type":"tv","firmware":true}`},
		{&lumen.Start, lumenBase, "device_os too long (form)", "application/x-www-form-urlencoded",
			"client_id=c&device_type=tv&firmware=7&device_os=" + strings.Repeat("x", 41)},
	} {
		t.Run(test.name, func(t *testing.T) {
			contentType, body := find(t, test.operation, test.name).Apply(test.base)
			if contentType != test.contentType || string(body) != test.body {
				t.Errorf("%s\n%s\nwant %s\n%s", contentType, body, test.contentType, test.body)
			}
		})
	}
}

func TestUndeclaredEncodingsAreEncodedAsLabelled(t *testing.T) {
	v2, hub := must(BuiltinContract("documented-v2")), vendor(t, "homehub-pairing.json")
	base := Params{{Name: "client_id", Value: "c"}}
	if contentType, body := find(t, &v2.Start,
		"body labelled application/json").Apply(base); contentType != string(JSON) || !json.Valid(body) {
		t.Errorf("%s %s", contentType, body)
	}
	if contentType, body := find(t, &v2.Start,
		"body labelled multipart/form-data").Apply(base); !strings.HasPrefix(contentType, "multipart/form-data; boundary=") ||
		!strings.Contains(string(body), "client_id") {
		t.Errorf("%s %s", contentType, body)
	}
	contentType, body := find(t, &hub.Start, "body labelled application/x-www-form-urlencoded").Apply(base)
	if v, err := url.ParseQuery(string(body)); contentType != string(Form) || err != nil || v.Get("client_id") != "c" {
		t.Errorf("%s %s", contentType, body)
	}
}

func TestOutsideEnum(t *testing.T) {
	for _, test := range []struct {
		param ParamSpec
		want  string
	}{
		{ParamSpec{Type: "string", Enum: []string{"a"}}, `"urn:dfcheck:none"`},
		{ParamSpec{Type: "string", Enum: []string{"urn:dfcheck:none"}}, `"urn:dfcheck:nonf"`},
		{ParamSpec{Type: "string", Enum: []string{"xx", "xy"}, MaxLength: 2}, `"xz"`},
		{ParamSpec{Type: "integer", Enum: []string{"0", "1"}}, "2"},
	} {
		if got := test.param.outside(); got != test.want {
			t.Errorf("outside(%v) = %s, want %s", test.param.Enum, got, test.want)
		}
	}
}
