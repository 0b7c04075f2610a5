package approve

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestRefusedError: the answer of the server comes apart from our words about it.
func TestRefusedError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such code", http.StatusBadRequest)
	}))
	defer server.Close()
	for want, c := range map[string]Config{
		"400 Bad Request: no such code": {Kind: "http", Approve: Action{URL: server.URL}},
		"there is no such code": {Kind: "exec",
			Approve: Action{Command: []string{"sh", "-c", "echo there is no such code >&2; exit 1"}}},
	} {
		a, err := New(c, Env{Host: server.URL, Client: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		err = a.Decide(t.Context(), Verification{UserCode: "WDJB-MJHT"}, Approve)
		refused, ok := errors.AsType[*RefusedError](err)
		if !ok || refused.Answer != want || !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want the answer %q", c.Kind, err, want)
		}
	}
}
