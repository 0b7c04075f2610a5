package refserver_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// The server is an http.Handler. Here a device asks for a code, and polls twice
// without keeping the interval.
func ExampleNew() {
	server := httptest.NewServer(refserver.New(refserver.Config{
		Contract: "rfc8628", BaseURL: "https://auth.example.com", Interval: 5 * time.Second, UserCode: "WDJB-MJHT",
	}))
	defer server.Close()
	post := func(path string, form url.Values) []byte {
		resp, err := http.PostForm(server.URL+path, form)
		if err != nil {
			return nil
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return body
	}

	codes, err := spec.DecodeStart(post("/device_authorization", url.Values{"client_id": {"dfcheck"}}))
	fmt.Println(codes.UserCode, codes.VerificationURI, codes.Interval, err)
	for range 2 {
		fmt.Println(spec.ErrorCode(post("/token", url.Values{"grant_type": {spec.GrantDeviceCode}, "client_id": {"dfcheck"},
			"device_code": {codes.DeviceCode}})))
	}
	// Output:
	// WDJB-MJHT https://auth.example.com/device 5 <nil>
	// authorization_pending
	// slow_down
}

// With a fault it does one thing wrong, which breaks the requirement that the
// fault names.
func ExampleFaultNamed() {
	fault, err := refserver.FaultNamed("code-reusable")
	fmt.Println(fault.Check, fault.Doc, err)
	_, err = refserver.FaultNamed("code-reuseable")
	fmt.Println(err)
	// Output:
	// DF-REUSE-001 A redeemed code gives another set of tokens. <nil>
	// unknown fault "code-reuseable"; the nearest is "code-reusable"
}
