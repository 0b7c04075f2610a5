package approve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// askingServer signs people in, takes codes and asks for a decision.
type askingServer struct {
	decided []string
	signIns int
}

func (s *askingServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	code := r.Form.Get("code")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	page := func(title, body string) {
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>%s</title><body>%s</body></html>`, title, body)
	}
	cookie, err := r.Cookie("who")
	switch {
	case r.URL.Path == "/sign-in":
		s.signIns++
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "alice-and-her-long-session"})
		http.Redirect(w, r, "/device?code="+code, http.StatusSeeOther)
	case err != nil || cookie.Value == "":
		page("Sign in", `<form method="post" action="/sign-in"><input name="user"><input type="password" name="password">
			<input type="hidden" name="code" value="`+code+`"><button>Sign in</button></form>`)
	case r.URL.Path == "/decide":
		s.decided = append(s.decided, code+" "+r.Form.Get("decision"))
		page("Done", "Go back to your device.")
	case code != "":
		page("Allow?", `<script src="https://cdn.example.net/a.js"></script>
			<style>@import url(https://fonts.example.com/css?family=Any); p { background: url("/own.png") }</style><p>Your code is `+code+`<form method="post" action="/decide">
			<input type="hidden" name="code" value="`+code+`"><input name="note">
			<button name="decision" value="yes">Allow</button><button name="decision" value="no">Deny</button></form>
			<a href="https://help.example.org/">Help</a>`)
	default:
		page("Code", `<form action="/device"><input name="code"><button>Next</button></form>`)
	}
}

func askingRecipe(kind string) Config {
	return Config{Kind: kind, User: map[string]string{"username": "alice", "password": "pa55word"},
		Steps: []Step{{Open: "{verification_uri}"}, {Fill: Fields{{"user", "{username}"}, {"password", "{password}"}},
			Press: "Sign in"},
			{Fill: Fields{{"code", "{user_code}"}}, Press: "Next"}},
		Approve: Action{Steps: []Step{{Press: "Allow", Expect: "Go back"}}}, Deny: Action{Steps: []Step{{Press: "Deny"}}}}
}

// TestViews: what a person gets to see is told, with plain requests and in a browser, and
// one session sees several devices without signing in again.
func TestViews(t *testing.T) {
	for _, kind := range []string{"form", "browser"} {
		t.Run(kind, func(t *testing.T) {
			asking := &askingServer{}
			server := httptest.NewServer(asking)
			defer server.Close()
			v := viewer(t, kind, server.URL)
			look := func(code string, way Way, move Move) Look {
				return Look{Verification{UserCode: code, VerificationURI: server.URL + "/device",
					VerificationURIComplete: server.URL + "/device?code=" + code,
					Host:                    server.URL, Way: way}, move}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			views := v.View(ctx, look("WDJB-MJHT", ByHand, Press), look("BBBB-BBBB", ByHand, Stop),
				look("CCCC-CCCC", ByLink, Send))
			if len(views) != 3 {
				t.Fatalf("%d views: %+v", len(views), views)
			}
			for i, v := range views {
				if v.Err != nil || !v.Reached || v.Asked != 0 {
					t.Errorf("view %d: reached %t, asked %d, %v", i, v.Reached, v.Asked, v.Err)
				}
			}
			if asking.signIns != 1 || !slices.Equal(asking.decided, []string{"WDJB-MJHT yes", "CCCC-CCCC "}) {
				t.Errorf("%d sign-ins, decided %q", asking.signIns, asking.decided)
			}
			if done := views[0].Done; done == nil || !strings.Contains(done.Text, "Go back to your device") {
				t.Errorf("after the decision: %+v", done)
			}
			if !views[2].Sent || views[1].Done != nil {
				t.Error("the move is not the one that was asked for")
			}
			asks := views[0].Pages[len(views[0].Pages)-1]
			checkAsking(t, asks)
			if kind == "browser" {
				if picture, err := os.ReadFile(asks.Picture); err != nil || len(picture) < 1000 {
					t.Errorf("the picture %q has %d bytes: %v", asks.Picture, len(picture), err)
				}
			}
			if first := views[0].Pages[0]; first.After || first.Title != "Sign in" {
				t.Errorf("the first page is %q, after the code: %t", first.Title, first.After)
			}
			if strings.Contains(fmt.Sprintf("%+v", views), "alice-and-her-long-session") {
				t.Error("the session is told")
			}
		})
	}
}

func viewer(t *testing.T, kind, host string) Viewer {
	env := Env{Host: host, Client: &http.Client{Transport: &http.Transport{}}, Dir: t.TempDir(), Out: io.Discard}
	if kind == "form" {
		f, err := NewForm(askingRecipe(kind), env)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if _, err := findBrowser(""); err != nil || testing.Short() {
		t.Skip("no browser, or no time for one")
	}
	b, err := NewBrowser(askingRecipe(kind), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func checkAsking(t *testing.T, s Sight) {
	t.Helper()
	if s.Title != "Allow?" || s.Language != "en" || !s.After || !s.Carries || s.AsksCode ||
		!strings.Contains(s.Text, "Your code is WDJB-MJHT") {
		t.Errorf("the page of the decision: %+v", s)
	}
	if !slices.Equal(s.Foreign, []string{"cdn.example.net", "fonts.example.com"}) ||
		!slices.Equal(s.Links, []string{"help.example.org"}) {
		t.Errorf("loads from %q, leads to %q", s.Foreign, s.Links)
	}
	if s.Headers["Cache-Control"] != "no-store" || s.Headers["Referrer-Policy"] != "" {
		t.Errorf("headers %q", s.Headers)
	}
	want := []SeenControl{{Caption: "Allow", Form: 1, Submits: true, Default: true, Approves: true},
		{Caption: "Deny", Form: 1, Submits: true, Refuses: true},
		{Caption: "Help", Link: true}}
	if !slices.Equal(s.Controls, want) {
		t.Errorf("controls %+v", s.Controls)
	}
	if len(s.Fields) != 1 || s.Fields[0].Name != "note" || !s.Fields[0].Text {
		t.Errorf("fields %+v", s.Fields)
	}
}
