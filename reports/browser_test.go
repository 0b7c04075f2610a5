package reports

import (
	"context"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// A browserTest has a page of a report open from disk, with the network off.
type browserTest struct {
	*testing.T
	ctx     context.Context
	path    string
	scripts bool

	mu       sync.Mutex
	said     []string // on the console
	requests []string // other than for the page
}

// sharedBrowser is one for all tests.
var sharedBrowser = sync.OnceValues(func() (context.Context, error) {
	path := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, exec.ErrNotFound
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.ProxyServer("http://127.0.0.1:9"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	stopBrowser = append(stopBrowser, stop)
	ctx, end := chromedp.NewContext(allocator)
	stopBrowser = append(stopBrowser, end)
	return ctx, chromedp.Do(ctx)
})

var stopBrowser []context.CancelFunc

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range slices.Backward(stopBrowser) {
		stop()
	}
	os.Exit(code)
}

// openPage renders a report and opens it. Without a browser the test is skipped, but
// not in CI.
func openPage(t *testing.T, r *Report, options ...func(*browserTest)) *browserTest {
	t.Helper()
	return openFile(t, func(w io.Writer) error { return writeHTML(w, r) }, options...)
}

// openFile opens what is written.
func openFile(t *testing.T, write func(io.Writer) error, options ...func(*browserTest)) *browserTest {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	running, err := sharedBrowser()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: no browser: %v", err)
	}
	ctx, cancel := chromedp.NewContext(running, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(stop)
	b := &browserTest{T: t, ctx: ctx, scripts: true, path: filepath.Join(t.TempDir(), "a report #1.html")}
	if err := WriteFile(b.path, write); err != nil {
		t.Fatal(err)
	}
	console, requests := chromedp.Console(ctx), chromedp.Events(ctx, network.RequestWillBeSent)
	go func() {
		for m, err := range console {
			if err == nil {
				b.keep(&b.said, m.String())
			}
		}
	}()
	go func() {
		for e, err := range requests {
			if err == nil && !strings.HasPrefix(e.Request.URL, b.url("")) {
				b.keep(&b.requests, e.Request.URL)
			}
		}
	}()
	for _, o := range options {
		o(b)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(b.url(""))); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browserTest) keep(list *[]string, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*list = append(*list, text)
}

func (b *browserTest) url(fragment string) string {
	path := filepath.ToSlash(b.path)
	if runtime.GOOS == "windows" {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String() + fragment
}

// visit goes to a fragment of the page, as a link that somebody sent would.
func (b *browserTest) visit(fragment string) {
	b.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(b.url(fragment))); err != nil {
		b.Fatal(err)
	}
}

// eval runs a script in the page.
func eval[T any](b *browserTest, script string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", script, err)
	}
	return v
}

// silent reports what the page said on the console and asked the network for.
func (b *browserTest) silent() {
	b.Helper()
	if b.scripts {
		eval[bool](b, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said)+len(b.requests) > 0 {
		b.Errorf("the page said %q and asked for %q", b.said, b.requests)
	}
}

// viewport is a page in a window of a size.
func viewport(width, height int64) func(*browserTest) {
	return func(b *browserTest) {
		if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, height)); err != nil {
			b.Fatal(err)
		}
	}
}

// withoutScripts is a page on which they are switched off.
func withoutScripts(b *browserTest) {
	b.scripts = false
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.Fatal(err)
	}
}

// media is a page for somebody with a preference.
func media(feature, value string) func(*browserTest) {
	return func(b *browserTest) {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: feature, Value: value}}})
		if err != nil {
			b.Fatal(err)
		}
	}
}
