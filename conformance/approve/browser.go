package approve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser carries out the recipe of Form in a headless browser, for pages that
// need JavaScript. Every decision has its own cookies. The browser starts
// with the first decision and ends with Close.
type Browser struct {
	recipe    *recipe
	trace     func(PageSeen)
	redact    func(string) string // nil knows no secret
	pictures  string              // folder for pictures of pages on which a step failed
	path      string              // of the browser
	passwords []string            // of the recipe
	insecure  bool                // certificates are not verified

	tabs  chan struct{} // one for each decision in flight
	mu    sync.Mutex
	ctx   context.Context // of the running browser, nil before
	dir   string          // its profile and temporary files
	taken map[string]int  // pictures, by the pattern of their names
	kill  func()          // ends it at once
}

// Limits on what a run makes of a browser.
const (
	maxTabs        = 4
	maxPictures    = 5 // of each kind
	pictureTimeout = 3 * time.Second
	closeTimeout   = 5 * time.Second
)

// NewBrowser makes a browser approver of a configuration. It fails when no
// browser is installed; the error says how to install one.
func NewBrowser(c Config, env Env) (*Browser, error) {
	r, err := newRecipe(c, env.Host)
	b := &Browser{recipe: r, trace: env.Trace, redact: env.Redact, pictures: env.Dir, passwords: c.Secrets(),
		tabs: make(chan struct{}, maxTabs), taken: map[string]int{}}
	path, findErr := findBrowser(c.Browser)
	b.path = path
	return b, errors.Join(err, findErr, b.trust(env.Client))
}

// trust takes over whom the client trusts, as far as a browser can be told.
func (b *Browser) trust(c *http.Client) error {
	t, ok := c.Transport.(*http.Transport)
	if !ok || t.TLSClientConfig == nil {
		return nil
	}
	b.insecure = t.TLSClientConfig.InsecureSkipVerify
	if t.TLSClientConfig.RootCAs != nil && !b.insecure {
		return errors.New("the browser approver cannot be given a CA file: install the CA for the browser, or for a test " +
			"server set tls.insecure")
	}
	return nil
}

// Powers are those of the recipe. The requests are the browser's own, and each
// decision loads pages.
func (b *Browser) Powers() Powers {
	p := b.recipe.powers()
	p.Slow = true
	return p
}

// Decide takes all the steps of a decision.
func (b *Browser) Decide(ctx context.Context, v Verification, d Decision) error {
	steps, err := b.recipe.of(v, d)
	if err != nil {
		return err
	}
	return b.visit(ctx, v, d, func(ctx context.Context, w *runner) error { return w.all(ctx, steps) })
}

// Enter takes the steps up to the last request, and looks whether that could be
// made.
func (b *Browser) Enter(ctx context.Context, v Verification) error {
	if !b.recipe.steps {
		return ErrUnsupported
	}
	steps, err := b.recipe.of(v, Approve)
	if err != nil {
		return err
	}
	return b.visit(ctx, v, Approve, func(ctx context.Context, w *runner) error { return w.enter(ctx, steps) })
}

// View goes to the decision on each device in turn, in one tab, and takes a picture of
// each.
func (b *Browser) View(ctx context.Context, looks ...Look) (views []View) {
	if len(looks) == 0 {
		return nil
	}
	err := b.visit(ctx, looks[0].Verification, Approve, func(tab context.Context, w *runner) error {
		t := w.on.(*browserTab)
		views = b.recipe.views(tab, looks, t, b.trace, func(context.Context) string {
			path, _ := b.shot(tab, t, "dfcheck-consent-*.png")
			return path
		})
		return nil
	})
	if err != nil {
		return append(views, View{Err: err})
	}
	return views
}

// visit does something in a separate tab.
func (b *Browser) visit(ctx context.Context, v Verification, d Decision,
	do func(context.Context, *runner) error) error {
	select {
	case b.tabs <- struct{}{}:
		defer func() { <-b.tabs }()
	case <-ctx.Done():
		return ctx.Err()
	}
	running, err := b.start()
	if err != nil {
		return err
	}
	tab, cancel := chromedp.NewContext(running, chromedp.WithNewBrowserContext())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	t := &browserTab{recipe: b.recipe}
	if err := t.watch(tab); err != nil {
		return fmt.Errorf("the browser opens no page: %w", err)
	}
	err = do(tab, b.recipe.begin(t, b.trace, v, d))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil || errors.Is(err, ErrRefused):
		return err
	}
	return b.picture(tab, t, err)
}

// start starts the browser, or starts it again when it has died.
func (b *Browser) start() (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx != nil && b.ctx.Err() == nil {
		return b.ctx, nil
	}
	if b.dir != "" { // of one that has died
		b.kill()
		os.RemoveAll(b.dir)
	}
	dir, err := os.MkdirTemp("", "dfcheck-browser-*")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(b.path), chromedp.UserDataDir(dir),
		chromedp.Env("TMPDIR="+dir),
		chromedp.WindowSize(1024, 768), chromedp.Flag("host-resolver-rules", b.recipe.reachable()))
	if b.insecure {
		options = append(options, chromedp.IgnoreCertErrors)
	}
	allocator, kill := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		kill()
		os.RemoveAll(dir)
		return nil, fmt.Errorf("the browser %s does not start: %w", b.path, err)
	}
	b.ctx, b.dir, b.kill = ctx, dir, kill
	return ctx, nil
}

// reachable keeps the browser off the network, but for the hosts of the recipe and
// their ports: the first rule that fits holds, and EXCLUDE knows no ports.
func (r *recipe) reachable() string {
	var rules []string
	for _, h := range append([]string{r.host}, r.hosts...) {
		ports := []string{"80", "443"}
		u, err := url.Parse(h)
		if err != nil || u.Host == "" {
			u = &url.URL{Host: h}
		}
		if u.Port() != "" {
			ports = []string{u.Port()}
		}
		names := []string{u.Hostname()}
		if loopback(u.Hostname()) {
			names = []string{"127.0.0.1", "localhost", "::1"}
		}
		for _, name := range names {
			for _, port := range ports {
				place := net.JoinHostPort(name, port)
				rules = append(rules, "MAP "+place+" "+place)
			}
		}
	}
	return strings.Join(append(rules, "MAP * ~NOTFOUND"), ", ")
}

// picture takes a picture of the page on which a step failed, and tells where it
// is. What is typed and what cannot be read as text is made invisible first; of a
// page that shows a secret all the same there is none.
func (b *Browser) picture(tab context.Context, t *browserTab, failed error) error {
	path, err := b.shot(tab, t, "dfcheck-approve-*.png")
	switch {
	case errors.Is(err, errShowsSecret):
		return fmt.Errorf("%w; %w", failed, err)
	case err != nil || path == "":
		return failed
	}
	return fmt.Errorf("%w; see %s", failed, path)
}

var errShowsSecret = errors.New("there is no picture of it, since the page shows a secret")

// shot writes a picture into a file named after a pattern; "" when enough of these were
// taken.
func (b *Browser) shot(tab context.Context, t *browserTab, pattern string) (path string, err error) {
	b.mu.Lock()
	b.taken[pattern]++
	enough := b.taken[pattern] > maxPictures
	b.mu.Unlock()
	if enough {
		return "", nil
	}
	tab, cancel := context.WithTimeout(tab, pictureTimeout) // a page may be too busy to be looked at
	defer cancel()
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](browserScript+"dfcheckCover()"))
	if err != nil {
		return "", err
	}
	if b.shows(t, text) {
		return "", errShowsSecret
	}
	png, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(b.pictures, pattern)
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = f.Write(png)
	return f.Name(), err
}

// shows reports whether the text of a page holds a secret: one of the session, of
// the recipe, or one that is known elsewhere.
func (b *Browser) shows(t *browserTab, text string) bool {
	p := &page{}
	if t.page != nil {
		p.hides(t.page.secrets...)
	}
	p.hides(t.setCookies()...)
	p.hides(b.passwords...)
	clean := words(text)
	return p.tell(clean) != Clean(clean) || b.redact != nil && b.redact(text) != text
}

// Close ends the browser.
func (b *Browser) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx == nil {
		return nil
	}
	late := time.AfterFunc(closeTimeout, b.kill) // a page may keep it busy
	err := chromedp.Cancel(b.ctx)
	b.ctx = nil
	if !late.Stop() {
		err = nil
	}
	b.kill()
	return errors.Join(err, os.RemoveAll(b.dir))
}
