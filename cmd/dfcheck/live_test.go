package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// startLoad runs dfcheck load, and returns where it can be watched, and what ends it.
func startLoad(t *testing.T, args ...string) (page, metrics string, end func()) {
	t.Helper()
	end = startWatched(t, append([]string{"load", "--live", "0", "--metrics", "0"}, args...),
		map[string]*string{"watch the run at ": &page, "metrics for Prometheus are at ": &metrics})
	return page, metrics, end
}

// startWatched runs dfcheck until it has told on standard error what stands behind some
// beginnings of lines. end interrupts it.
func startWatched(t *testing.T, args []string, told map[string]*string) (end func()) {
	t.Helper()
	cmd := exec.Command("dfcheck", args...)
	cmd.Dir = t.TempDir()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, untold := bufio.NewScanner(stderr), len(told)
	for untold > 0 && lines.Scan() {
		for beginning, rest := range told {
			if text, ok := strings.CutPrefix(lines.Text(), beginning); ok {
				*rest, untold = text, untold-1
			}
		}
	}
	go io.Copy(io.Discard, stderr)
	end = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGINT)
		cmd.Wait()
	})
	t.Cleanup(end)
	return end
}

// localBrowser is a browser that reaches this machine alone.
func localBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
			chromedp.ProxyServer("http://127.0.0.1:9"), chromedp.Flag("proxy-bypass-list", "<-loopback>;127.0.0.1"))...)
		t.Cleanup(stop)
		ctx, end := chromedp.NewContext(allocator)
		t.Cleanup(end)
		if err := chromedp.Do(ctx); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
		t.Cleanup(cancel)
		return ctx
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no browser")
	}
	t.Skip("SKIPPED: no browser")
	return nil
}

// ask runs a script in the page.
func ask[T any](ctx context.Context, t *testing.T, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// until waits in the page until something holds.
func until(ctx context.Context, t *testing.T, condition string) {
	t.Helper()
	ask[bool](ctx, t, `new Promise(done => {
		const look = () => (`+condition+`) ? done(true) : setTimeout(look, 50);
		look();
	})`)
}

// TestLive: the page of a run grows while it goes on. Charts keep their zoom, and what
// was opened stays open. In the end it says that the run is over.
func TestLive(t *testing.T) {
	t.Parallel()
	ctx := localBrowser(t)
	page, metrics, end := startLoad(t, "--devices", "50", "--ramp", "1s", "--duration", "5m")
	said := listen(ctx, page)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	until(ctx, t, `window.uPlot && page.charts?.[0]?.of.title === "Requests a second" && page.charts[0].data[0].length > 3`)
	until(ctx, t, `document.querySelector("#live p").textContent.startsWith("The run goes on: ")`)
	if h1 := ask[string](ctx, t, `document.querySelector("h1").textContent`); !strings.HasPrefix(h1, "So far: 50 devices, ") {
		t.Errorf("the headline is %q", h1)
	}
	ask[bool](ctx, t, `(() => {
		window.here = true;
		page.charts[0].setScale("x", { min: 1, max: 2 });
		page.charts[1].setSeries(1, { show: false });
		document.querySelector("#in-full").parentElement.querySelector("details").open = true;
		return true;
	})()`)
	seen := ask[int](ctx, t, `(window.seconds = page.charts[0].data[0].length)`)
	until(ctx, t, `page.charts[0].data[0].length > window.seconds + 2`)
	for name, holds := range map[string]string{
		"it is the same page":    `window.here`,
		"the zoom is kept":       `page.charts[0].scales.x.min === 1 && page.charts[0].scales.x.max === 2`,
		"a line stays off":       `!page.charts[1].series[1].show`,
		"another chart grows":    `page.charts[2].scales.x.max > window.seconds`,
		"what is open stays":     `document.querySelector("#in-full").parentElement.querySelector("details").open`,
		"charts are drawn once":  `document.querySelectorAll(".uplot").length === page.charts.length`,
		"figures have one chart": `[...document.querySelectorAll("figure.plot")].every(f => f.querySelectorAll(".uplot").length === 1)`,
	} {
		if !ask[bool](ctx, t, holds) {
			t.Errorf("not so after %d seconds: %s", seen, name)
		}
	}
	picture(ctx, t, "live.png")
	metricsAt(t, metrics)
	end()
	until(ctx, t, `document.querySelector("#live p").textContent === "The run is over."`)
	if h1 := ask[string](ctx, t, `document.querySelector("h1").textContent`); !strings.HasPrefix(h1, "Interrupted. Up to then: ") {
		t.Errorf("in the end the headline is %q", h1)
	}
	if said := said(); len(said) > 0 {
		t.Errorf("the page said and asked for %q", said)
	}
}

// listen returns what the browser says on its console, and what it asks for elsewhere
// than at a page.
func listen(ctx context.Context, page string) (said func() []string) {
	var mu sync.Mutex
	var list []string
	note := func(text string) { mu.Lock(); list = append(list, text); mu.Unlock() }
	console, requests := chromedp.Console(ctx), chromedp.Events(ctx, network.RequestWillBeSent)
	go func() {
		for m, err := range console {
			if err == nil {
				note(m.String())
			}
		}
	}()
	go func() {
		for e, err := range requests {
			if err == nil && !strings.HasPrefix(e.Request.URL, page) {
				note(e.Request.URL)
			}
		}
	}()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

// picture keeps a picture of the page, where somebody wants to look.
func picture(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("DFCHECK_REPORTS")
	if dir == "" {
		return
	}
	if png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100)); err != nil {
		t.Error(err)
	} else if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		t.Error(err)
	}
}

// metricsAt holds the metrics of a run in its middle.
func metricsAt(t *testing.T, at string) {
	t.Helper()
	resp, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`(?m)^dfcheck_devices 50$`, `(?m)^dfcheck_requests_total\{operation="poll"\} [1-9]`,
		`(?m)^dfcheck_response_time_seconds_bucket\{operation="poll",le="10"\} [1-9]`} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("no %s in the metrics:\n%s", want, text)
		}
	}
}
