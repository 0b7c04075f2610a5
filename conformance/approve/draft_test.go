package approve

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNewDraft: what can be seen of the pages of several servers becomes a recipe.
func TestNewDraft(t *testing.T) {
	codePage := `<title>Device</title><form action=/code method=post><input name=user_code><button>Cancel</button><button>Continue</button></form>`
	login := `<title>Login</title><form action=/login method=post><input name=login><input type=password name=pass><input type=submit value="Log in"></form>`
	for _, tc := range []struct {
		name  string
		pages map[string]string
		kind  string
		want  []string // steps, then those of the decisions
		user  []string
		todos int
	}{
		{"asks for the code, then who is there", map[string]string{"GET/device": codePage, "POST/code": login}, "form",
			[]string{"open {verification_uri}", `fill user_code, press "Continue"`, `fill login, pass, press "Log in"`,
				`press "Approve"`, `press "Deny"`},
			[]string{"username", "password"}, 2},
		{"asks for the code, then for the decision", map[string]string{"GET/device": codePage,
			"POST/code": `<title>Sure?</title><form action=/x method=post><button>Abort</button><button>Yes, it is mine</button></form>`}, "form",
			[]string{"open {verification_uri}", `fill user_code, press "Continue"`, `press "Yes, it is mine"`, `press "Abort"`},
			nil, 1},
		{"a field without a telling name", map[string]string{"GET/device": strings.ReplaceAll(codePage, "user_code", "x1"),
			"POST/code": login}, "form",
			[]string{"open {verification_uri}", `fill x1, press "Continue"`, `fill login, pass, press "Log in"`,
				`press "Approve"`, `press "Deny"`},
			[]string{"username", "password"}, 2},
		{"everything on one page",
			map[string]string{"GET/device": `<form action=/x method=post><input name=user><input name=pw type=password>
			<label>Code <input name=c></label><button>Refuse</button><button>Go</button></form>`}, "form",
			[]string{"open {verification_uri}", `fill user, pw, c, press "Go"`, `press "Approve"`, `press "Deny"`},
			[]string{"username", "password"}, 2},
		{"scripts do everything", map[string]string{"GET/device": `<form id=a><input name=email type=email><input name=pw type=password><button>Sign in</button></form>
			<form id=b hidden><input name=user_code><button>Approve</button><button>Deny</button></form><script src=x></script>`}, "browser",
			[]string{"open {verification_uri}", `fill email, pw, press "Sign in"`, "fill user_code", `press "Approve"`,
				`press "Deny"`}, []string{"username", "password"}, 0},
		{"a button with the code of this device", map[string]string{"GET/device": codePage,
			"POST/code": `<form action=/x method=post><button>Approve WDJB-MJHT</button><button>Deny {this}</button></form>`},
			"form",
			[]string{"open {verification_uri}", `fill user_code, press "Continue"`, `press "Approve"`, `press "Deny"`}, nil, 2},
		{"the next page is elsewhere", map[string]string{"GET/device": strings.Replace(codePage, "/code",
			"https://elsewhere.example/code", 1)}, "form",
			[]string{"open {verification_uri}", `fill user_code, press "Continue"`, `press "Approve"`, `press "Deny"`}, nil, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			typed := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if r.ParseForm(); r.Method == http.MethodPost {
					typed = r.PostForm.Encode()
				}
				io.WriteString(w, tc.pages[r.Method+r.URL.Path])
			}))
			defer server.Close()
			d, err := NewDraft(t.Context(), Env{Host: server.URL, Client: server.Client()},
				Verification{UserCode: "WDJB-MJHT", VerificationURI: server.URL + "/device"})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			todos := 0
			for _, s := range append(append(d.Steps, d.Approve...), d.Deny...) {
				got = append(got, s.String())
				if s.Todo != "" {
					todos++
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.user, d.User); diff != "" || d.Kind != tc.kind || todos != tc.todos {
				t.Errorf("kind %s, %d to do, user %v", d.Kind, todos, d.User)
			}
			if tc.pages["POST/code"] != "" && !strings.Contains(typed, "WDJB-MJHT") {
				t.Errorf("the code was not entered: %s", typed)
			}
		})
	}
}

// TestNewDraftFails: pages that cannot be looked at are told as such.
func TestNewDraftFails(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for uri, want := range map[string]string{"": "no verification URI", server.URL + "/device": "404 Not Found"} {
		if _, err := NewDraft(t.Context(), Env{Client: server.Client()}, Verification{VerificationURI: uri}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
