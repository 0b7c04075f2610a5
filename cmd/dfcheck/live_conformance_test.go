package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// evilHeader is what a hostile server puts into its answers.
const evilHeader = `</pre></script><script>window.evil = 1</script><img src=x onerror="window.evil = 1">`

// startHeld runs a hostile server that answers some polls and then none until release is
// called.
func startHeld(t *testing.T, polls int32) (host string, release func()) {
	t.Helper()
	fault, err := refserver.FaultNamed("pending-as-401")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	reference := refserver.New(refserver.Config{Contract: "rfc8628", Interval: time.Second, Lifetime: 20 * time.Second,
		BaseURL: "http://" + server.Listener.Addr().String()}, fault)
	held := make(chan struct{})
	release = sync.OnceFunc(func() { close(held) })
	var polled atomic.Int32
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" && polled.Add(1) > polls {
			select {
			case <-held:
			case <-r.Context().Done():
			}
		}
		w.Header().Set("X-Evil", evilHeader)
		reference.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(func() { release(); server.Close() })
	return server.URL, release
}

// TestLiveConformance: the page of a conformance run tells what is waited for, and fills
// with verdicts as they come. What was opened stays open, what the server sent stays
// text, and in the end it is the report.
func TestLiveConformance(t *testing.T) {
	t.Parallel()
	ctx := localBrowser(t)
	host, release := startHeld(t, 12)
	var page string
	startWatched(t, []string{"conformance", "--live", "0", "--host", host, "--spec", "rfc8628", "--only", "AUTHZ,ERR,POLL",
		"--request-timeout", "3m"}, map[string]*string{"watch the run at ": &page})
	said := listen(ctx, page)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	const segments = `document.querySelectorAll(".bar rect").length`
	const planned = `document.querySelector(".bar").viewBox.baseVal.width`
	until(ctx, t, `document.querySelector(".check.pass")`)
	if now := ask[string](ctx, t, `document.querySelector("#live p").textContent`); !strings.HasPrefix(now,
		"The run goes on: ") || !strings.Contains(now, ", waiting ") || !strings.Contains(now, " checks judged, ") {
		t.Errorf("of the run it says %q", now)
	}
	before := ask[int](ctx, t, `(window.here = true, window.before = `+segments+`)`)
	if all := ask[int](ctx, t, planned); before >= all {
		t.Fatalf("%d of %d checks are judged, and the server holds its answers", before, all)
	}
	if h1 := ask[string](ctx, t, `document.querySelector("h1").textContent`); !strings.HasPrefix(h1, "So far: ") {
		t.Errorf("the headline is %q", h1)
	}
	ask[bool](ctx, t, `document.querySelector(".check.pass").open = true`)
	opened := ask[string](ctx, t, `document.querySelector(".check[open]").dataset.check`)
	picture(ctx, t, "live-conformance.png")
	release()
	until(ctx, t, segments+` > window.before`)
	until(ctx, t, `document.querySelector("#live p").textContent === "The run is over."`)
	for name, holds := range map[string]string{
		"it is the same page":        `window.here`,
		"every check has a verdict":  segments + ` === ` + planned,
		"what is open stays":         `document.querySelector('[data-check="` + opened + `"]').open`,
		"what failed is told":        `document.querySelector("h1").textContent.startsWith("The server fails ")`,
		"what was sent can be read":  `document.querySelector(".response").textContent.includes("window.evil")`,
		"what was sent does nothing": `!window.evil && !document.querySelector("img")`,
	} {
		if !ask[bool](ctx, t, holds) {
			t.Errorf("not so: %s", name)
		}
	}
	if said := said(); len(said) > 0 {
		t.Errorf("the page said and asked for %q", said)
	}
}

// TestGrowing: the page says what is waited for and how long still, and no time where
// the plan has none left.
func TestGrowing(t *testing.T) {
	const s = time.Second
	for want, g := range map[string]conformance.Progress{
		"12 s of 58 s, 46 s left, waiting for a code to expire, 12 s; 63 of 162 checks judged, 214 requests.": {
			Elapsed: 12*s + s/3, Critical: 58 * s, Judged: 63, Checks: 162, Requests: 214,
			Waiting: "waiting for a code to expire", WaitEnds: 24*s + s/3},
		"50 s of 70 s, 20 s left, waiting for the next poll, 20 s; 8 of 9 checks judged, 1 request.": {
			Elapsed: 50 * s, Critical: 40 * s, Judged: 8, Checks: 9, Requests: 1, Waiting: "waiting for the next poll",
			WaitEnds: 70 * s},
		"50 s so far, waiting for answers; 8 of 9 checks judged, 2 requests.": {
			Elapsed: 50 * s, Critical: 40 * s, Judged: 8, Checks: 9, Requests: 2},
	} {
		growing := conformanceGrowing(g)
		if got := growing.Text(); got != "The run goes on: "+want {
			t.Errorf("got  %s\nwant The run goes on: %s", got, want)
		}
	}
}
