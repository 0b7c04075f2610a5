package approve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// httpDriver is one person's way through a server's pages by plain requests: cookies
// of its own, one page at a time.
type httpDriver struct {
	client   *http.Client
	recipe   *recipe
	jar      *cookiejar.Jar
	cookies  []string // values of all that were set
	page     *page
	referrer string          // the policy of the page
	requests []*http.Request // all that were made
	hold     bool            // the next request is made up and not sent
	held     bool
}

func newVisit(client *http.Client, r *recipe) *httpDriver {
	jar, _ := cookiejar.New(nil) // fails never without options
	return &httpDriver{client: client, recipe: r, jar: jar}
}

// errHeld stops a walk before the request that is not to be sent.
var errHeld = errors.New("not sent")

func (v *httpDriver) open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	return v.send(req)
}

func (v *httpDriver) look(context.Context) (*page, error) {
	if v.page == nil {
		return nil, errors.New("no page is open yet")
	}
	return v.page, nil
}

func (v *httpDriver) wait(context.Context) bool { return false }

func (v *httpDriver) addresses() (out []string) {
	for _, r := range v.requests {
		out = append(out, r.URL.String())
	}
	return out
}

// fill puts a value into a field of the page.
func (v *httpDriver) fill(_ context.Context, c *control, value string) error {
	return v.page.fill(c, value)
}

func (v *httpDriver) press(ctx context.Context, c *control) error {
	req, err := v.page.submit(ctx, c)
	if err != nil {
		return err
	}
	return v.send(req)
}

// maxRedirects is how many redirections are followed for one step.
const maxRedirects = 20

// send makes a request and follows where its answer leads, as long as that is
// allowed.
func (v *httpDriver) send(req *http.Request) error {
	for range maxRedirects {
		if err := v.allowed(req.URL); err != nil {
			return err
		}
		v.dress(req)
		v.requests = append(v.requests, req)
		if v.hold {
			v.held = true
			return errHeld
		}
		next, err := v.exchange(req)
		if err != nil || next == nil {
			return err
		}
		req = next
	}
	return fmt.Errorf("%d redirections in a row, the last to %s", maxRedirects, Clean(address(req.URL)))
}

// exchange sends one request. It returns the request the answer redirects to,
// or reads the page.
func (v *httpDriver) exchange(req *http.Request) (*http.Request, error) {
	client := *v.client
	client.Jar, client.Timeout = nil, 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return nil, unaddressed(req, err)
	}
	defer resp.Body.Close()
	v.jar.SetCookies(req.URL, resp.Cookies())
	for _, c := range resp.Cookies() {
		v.cookies = append(v.cookies, c.Value)
	}
	if location := resp.Header.Get("Location"); location != "" && resp.StatusCode/100 == 3 {
		io.Copy(io.Discard, io.LimitReader(resp.Body, maxPage)) // so that the connection can be used again
		return redirected(req, resp.StatusCode, location)
	}
	if v.page, err = readPage(req.URL, resp.StatusCode, resp.Body); err != nil {
		return nil, err
	}
	v.page.header = resp.Header
	v.page.hides(v.cookies...)
	v.referrer = resp.Header.Get("Referrer-Policy")
	return nil, nil
}

// redirected is the request that follows an answer of 3xx (RFC 9110 section
// 15.4): a POST becomes a GET, unless the status keeps it.
func redirected(req *http.Request, status int, location string) (*http.Request, error) {
	u, err := req.URL.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("%s redirects to what is no URL", Clean(address(req.URL)))
	}
	method, body := http.MethodGet, io.Reader(nil)
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		method = req.Method
		if req.GetBody != nil {
			if body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
	next, err := http.NewRequestWithContext(req.Context(), method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		next.GetBody, next.ContentLength = req.GetBody, req.ContentLength
		next.Header.Set("Content-Type", req.Header.Get("Content-Type"))
	}
	return next, nil
}

// dress gives a request what a browser sends with it.
func (v *httpDriver) dress(req *http.Request) {
	h := req.Header
	h.Set("User-Agent", "Mozilla/5.0 (compatible; dfcheck)")
	h.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	h.Set("Accept-Language", "en")
	if v.page != nil {
		from := v.page.url
		if req.Method != http.MethodGet {
			h.Set("Origin", from.Scheme+"://"+from.Host)
		}
		switch {
		case v.referrer == "no-referrer":
		case from.Host == req.URL.Host && from.Scheme == req.URL.Scheme:
			whole := *from
			whole.Fragment, whole.User = "", nil
			h.Set("Referer", whole.String())
		default:
			h.Set("Referer", from.Scheme+"://"+from.Host+"/")
		}
	}
	for _, c := range v.jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
}

// allowed reports whether a request may be sent: to the target, or to a host that
// the recipe lists, and never from https to http.
func (v *httpDriver) allowed(u *url.URL) error {
	if err := v.recipe.allowed(u); err != nil {
		return err
	}
	if v.page != nil && v.page.url.Scheme == "https" && u.Scheme == "http" {
		return fmt.Errorf("a page leads from https to %s", Clean(address(u)))
	}
	return nil
}

// allowed reports whether pages of a host may be opened.
func (r *recipe) allowed(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not an http or https URL", Clean(cut(address(u), maxTold)))
	}
	for _, h := range append([]string{r.host}, r.hosts...) {
		if OnHost(u, h) {
			return nil
		}
	}
	return fmt.Errorf("%s is not on an allowed host; list %q in approve.hosts if the server's pages are meant to "+
		"lead there", Clean(cut(address(u), maxTold)), Clean(u.Host))
}

// OnHost reports whether a URL is on a host and its port, which is named by a URL or,
// for any scheme, by itself.
func OnHost(u *url.URL, host string) bool {
	if named, err := url.Parse(host); err == nil && named.Host != "" {
		return sameHost(u, named.Host, named.Scheme)
	}
	return host != "" && sameHost(u, host, u.Scheme)
}

// sameHost compares a URL's host and port with those of a host of a scheme. The
// names of the loopback interface are one.
func sameHost(u *url.URL, host, scheme string) bool {
	other := &url.URL{Scheme: scheme, Host: host}
	a, b := strings.ToLower(u.Hostname()), strings.ToLower(other.Hostname())
	if a != b && !(loopback(a) && loopback(b)) {
		return false
	}
	return port(u) == port(other) || u.Port() == "" && other.Port() == ""
}

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func escapeQuery(s string) string { return url.QueryEscape(s) }
