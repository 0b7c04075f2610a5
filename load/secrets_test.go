package load

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// spoilt answers break rules of headers, so that reports cite them.
type spoilt struct{ http.ResponseWriter }

func (s spoilt) WriteHeader(status int) {
	s.Header().Del("Cache-Control")             // a violation
	s.Header().Set("Content-Type", "text/html") // another, of every answer
	s.Header().Set("Set-Cookie", "sid="+opaqueCookie)
	s.ResponseWriter.WriteHeader(status)
}

const opaqueCookie = "opaque-cookie-value-1"

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
			tap := pipes.NewTap(opaqueCookie, awkwardSecret,
				base64.StdEncoding.EncodeToString([]byte("dfcheck:"+url.QueryEscape(awkwardSecret))))
			cfg := refserver.Config{Interval: time.Second, Lifetime: time.Minute, Decisions: true,
				Clients: []refserver.Client{{ID: "dfcheck", Secret: awkwardSecret}}}
			tapped := tap.Listen(refserver.New(cfg, v))
			server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tapped.ServeHTTP(spoilt{w}, r) })
			delay := profile.Delay{Kind: "fixed", Median: profile.Duration(time.Second)}
			p := &profile.Profile{Devices: 20, Duration: profile.Duration(30 * time.Second),
				Groups: []profile.Group{{People: profile.People{Approve: 1, Delay: delay}}}}
			inBubble(t, server, documented(t), p, func(t *testing.T, l *reports.Load) {
				if len(l.Exchanges) < 4 || tap.Len() < 20 {
					t.Fatalf("%d exchanges are cited, %d secrets were given out", len(l.Exchanges), tap.Len())
				}
				r := reports.New(reports.KindLoad, "test")
				r.Load = l
				searchAll(t, tap, r)
				if tap.Search("a note", []byte("sid="+opaqueCookie)) == nil {
					t.Error("a secret that stands there is not found")
				}
			}, func(tg *Target) { tg.Secret, tg.Auth = awkwardSecret, cmp.Or(auth[v.Name], "post") })
		})
	}
}

// searchAll looks for what the tap has heard in a report, in all formats.
func searchAll(t *testing.T, tap *pipes.Tap, r *reports.Report) {
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
		if err := tap.Search(format, written); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(written, []byte("device_code:")) && format == "json" {
			t.Errorf("no pseudonym stands in %s", format)
		}
	}
}
