package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// TestRequestConfig: values keep their types, what goes by the name of a secret is one,
// and what has no value is an error that names the key.
func TestRequestConfig(t *testing.T) {
	c := Config{Request: RequestConfig{
		Start:   map[string]any{"device_name": "tv", "year": 2025, "scopes": []any{"a"}, "api_key": "k3y-0f-a11"},
		Headers: map[string]string{"Authorization": "Bearer 0paque-t0ken"}, Query: map[string]string{"pin": "123"},
	}}
	target, err := c.Target()
	if err != nil {
		t.Fatal(err)
	}
	if want := (spec.Params{{Name: "api_key", Value: "k3y-0f-a11"}, {Name: "device_name", Value: "tv"},
		{Name: "scopes", Value: `["a"]`, JSON: true}, {Name: "year", Value: "2025",
			JSON: true}}); !slices.Equal(target.Given.Start, want) {
		t.Errorf("%v, want %v", target.Given.Start, want)
	}
	for _, secret := range []string{"k3y-0f-a11", "0paque-t0ken", "123"} {
		if !slices.Contains(target.Passwords, secret) {
			t.Errorf("%s is no secret", secret)
		}
	}
	if got := target.redactor().URL("https://a/?pin=123&market=SE"); strings.Contains(got, "123&") ||
		!strings.Contains(got, "market=SE") {
		t.Error(got)
	}
	c.Request.Poll = map[string]any{"device_id": nil}
	if _, err := c.Target(); err == nil || !strings.Contains(err.Error(), "request.poll.device_id") {
		t.Error(err)
	}
}

// TestWantsScope: a server that wants a scope says so by the code, or in words.
func TestWantsScope(t *testing.T) {
	for _, c := range []struct {
		status int
		scope  string
		body   string
		want   bool
	}{
		{400, "tv", `{"error":"invalid_scope"}`, true},
		{400, "", `{"error":"Scope is required"}`, true},
		{400, "", `{"error":"invalid_request","error_description":"missing parameter: scope"}`, true},
		{400, "tv", `{"error":"invalid_request","error_description":"bad scope header"}`, false},
		{400, "", `{"error":"invalid_client","error_description":"telescope"}`, false},
		{500, "", `{"error":"Scope is required"}`, false},
	} {
		x := &Exchange{Response: &Response{Status: c.status, Body: c.body}}
		if c.scope != "" {
			x.Request.Params = spec.Params{{Name: "scope", Value: c.scope}}
		}
		if got := WantsScope(x); got != c.want {
			t.Errorf("%d %s with scope %q: %t", c.status, c.body, c.scope, got)
		}
	}
}
