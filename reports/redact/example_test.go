package redact_test

import (
	"fmt"
	"strings"

	"github.com/dfcheck/dfcheck/reports/redact"
)

// A secret is learned once and then found however a server writes it. What still
// holds it is not written.
func Example() {
	r := redact.New(nil)
	pseudonym := r.Learn(redact.DeviceCode, "GmRh/mcOL9")
	show := func(text string) { fmt.Println(strings.ReplaceAll(text, pseudonym, "PSEUDONYM")) }

	show(r.Body(`{"device_code": "GmRh\/mcOL9", "interval": 5}`, redact.About{ContentType: "application/json"}))
	show(r.Text("GET /device?code=GmRh%2FmcOL9"))

	err := r.Check("report.json", []byte(`{"note": "the code was GmRh\u002fmcOL9"}`))
	show(err.Error())
	// Output:
	// {"device_code": "PSEUDONYM", "interval": 5}
	// GET /device?code=PSEUDONYM
	// internal error: report.json would have shown a secret (PSEUDONYM) at line 1, /note; it was not written
}
