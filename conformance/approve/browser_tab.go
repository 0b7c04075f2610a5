package approve

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browserTab is one person's way through a server's pages in a browser.
type browserTab struct {
	recipe *recipe
	page   *page // as it was looked at last

	mu      sync.Mutex
	loading map[network.RequestID]bool
	changed time.Time   // when a request last began or ended
	cookies []string    // values of all that were set
	visited []string    // addresses of all documents and redirections
	header  http.Header // of the document that was loaded last
}

//go:embed browser_tab.js
var browserScript string

// How a page is waited for: until nothing was loaded for a while, but not for
// ever, since pages may poll.
const (
	quiet     = 150 * time.Millisecond
	settleMax = 3 * time.Second
	lookAgain = 50 * time.Millisecond
)

// watch opens the tab and counts what it loads.
func (t *browserTab) watch(ctx context.Context) error {
	t.loading = map[network.RequestID]bool{}
	return chromedp.Listen(ctx, func(ev any) {
		t.mu.Lock()
		defer t.mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			t.loading[ev.RequestID] = true
			if ev.Type == network.ResourceTypeDocument && ev.Request != nil {
				t.visited = append(t.visited, ev.Request.URL+ev.Request.URLFragment)
			}
		case *network.EventLoadingFinished:
			delete(t.loading, ev.RequestID)
		case *network.EventLoadingFailed:
			delete(t.loading, ev.RequestID)
		case *network.EventResponseReceived:
			if ev.Type == network.ResourceTypeDocument && ev.Response != nil {
				t.header = headerOf(ev.Response.Headers)
			}
			return
		case *network.EventResponseReceivedExtraInfo:
			t.cookies = append(t.cookies, cookiesIn(ev.Headers)...)
			return
		default:
			return
		}
		t.changed = time.Now()
	})
}

// headerOf is a header as net/http has it; several fields of one name come as lines.
func headerOf(headers network.Headers) http.Header {
	out := http.Header{}
	for name, value := range headers {
		for line := range strings.Lines(fmt.Sprint(value)) {
			out.Add(name, strings.TrimSpace(line))
		}
	}
	return out
}

// cookiesIn are the values of the cookies that an answer sets; several fields of one
// name come as lines.
func cookiesIn(headers network.Headers) (values []string) {
	for name, value := range headers {
		if !strings.EqualFold(name, "Set-Cookie") {
			continue
		}
		for line := range strings.Lines(fmt.Sprint(value)) {
			if c, err := http.ParseSetCookie(strings.TrimSpace(line)); err == nil {
				values = append(values, c.Value)
			}
		}
	}
	return values
}

func (t *browserTab) addresses() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.visited)
}

func (t *browserTab) setCookies() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.cookies)
}

func (t *browserTab) open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if err := t.recipe.allowed(u); err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		return err
	}
	t.settle(ctx)
	return nil
}

// settle waits until the page has loaded what it wants.
func (t *browserTab) settle(ctx context.Context) {
	for begun := time.Now(); time.Since(begun) < settleMax; {
		if !pause(ctx, lookAgain) {
			return
		}
		t.mu.Lock()
		idle := len(t.loading) == 0 && time.Since(t.changed) > quiet && time.Since(begun) > quiet
		t.mu.Unlock()
		if !idle {
			continue
		}
		state, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.readyState`))
		if err == nil && state == "complete" {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// snapshot is what the script tells of the page.
type snapshot struct {
	URL    string `json:"url"`
	HTML   string `json:"html"`
	Status int    `json:"status"`
}

// look reads the page as it is now. While one page gives way to another there
// is none; then it looks again.
func (t *browserTab) look(ctx context.Context) (*page, error) {
	for {
		s, err := chromedp.Run(ctx, chromedp.Evaluate[snapshot](browserScript+"dfcheckLook()"))
		if err != nil {
			if ctx.Err() != nil || !pause(ctx, lookAgain) {
				return nil, ctx.Err()
			}
			continue
		}
		u, err := url.Parse(s.URL)
		if err != nil {
			return nil, err
		}
		if u.Scheme != "about" {
			if err := t.recipe.allowed(u); err != nil {
				return nil, err
			}
		}
		if t.page, err = readPage(u, s.Status, strings.NewReader(s.HTML)); err == nil {
			t.page.hides(t.setCookies()...)
			t.mu.Lock()
			t.page.header = t.header
			t.mu.Unlock()
		}
		return t.page, err
	}
}

// wait lets a moment pass. When the time of the step is nearly over, it tells
// so, that the step can say what it missed.
func (t *browserTab) wait(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	if ok && time.Until(end) < 10*lookAgain {
		return false
	}
	return pause(ctx, lookAgain)
}

// mark is how the script finds a control again.
func mark(c *control) string { return c.sel.AttrOr("data-dfcheck", "") }

// fill types into a field, chooses or ticks.
func (t *browserTab) fill(ctx context.Context, c *control, value string) error {
	if err := t.page.fill(c, value); err != nil {
		return err
	}
	if c.typ == "radio" {
		for _, other := range t.page.controls {
			if other.typ == "radio" && other.name == c.name && other.form == c.form && other.checked {
				c = other
			}
		}
	}
	how := "type"
	switch {
	case c.tag == "select":
		how = "choose"
	case c.typ == "checkbox" || c.typ == "radio":
		how = "tick"
	}
	if err := t.do(ctx, how, c, c.value, c.checked); err != nil || how != "type" || value == "" {
		return err
	}
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
	return err
}

func (t *browserTab) press(ctx context.Context, c *control) error {
	if err := t.do(ctx, "press", c, "", false); err != nil {
		return err
	}
	t.settle(ctx)
	return nil
}

// do acts on a control by the script.
func (t *browserTab) do(ctx context.Context, what string, c *control, value string, checked bool) error {
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("%sdfcheckDo(%s, %s, %s, %t)",
		browserScript, quote(what), quote(mark(c)), quote(value), checked)))
	if err == nil && !ok {
		return fmt.Errorf("%q is no longer on the page", c.shown())
	}
	return err
}

// quote makes a text a JavaScript literal.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string can always be written
	return string(b)
}
