package load

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// given collects the secrets of answers at the server, which knows them without
// the redactor.
type given struct {
	mu      sync.Mutex
	secrets map[string]bool
}

func (g *given) listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		var members map[string]any
		json.Unmarshal(rec.Body.Bytes(), &members)
		g.mu.Lock()
		for _, m := range []string{"device_code", "access_token", "refresh_token"} {
			if s, ok := members[m].(string); ok {
				g.secrets[s] = true
			}
		}
		g.mu.Unlock()
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.Header().Del("Cache-Control")             // a violation
		w.Header().Set("Content-Type", "text/html") // another, of every answer
		w.Header().Set("Set-Cookie", "sid=opaque-cookie-value-1")
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
	})
}

// unjson writes a text without the escapes that JSON knows.
func unjson(text string) string {
	return strings.NewReplacer(`\/`, `/`, `\u002b`, `+`, `\u002B`, `+`, `\u0026`, `&`, `\u0027`, `'`, `\u0022`, `"`,
		`\u003c`, `<`, `\u003C`, `<`, `\u003e`, `>`, `\u003E`, `>`, `\u0060`, "`", `\u00e9`, `é`, `\u00E9`, `é`,
		`\"`, `"`, `\\`, `\`, `\ud83d\udd11`, "\U0001F511").Replace(text)
}

const awkwardSecret = `s3cr+t/"ü&<\client` // of the client

// TestNoSecretIsWritten: the reports of a crowd that saw violations hold no code, no
// token, no cookie and no client secret, however the server wrote them and the client
// sent it.
func TestNoSecretIsWritten(t *testing.T) {
	auth := map[string]string{"escapes-as-php": "basic", "escapes-as-go": "basic"}
	for _, v := range refserver.Variants() {
		if !strings.HasPrefix(v.Name, "escapes-") {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			g := &given{secrets: map[string]bool{"opaque-cookie-value-1": true, awkwardSecret: true,
				base64.StdEncoding.EncodeToString([]byte("dfcheck:" + url.QueryEscape(awkwardSecret))): true}}
			cfg := refserver.Config{Interval: time.Second, Lifetime: time.Minute, Decisions: true,
				Clients: []refserver.Client{{ID: "dfcheck", Secret: awkwardSecret}}}
			server := g.listen(refserver.New(cfg, v))
			delay := profile.Delay{Kind: "fixed", Median: profile.Duration(time.Second)}
			p := &profile.Profile{Devices: 20, Duration: profile.Duration(30 * time.Second),
				Groups: []profile.Group{{People: profile.People{Approve: 1, Delay: delay}}}}
			inBubble(t, server, documented(t), p, func(t *testing.T, l *reports.Load) {
				if len(l.Exchanges) < 4 || len(g.secrets) < 20 {
					t.Fatalf("%d exchanges are cited, %d secrets were given out", len(l.Exchanges), len(g.secrets))
				}
				r := reports.New(reports.KindLoad, "test")
				r.Load = l
				g.search(t, r)
			}, func(tg *Target) { tg.Secret, tg.Auth = awkwardSecret, cmp.Or(auth[v.Name], "post") })
		})
	}
}

func (g *given) search(t *testing.T, r *reports.Report) {
	t.Helper()
	for _, format := range reports.FormatsFor(reports.KindLoad) {
		path := filepath.Join(t.TempDir(), format)
		if err := (reports.Destination{Format: format, Path: path}).Write(io.Discard, r, nil); err != nil {
			t.Error(err)
		}
		written, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(written)
		for _, reading := range []string{text, unjson(text), unjson(unjson(text)), html.UnescapeString(text),
			unjson(html.UnescapeString(text)), unjson(unjson(html.UnescapeString(text)))} {
			for s := range g.secrets {
				for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
					if i := strings.Index(reading, form); i >= 0 {
						t.Fatalf("%s holds %q: %.300s", format, s, reading[max(0, i-100):])
					}
				}
			}
		}
		if !bytes.Contains(written, []byte("device_code:")) && format == "json" {
			t.Errorf("no pseudonym stands in %s", format)
		}
	}
}
