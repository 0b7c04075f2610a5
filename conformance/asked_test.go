package conformance

import (
	"net/http"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// TestFindingsNameTheRequest: what came back is told with the request it answers,
// in a reader's words and not in those of a scenario.
func TestFindingsNameTheRequest(t *testing.T) {
	grant := func(g string) spec.Params { return spec.Params{{Name: "grant_type", Value: g}} }
	poll := Request{Method: http.MethodPost, Params: grant(spec.GrantDeviceCode), Encoding: spec.Form}
	for _, c := range []struct {
		x    Exchange
		want string
	}{
		{Exchange{Op: OpToken, Request: poll}, "501 with neither an error nor codes"},
		{Exchange{Op: OpToken, Step: "first", Request: poll}, "501 with neither an error nor codes"},
		{Exchange{Op: OpToken, Step: "due", Request: poll},
			"501 with neither an error nor codes for a poll after the interval"},
		{Exchange{Op: OpToken, Step: "due", words: Words{"due": "on time"}, Request: poll},
			"501 with neither an error nor codes for a poll on time"},
		{Exchange{Op: OpToken, Step: "device_code missing (form)", Request: poll},
			"501 with neither an error nor codes for a poll as form (device_code missing)"},
		{Exchange{Op: OpToken, Step: "form then form", Request: poll},
			"501 with neither an error nor codes for a poll as form, of a code that was requested as form"},
		{Exchange{Op: OpToken, Step: "foreign", words: Words{"foreign": "by another client"},
			Request: Request{Method: http.MethodPost,
				Params: grant(spec.GrantRefreshToken)}},
			"501 with neither an error nor codes for a refresh request by another client"},
		{Exchange{Op: OpStart, Step: "HEAD", Request: Request{Method: http.MethodHead}},
			"501 with neither an error nor codes for HEAD to the device authorization endpoint"},
	} {
		c.x.Response = &Response{Status: 501, Body: "{}", Length: 2}
		if got := c.x.Replied(); got != c.want {
			t.Errorf("step %q: %q, want %q", c.x.Step, got, c.want)
		}
	}
	lost := Exchange{Op: OpStart, Step: "form", Error: "connection reset", Request: Request{Method: http.MethodPost}}
	if got := lost.Replied(); got != "no answer (connection reset) to a device authorization request as form" {
		t.Error(got)
	}
}
