package approve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// HTTP sends a request of the user's own making for each decision: 2xx is
// accepted, 401 a wrong sign-in, any other 4xx refused by the server.
type HTTP struct {
	client        *http.Client
	host          string
	approve, deny Action
}

// Powers: it types any code.
func (h *HTTP) Powers() Powers { return Powers{RawCodes: true} }

// Decide sends the request of the decision.
func (h *HTTP) Decide(ctx context.Context, v Verification, d Decision) error {
	a := h.approve
	if d == Deny {
		a = h.deny
	}
	if a.empty() || v.User != "" {
		return ErrUnsupported
	}
	req, err := a.request(ctx, placeholders(h.host, v, d))
	if err != nil {
		return err
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return unaddressed(req, err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	switch resp.StatusCode / 100 {
	case 2:
		return nil
	case 4:
		if resp.StatusCode == http.StatusUnauthorized {
			return fmt.Errorf("%w: the approval request got %s: %s", ErrSignIn, Clean(resp.Status),
				Clean(string(bytes.TrimSpace(body))))
		}
		return &RefusedError{Answer: Clean(resp.Status) + ": " + Clean(string(bytes.TrimSpace(body))),
			Later: later(resp.StatusCode)}
	}
	return fmt.Errorf("the approval request got %s", Clean(resp.Status))
}

func (a Action) request(ctx context.Context, values map[string]string) (*http.Request, error) {
	plain := func(s string) string { return s }
	var body []byte
	contentType := ""
	switch {
	case a.JSON != nil:
		contentType = "application/json"
		var err error
		if body, err = json.Marshal(fillJSON(a.JSON, values)); err != nil {
			return nil, err
		}
	case a.Form != nil:
		contentType = "application/x-www-form-urlencoded"
		form := url.Values{}
		for k, v := range a.Form {
			form.Set(k, fill(v, values, plain))
		}
		body = []byte(form.Encode())
	}
	target := a.URL
	if rest, ok := strings.CutPrefix(target, "{host}"); ok {
		target = values["{host}"] + rest
	}
	method := a.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, fill(target, values, url.QueryEscape), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for k, v := range a.Headers {
		req.Header.Set(k, strings.NewReplacer("\r", "", "\n", "").Replace(fill(v, values, plain)))
	}
	return req, nil
}

// fillJSON replaces placeholders in every text of a JSON value.
func fillJSON(v any, values map[string]string) any {
	switch v := v.(type) {
	case string:
		return fill(v, values, func(s string) string { return s })
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = fillJSON(e, values)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = fillJSON(e, values)
		}
		return out
	}
	return v
}
