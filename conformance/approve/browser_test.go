package approve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// scripted is a verification page that is nothing without JavaScript: the form
// is built, sent and answered by a script, late.
const scripted = `<!doctype html><title>Device</title><noscript>needs JavaScript</noscript><div id="app"></div>
<script>
const app = document.getElementById("app");
function ask(problem) {
  app.innerHTML = '<p role="alert">' + problem + '</p><label>Code <input id="c"></label><label>Country <select id="k"><option value="fr">France<option value="de">Germany</select></label>'
    + '<label><input type="checkbox" id="t"> I agree</label><button type="button">Next</button><button type="button" style="display:none">Approve</button>';
  app.querySelector("button").onclick = async () => {
    const code = document.getElementById("c").value, country = document.getElementById("k").value, agreed = document.getElementById("t").checked;
    const r = await fetch("/look", {method: "POST", body: JSON.stringify({code, country, agreed})});
    if (!r.ok) return ask("This code is wrong");
    app.innerHTML = "<p>Allow " + code + "?</p><button>Approve</button><button>Deny</button>";
    for (const b of app.querySelectorAll("button")) b.onclick = async () => {
      await fetch("/decide", {method: "POST", body: JSON.stringify({code, decision: b.textContent})});
      app.textContent = "All done: " + b.textContent;
    };
  };
}
setTimeout(() => ask(""), 300);
</script>`

// scriptedServer remembers what was decided about which code.
type scriptedServer struct {
	mu      sync.Mutex
	decided map[string]string
}

func (s *scriptedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		Code, Decision, Country string
		Agreed                  bool
	}
	if r.Method == http.MethodPost {
		json.NewDecoder(r.Body).Decode(&in)
	}
	switch {
	case r.URL.Path == "/look" && (!strings.HasPrefix(in.Code, "GOOD") || in.Country != "de" || !in.Agreed):
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == "/look":
	case r.URL.Path == "/decide":
		s.decided[in.Code] = in.Decision
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, scripted)
	}
}

func scriptedRecipe(kind string) Config {
	return Config{
		Kind: kind,
		Steps: []Step{
			{Open: "{verification_uri}"},
			{Fill: Fields{{"Code", "{user_code}"}, {"Country", "Germany"}, {"I agree", "yes"}}, Press: "Next"},
		},
		Approve: Action{Steps: []Step{{Press: "Approve", Expect: "All done: Approve"}}},
		Deny:    Action{Steps: []Step{{Press: "Deny", Expect: "All done: Deny"}}},
		Refused: []string{"This code is wrong"},
	}
}

// newTestBrowser skips the test loudly where there is no browser.
func newTestBrowser(t *testing.T, c Config, host string) *Browser {
	t.Helper()
	if _, err := findBrowser(""); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v", err)
	}
	b, err := NewBrowser(c, Env{Host: host, Client: &http.Client{}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// TestBrowser decides on a page that needs JavaScript, several devices at once;
// plain requests cannot.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	s := &scriptedServer{decided: map[string]string{}}
	server := httptest.NewServer(s)
	defer server.Close()
	v := func(code string) Verification {
		return Verification{UserCode: code, VerificationURI: server.URL + "/device"}
	}
	b := newTestBrowser(t, scriptedRecipe("browser"), server.URL)

	var wg sync.WaitGroup
	for code, d := range map[string]Decision{"GOOD1": Approve, "GOOD2": Deny, "GOOD3": Approve} {
		wg.Go(func() {
			if err := b.Decide(t.Context(), v(code), d); err != nil {
				t.Errorf("%s: %v", code, err)
			}
		})
	}
	wg.Wait()
	if err := b.Enter(t.Context(), v("GOOD4")); err != nil {
		t.Error(err)
	}
	if got := s.decided; got["GOOD1"] != "Approve" || got["GOOD2"] != "Deny" || got["GOOD3"] != "Approve" ||
		len(got) != 3 {
		t.Errorf("decided: %v", got)
	}
	if err := b.Decide(t.Context(), v("BAD"), Approve); !errors.Is(err, ErrRefused) ||
		!strings.Contains(err.Error(), "This code is wrong") {
		t.Errorf("an unknown code: %v", err)
	}

	f, err := NewForm(scriptedRecipe("form"), Env{Host: server.URL, Client: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Decide(t.Context(), v("GOOD5"), Approve); err == nil ||
		!strings.Contains(err.Error(), `no field "Code" on the page "Device"`) {
		t.Errorf("plain requests: %v", err)
	}
}

// TestBrowserBroken: the step, the page, what is on it, and a picture.
func TestBrowserBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	s := &scriptedServer{decided: map[string]string{}}
	server := httptest.NewServer(s)
	defer server.Close()
	c := scriptedRecipe("browser")
	c.Steps[1].Fill[0].Name, c.Steps[1].Timeout = "PIN", time.Second
	c.Hosts = []string{"login.invalid"}
	b := newTestBrowser(t, c, server.URL)
	err := b.Decide(t.Context(), Verification{UserCode: "GOOD", VerificationURI: server.URL}, Approve)
	if err == nil || errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	want := `step 2 (fill PIN, Country, I agree, press "Next"): there is no field "PIN" on the page "Device"`
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(),
		`the fields c, k, t and the buttons and links "Next"; see `) {
		t.Errorf("%v", err)
	}
	name := regexp.MustCompile(`see (.*\.png)`).FindStringSubmatch(err.Error())
	if name == nil || filepath.Dir(name[1]) != b.pictures {
		t.Fatalf("no picture beside the report: %v", err)
	}
	if png, err := os.ReadFile(name[1]); err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
		t.Errorf("%v, %q", err, png[:min(len(png), 8)])
	}
	// Elsewhere nothing is opened.
	if err := b.Decide(t.Context(), Verification{VerificationURI: "http://example.invalid/"}, Approve); err == nil ||
		!strings.Contains(err.Error(), "approve.hosts") {
		t.Errorf("a foreign host: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Decide(ctx, Verification{VerificationURI: server.URL}, Approve); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestFindBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := findBrowser(""); !errors.Is(err, errNoBrowser) || !strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("%v", err)
	}
	if _, err := findBrowser("my-browser"); err == nil || !strings.Contains(err.Error(), "my-browser") {
		t.Errorf("%v", err)
	}
}
