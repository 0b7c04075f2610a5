package approve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/dfcheck/dfcheck/conformance/approve"
)

// A server with an endpoint that decides: the approver sends it a request for each
// decision. 2xx is accepted, 4xx refused.
func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Method, r.URL.Path, string(body))
		if r.URL.Path != "/approve" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()

	approver, err := approve.New(approve.Config{
		Kind:    "http",
		Approve: approve.Action{Method: "POST", URL: "{host}/approve", Form: map[string]string{"code": "{user_code}"}},
		Deny:    approve.Action{Method: "POST", URL: "{host}/deny", Form: map[string]string{"code": "{user_code}"}},
	}, approve.Env{Host: server.URL, Client: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	shown := approve.Verification{UserCode: "WDJB-MJHT", VerificationURI: server.URL + "/device"}
	fmt.Println(approver.Decide(context.Background(), shown, approve.Approve))
	err = approver.Decide(context.Background(), shown, approve.Deny)
	fmt.Println("refused:", errors.Is(err, approve.ErrRefused))
	// Output:
	// POST /approve code=WDJB-MJHT
	// <nil>
	// POST /deny code=WDJB-MJHT
	// refused: true
}
