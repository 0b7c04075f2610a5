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

// TestGroupOfAnotherClient: what authenticates the target's client is not sent in another
// client's name.
func TestGroupOfAnotherClient(t *testing.T) {
	contract, err := spec.BuiltinContract("rfc8628")
	if err != nil {
		t.Fatal(err)
	}
	for _, auth := range []string{"basic", "post", "assertion"} {
		target := Target{StartURL: "http://127.0.0.1/device", TokenURL: "http://127.0.0.1/token", Contract: contract,
			ClientID: "backend", Secret: "s3cret", Auth: auth}
		if auth == "assertion" {
			target.Secret, target.Auth, target.Assert = "", "", func() string { return "signed" }
		}
		for client, authenticates := range map[string]bool{"": true, "backend": true, "tv": false} {
			group := profile.Group{ClientID: client}
			of, err := target.of(&group)
			if err != nil {
				t.Fatal(err)
			}
			k := compiledGroup{Group: &group}
			if err := k.render(of, "", false); err != nil {
				t.Fatal(err)
			}
			sent := k.poll[0].Header.Get("Authorization") + string(k.poll[0].Body(nil, []byte("c0de")))
			if got := strings.Contains(sent, "Basic ") || strings.Contains(sent, "s3cret") ||
				strings.Contains(sent, "signed"); got != authenticates {
				t.Errorf("%s, client_id %q: authenticates is %t: %s", auth, client, got, sent)
			}
		}
	}
}
