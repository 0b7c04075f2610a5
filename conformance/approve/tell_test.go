package approve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAddress(t *testing.T) {
	for given, want := range map[string]string{
		"https://a.example/device?user_code=WDJB-MJHT":              "https://a.example/device?user_code=WDJB-MJHT",
		"https://a.example/device?userCode=WDJB-MJHT&state=s3cr3t":  "https://a.example/device?userCode=WDJB-MJHT&state=…",
		"https://u:p@a.example/cb?code=s3cr3t&x#access_token=s3cr3": "https://a.example/cb?code=…&…#…",
		"https://a.example/login;jsessionid=S3CR3T?lang=":           "https://a.example/login;jsessionid=…?lang",
		"https://a.example/?s3cr3t":                                 "https://a.example/?…",
	} {
		u, err := url.Parse(given)
		if err != nil {
			t.Fatal(err)
		}
		if got := address(u); got != want {
			t.Errorf("%s is told as %s, want %s", given, got, want)
		}
	}
}

// leaky shows the secrets of its session where people and programs look: in
// addresses, titles, texts, fields, a drawing and a shadow tree.
type leaky struct{ shown string }

const (
	leakyCookie = "sid-3f0c9a77e1"
	leakyHidden = "csrf-8d21b6c04f"
)

func (s leaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: leakyCookie, Path: "/"})
	if r.URL.Path == "/device" {
		http.Redirect(w, r, "/sign-in;jsessionid="+leakyCookie+"?flow="+leakyCookie+"&state="+leakyHidden, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>Session %s</title><form><input type="hidden" name="csrf" value="%s">
<label>Name <input name="name" value="typed-s3cr3t"></label><button>Continue %[2]s</button></form><p role="alert">%s</p>`, leakyCookie, leakyHidden, s.shown)
}

func leakyRecipe(kind string) Config {
	return Config{Kind: kind, Approve: Action{Steps: []Step{{Open: "{verification_uri}"},
		{Fill: Fields{{"PIN", "1"}}, Press: "Go", Timeout: time.Second}}}}
}

// TestToldPages: neither a trace nor an error repeats what opens the session.
func TestToldPages(t *testing.T) {
	server := httptest.NewServer(leaky{"Your session is " + leakyCookie})
	defer server.Close()
	var told strings.Builder
	c := leakyRecipe("form")
	f, err := NewForm(c, Env{Host: server.URL, Client: server.Client(), Trace: func(s PageSeen) {
		fmt.Fprintln(&told, s.Title, s.URL)
	}})
	if err != nil {
		t.Fatal(err)
	}
	v := Verification{UserCode: "WDJB-MJHT", VerificationURI: server.URL + "/device"}
	fmt.Fprintln(&told, f.Decide(t.Context(), v, Approve))
	c.Refused = []string{"Your session"}
	if f, err = NewForm(c, Env{Host: server.URL, Client: server.Client()}); err != nil {
		t.Fatal(err)
	}
	if err = f.Decide(t.Context(), v, Approve); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	fmt.Fprintln(&told, err)
	server.Close()
	v.VerificationURI += "?sid=" + leakyCookie
	fmt.Fprintln(&told, f.Decide(t.Context(), v, Approve))
	for _, secret := range []string{leakyCookie, leakyHidden} {
		if strings.Contains(told.String(), secret) {
			t.Errorf("%s is told:\n%s", secret, told.String())
		}
	}
	if !strings.Contains(told.String(), "/sign-in;jsessionid=…?flow=…&state=…") ||
		!strings.Contains(told.String(), `button`) {
		t.Errorf("too little is told:\n%s", told.String())
	}
}

// TestPictures: a page that shows a secret is not photographed, whoever knows it.
func TestPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for name, page := range map[string]struct {
		shown   string
		known   string // to the rest of the program
		picture bool
	}{
		"of nothing secret":       {shown: "Try later", picture: true},
		"of the session's cookie": {shown: "Your session is " + leakyCookie},
		"in a shadow tree": {shown: `<span></span><script>document.querySelector("span").attachShadow({mode: "open"}).innerHTML = "<i>` +
			leakyCookie + `</i>"</script>`},
		"of the run's device code": {shown: "GmRhmhcxhwAzkoEqiMEg", known: "GmRhmhcxhwAzkoEqiMEg"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					w.Header().Set("Set-Cookie", "sid="+leakyCookie)
					io.WriteString(w, "<title>Device</title><input value=typed-s3cr3t><p>"+page.shown)
				}
			}))
			defer server.Close()
			b := newTestBrowser(t, leakyRecipe("browser"), server.URL)
			b.redact = func(text string) string {
				if page.known == "" {
					return text
				}
				return strings.ReplaceAll(text, page.known, "device_code:3f9a1c")
			}
			err := b.Decide(t.Context(), Verification{UserCode: "WDJB-MJHT", VerificationURI: server.URL}, Approve)
			if err == nil || strings.Contains(err.Error(), "; see ") != page.picture ||
				strings.Contains(err.Error(), "shows a secret") == page.picture {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestHiddenWords: what a hidden field repeats of the page is told as the page says it;
// what nobody is shown, or nobody would write, is not.
func TestHiddenWords(t *testing.T) {
	for value, told := range map[string]bool{
		"Living Room TV":         true,
		"openid offline_access":  true,
		"Joe's Player 2 (webOS)": true,
		"Fernseher Küche":        true,
		"x7Qf0LmZkW2pN8rT":       false,
		"kwxqzjvbnmtrplfd":       false, // too long for a word
		"aGVsbG8gd29ybGQ":        false,
		"5e884898-da28-4715-89f": false,
	} {
		page := `<form><input type="hidden" name="client" value="` + value + `"></form><p>` +
			strings.ReplaceAll(value, " ", " and ") + ` asks for access</p><p>` + value + `</p>`
		p, err := readPage(&url.URL{Scheme: "http", Host: "a.example"}, http.StatusOK, strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(p.tell(p.text), value); got != told {
			t.Errorf("%q is told: %t, want %t", value, got, told)
		}
	}
	p, err := readPage(&url.URL{Scheme: "http", Host: "a.example"}, http.StatusOK,
		strings.NewReader(`<input type="hidden" name="csrf" value="correct horse"><p>Connect a device</p>`))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.tell("correct horse"); strings.Contains(got, "horse") {
		t.Errorf("a value that is not on the page is told: %s", got)
	}
	id := "0oa1gjh63g214q0Hq0g4"
	p, err = readPage(&url.URL{Scheme: "http", Host: "a.example"}, http.StatusOK,
		strings.NewReader(`<input type="hidden" name="client_id" value="`+id+`"><p>`+id+` asks</p>`))
	if err != nil || !strings.Contains(p.tell(p.text), id) {
		t.Errorf("a client id is hidden: %v", err)
	}
}
