package load

import (
	"os"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
)

// TestRequestsOfADocument: a crowd sends what the document requires and what the user
// gives: members, header fields, parameters of the URL.
func TestRequestsOfADocument(t *testing.T) {
	data, err := os.ReadFile("../spec/testdata/alder-screens.json")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := spec.LoadContract("alder", data, spec.OperationHints{Path: map[string]string{"tenant": "acme"}})
	if err != nil {
		t.Fatal(err)
	}
	target := Target{StartURL: "http://127.0.0.1" + contract.Start.Path,
		TokenURL: "http://127.0.0.1" + contract.Token.Path, Contract: contract,
		ClientID: "alder-tv", Given: spec.Given{
			Start: spec.Params{spec.ParamOf("activation_key", "k3y"), spec.ParamOf("year", 2025)},
			Query: spec.Params{{Name: "market", Value: "SE"}}, Header: spec.Params{{Name: "X-Request-Id", Value: "r1"}},
		}}
	k := compiledGroup{Group: &profile.Group{}}
	if err := k.render(target, "", false); err != nil {
		t.Fatal(err)
	}
	start, poll := k.start[0], k.poll[0]
	for _, part := range []string{`"client_id":"alder-tv"`, `"activation_key":"k3y"`, `"year":2025`, `"beta":false`,
		`"scopes":["play"]`} {
		if body := string(start.Body(nil, nil)); !strings.Contains(body, part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
	if start.URL.String() != "http://127.0.0.1/v4/acme/screens/link?market=SE" ||
		start.Header.Get("X-Api-Version") != "2026-04-01" ||
		start.Header.Get("X-Request-Id") != "r1" {
		t.Errorf("%s %v", start.URL, start.Header)
	}
	body := string(poll.Body(nil, []byte("c0de")))
	if !strings.HasPrefix(body, `{"grant_type":"device_code","device_code":"c0de","device_id":"`) ||
		strings.Contains(body, "client_id") {
		t.Error(body)
	}
}
