package reports

import (
	"bytes"
	"strings"
	"testing"
)

// Every rendering says what was offered and carried, and names the errors with
// their first example, which is the server's and harmless.
func TestLoadErrorsAreRendered(t *testing.T) {
	r := New(KindLoad, "v0")
	r.Load = &Load{Devices: Devices{Simulated: 5}, States: States{Polling: 3, BackingOff: 2},
		Offered: Offered{Requests: 12_000, PutOff: 500, Unsent: 3, Carried: 11_400, Share: 0.95, PerSecond: 200,
			CarriedPerSecond: 190},
		Errors: []ErrorKind{{Kind: "http_503", Count: 97, FirstSecond: 12.34, LastSecond: 20,
			Example: "status 503, " + hostile, Exchange: "x1"}, {Kind: "reset", Count: 1, FirstSecond: 3}}}
	for name, wants := range map[string][]string{
		"text": {"offered 12,000 requests (200 a second), carried 11,400 (190 a second, 95 %); " +
			"500 not sent by devices that backed off or left after errors; 3 due but not sent",
			"devices at the end: 3 polling, 2 backing off",
			"http_503             97 errors, from 12.3 s to 20.0 s; the first: status 503, ", "[x1]",
			"reset                1 error, at 3.0 s\n"},
		"markdown": {"offered 12,000 requests", "`http_503`: 97 errors", "`reset`: 1 error, at 3.0 s"},
		"html": {"offered 12,000 requests",
			"<th scope=\"row\">http_503</th><td>97</td><td>12.3 s</td><td>20.0 s</td><td>status 503"},
		"junit": {`name="load" value="offered 12,000 requests`, `name="error.http_503" value="97 errors`},
		"json":  {`"kind": "http_503"`, `"backing_off": 2`, `"put_off": 500`},
	} {
		var b bytes.Buffer
		if err := Formats[name](&b, r); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s has no %q:\n%s", name, want, b.String())
			}
		}
		if name != "json" && strings.ContainsAny(b.String(), "\x1b\x00") || name == "html" &&
			strings.Contains(b.String(), "<script>alert") {
			t.Errorf("%s: what the server sent reaches the reader:\n%s", name, b.String())
		}
	}
}
