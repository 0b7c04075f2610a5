package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// Ten devices, whose people approve at once, on a server of this process.
func ExampleRun() {
	server := httptest.NewServer(refserver.New(refserver.Config{Interval: time.Second, Decisions: true}))
	defer server.Close()
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		fmt.Println(err)
		return
	}
	target := load.Target{Host: server.URL, StartURL: server.URL + contract.Start.Path,
		TokenURL: server.URL + contract.Token.Path, Contract: contract,
		ClientID: "dfcheck", DeviceType: "tv", DeviceOS: "linux",
		Approver: &approve.Reference{Client: &http.Client{}, URL: server.URL}}
	crowd := &profile.Profile{Devices: 10, Duration: profile.Duration(4 * time.Second),
		Groups: []profile.Group{{People: profile.People{Approve: 1}}}}

	figures, err := load.Run(context.Background(), target, crowd, load.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d of %d devices got a token\n", figures.Devices.Approved, figures.Devices.Simulated)
	for _, t := range figures.Thresholds {
		fmt.Printf("%s: %s\n", t.Expression, t.Verdict)
	}
	// Output:
	// 10 of 10 devices got a token
	// error_rate < 1%: pass
	// violations == 0: pass
}
