package approve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Reference decides at the reference server's decision endpoint.
type Reference struct {
	Client *http.Client
	URL    string // of the server
}

// Powers: it types any code, enters one without deciding, knows two users, and
// the way through the server's page.
func (r *Reference) Powers() Powers {
	return Powers{RawCodes: true, Steps: true, HTTP: true, SecondUser: true, Ways: true, Pages: true}
}

// Decide posts the decision, or makes it on the server's page where a way there is asked
// for.
func (r *Reference) Decide(ctx context.Context, v Verification, d Decision) error {
	if v.Way == "" {
		return r.post(ctx, v, string(d))
	}
	f, err := r.form()
	if err != nil {
		return err
	}
	return f.Decide(ctx, v, d)
}

// Enter looks the code up and leaves it undecided.
func (r *Reference) Enter(ctx context.Context, v Verification) error { return r.post(ctx, v, "enter") }

// Trace is the way through the server's page, which its default users can go.
func (r *Reference) Trace(ctx context.Context, v Verification, d Decision) (Trace, error) {
	f, err := r.form()
	if err != nil {
		return Trace{}, err
	}
	return f.Trace(ctx, v, d)
}

// View shows the server's page, which its default users can open.
func (r *Reference) View(ctx context.Context, looks ...Look) []View {
	f, err := r.form()
	if err != nil {
		return []View{{Err: err}}
	}
	return f.View(ctx, looks...)
}

// form goes through the server's page as one of its default users.
func (r *Reference) form() (*Form, error) {
	return NewForm(ReferencePage(), Env{Host: strings.TrimSuffix(r.URL, "/"), Client: r.Client})
}

func (r *Reference) post(ctx context.Context, v Verification, action string) error {
	body, err := json.Marshal(map[string]string{"user_code": v.Typed(), "action": action, "user": v.User})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(r.URL, "/")+"/decision",
		bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s takes no decisions; start the server with --decisions", req.URL)
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode/100 == 4:
		return &RefusedError{Answer: Clean(string(bytes.TrimSpace(answer)))}
	}
	return &ServerError{resp.StatusCode, fmt.Sprintf("%s returned %s", req.URL, resp.Status)}
}
