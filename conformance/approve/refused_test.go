package approve

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
		"there is none at all": {Kind: "exec", // on standard output, as many programs say it
			Approve: Action{Command: []string{"sh", "-c", "echo looking; echo there is none at all; exit 1"}}},
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

// TestPutOff: what a limiter or a proxy says to a person refuses no code.
func TestPutOff(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusRequestTimeout} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if r.Method == http.MethodPost {
				w.WriteHeader(status)
			}
			io.WriteString(w, `<form method=post><input name=user_code><button>Allow</button></form>`)
		}))
		defer server.Close()
		for _, c := range []Config{
			{Kind: "form", Steps: []Step{{Open: "{host}/device"}},
				Approve: Action{Steps: []Step{{Fill: Fields{{"user_code", "{user_code}"}}, Press: "Allow"}}}},
			{Kind: "http", Approve: Action{URL: "{host}/approve"}},
		} {
			a, err := New(c, Env{Host: server.URL, Client: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			err = a.Decide(t.Context(), Verification{UserCode: "WDJB-MJHT"}, Approve)
			if !errors.Is(err, ErrPutOff) || errors.Is(err, ErrRefused) ||
				!strings.Contains(err.Error(), http.StatusText(status)) {
				t.Errorf("%s, %d: %v", c.Kind, status, err)
			}
		}
	}
}

// TestWrongPassword: a server that asks for the code before it asks who is there
// refuses the password, and not the code.
func TestWrongPassword(t *testing.T) {
	login := `<title>Login</title><form action=/login method=post><input name=login><input type=password name=pass><button>Login</button></form>`
	for name, answer := range map[string]func(w http.ResponseWriter){
		"asks again":        func(w http.ResponseWriter) { io.WriteString(w, login+"<p role=alert>Try again</p>") },
		"refuses by status": func(w http.ResponseWriter) { http.Error(w, "Try again", http.StatusUnauthorized) },
		"asks again by 400": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, login+"Try again")
		},
		"forbids the person": func(w http.ResponseWriter) { http.Error(w, "Try again", http.StatusForbidden) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				switch r.Method + r.URL.Path {
				case "GET/device":
					io.WriteString(w, `<title>Device</title><form action=/code method=post><input name=user_code><button>Next</button></form>`)
				case "POST/code":
					io.WriteString(w, login)
				case "POST/login":
					answer(w)
				}
			}))
			defer server.Close()
			c := Config{Kind: "form", User: map[string]string{"password": "no"}, Steps: []Step{{Open: "{host}/device"},
				{Fill: Fields{{"user_code", "{user_code}"}}, Press: "Next"},
				{Fill: Fields{{"login", "me"}, {"pass", "{password}"}}, Press: "Login"}},
				Approve: Action{Steps: []Step{{Press: "Allow"}}}}
			a, err := New(c, Env{Host: server.URL, Client: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			err = a.Decide(t.Context(), Verification{UserCode: "WDJB-MJHT"}, Approve)
			if !errors.Is(err, ErrSignIn) || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "Try again") {
				t.Errorf("got %v", err)
			}
		})
	}
}
