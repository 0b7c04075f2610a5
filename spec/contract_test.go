package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuiltinContracts(t *testing.T) {
	type operation struct {
		Path      string
		Encodings []Encoding
		Required  []string
		Optional  []string
	}
	type contract struct {
		Documented, Slip bool
		Start, Token     operation
	}
	all := []Encoding{Form, JSON, Multipart}
	form := []Encoding{Form}
	documentedStart := func(e []Encoding) operation {
		return operation{"/api/v1/oauth/device-authorization/", e, []string{"client_id", "device_os", "device_type"},
			[]string{"scope"}}
	}
	want := map[string]contract{
		"documented-v1": {true, true, documentedStart(all),
			operation{"/api/v1/oauth/token", all, []string{"device_code", "grant_type"}, []string{"client_id"}}},
		"documented-v2": {true, false, documentedStart(form),
			operation{"/api/v1/oauth/token", form, []string{"client_id", "grant_type"},
				[]string{"device_code", "refresh_token"}}},
		"rfc8628": {false, false,
			operation{"/device_authorization", form, []string{"client_id"}, []string{"scope"}},
			operation{"/token", form, []string{"client_id", "device_code", "grant_type"}, nil}},
	}
	see := func(o Operation) operation {
		seen := operation{o.Path, o.Encodings, o.Required(), nil}
		for _, p := range o.Params {
			if !p.Required {
				seen.Optional = append(seen.Optional, p.Name)
			}
		}
		return seen
	}
	got := map[string]contract{}
	for _, name := range ContractNames() {
		c, err := BuiltinContract(name)
		if err != nil {
			t.Fatal(err)
		}
		read, err := LoadContract(name, c.Source, OperationHints{}) // which looks for mistakes
		if err != nil {
			t.Fatal(err)
		}
		for _, note := range read.Notes {
			if strings.Contains(note, "passed over") {
				t.Errorf("%s: %s", name, note)
			}
		}
		got[name] = contract{c.Family == Documented, c.TokenResponseSlip, see(c.Start), see(c.Token)}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("contracts (-want +got):\n%s", d)
	}
}

func TestUnknownContractNamesTheNearest(t *testing.T) {
	_, err := BuiltinContract("documented-v3")
	if err == nil || !strings.Contains(err.Error(), `"documented-v2"`) &&
		!strings.Contains(err.Error(), `"documented-v1"`) {
		t.Errorf("error = %v", err)
	}
}
