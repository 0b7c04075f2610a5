package reports

import (
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The members of HAR 1.2 that are written. -1 stands for what is not known.
type (
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Entries []harEntry `json:"entries"`
		Comment string     `json:"comment,omitempty"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harEntry struct {
		Started  time.Time   `json:"startedDateTime"`
		Time     float64     `json:"time"` // milliseconds
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Comment  string      `json:"comment,omitempty"`
	}
	harRequest struct {
		Method  string    `json:"method"`
		URL     string    `json:"url"`
		Version string    `json:"httpVersion"`
		Cookies []harPair `json:"cookies"`
		Headers []harPair `json:"headers"`
		Query   []harPair `json:"queryString"`
		Body    *harBody  `json:"postData,omitempty"`
		Head    int64     `json:"headersSize"`
		Size    int64     `json:"bodySize"`
	}
	harBody struct {
		Type   string    `json:"mimeType"`
		Params []harPair `json:"params,omitempty"`
		Text   string    `json:"text"`
	}
	harResponse struct {
		Status   int        `json:"status"`
		Text     string     `json:"statusText"`
		Version  string     `json:"httpVersion"`
		Cookies  []harPair  `json:"cookies"`
		Headers  []harPair  `json:"headers"`
		Content  harContent `json:"content"`
		Redirect string     `json:"redirectURL"`
		Head     int64      `json:"headersSize"`
		Size     int64      `json:"bodySize"`
		Comment  string     `json:"comment,omitempty"`
	}
	harContent struct {
		Size    int64  `json:"size"`
		Type    string `json:"mimeType"`
		Text    string `json:"text,omitempty"`
		Comment string `json:"comment,omitempty"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// writeHAR writes the exchanges of a report as an HTTP archive, for browsers and
// proxies to open. They are those of the document: free of secrets.
func writeHAR(w io.Writer, r *Report) error {
	log := harLog{Version: "1.2", Creator: harCreator{r.Tool.Name, r.Tool.Version}, Entries: []harEntry{},
		Comment: "dfcheck " + string(r.Run.Kind) + after(" of ", r.Target.Host) + "; secrets are pseudonyms"}
	citing := r.citing()
	for _, x := range r.exchanges() {
		e := x.har(r.Run.Started)
		e.Comment = x.ID + after(", ", x.Scenario) + after("; cited by ", strings.Join(citing[x.ID], ", "))
		log.Entries = append(log.Entries, e)
	}
	return encodeJSON(w, map[string]harLog{"log": log})
}

// citing says which checks, violations and errors name an exchange.
func (r *Report) citing() map[string][]string {
	out := map[string][]string{}
	cite := func(who string, ids ...string) {
		for _, id := range ids {
			if !slices.Contains(out[id], who) {
				out[id] = append(out[id], who)
			}
		}
	}
	if c := r.Conformance; c != nil {
		for _, k := range c.Checks {
			for _, f := range k.Findings {
				cite(k.ID+" "+string(k.Verdict), f.Exchanges...)
			}
		}
	}
	if l := r.Load; l != nil {
		for _, v := range l.Violations {
			cite(v.Title, v.Exchanges...)
		}
		for _, e := range l.Errors {
			cite(e.Kind, e.Exchange)
		}
	}
	return out
}

func (x Exchange) har(began time.Time) harEntry {
	took := max(x.DurationMS, 0)
	e := harEntry{Started: began.Add(time.Duration(x.AtMS * float64(time.Millisecond))).UTC(), Time: took,
		Timings: harTimings{Wait: took},
		Request: harRequest{Method: x.Request.Method, URL: x.Request.URL, Version: "HTTP/1.1", Cookies: []harPair{},
			Headers: pairs(x.Request.Headers), Query: []harPair{}, Head: -1, Size: int64(len(x.Request.Body))},
		Response: harResponse{Cookies: []harPair{}, Headers: []harPair{}, Head: -1, Size: -1, Comment: x.Error},
	}
	if u, err := url.Parse(x.Request.URL); err == nil {
		e.Request.Query = pairs(u.Query())
	}
	if x.Request.Body != "" {
		e.Request.Body = body(x.Request)
	}
	if a := x.Response; a != nil {
		e.Request.Version = a.Proto
		e.Response.Status, e.Response.Text, e.Response.Version = a.Status, http.StatusText(a.Status), a.Proto
		e.Response.Headers, e.Response.Redirect = pairs(a.Headers), a.Headers.Get("Location")
		e.Response.Size = max(a.Length, 0)
		e.Response.Content = harContent{Size: max(a.Length, 0), Type: a.Headers.Get("Content-Type"), Text: a.Body,
			Comment: after("SHA-256 of the whole: ", a.SHA256)}
	}
	return e
}

// body is what a request sent, with its parameters where it is a form.
func body(r Request) *harBody {
	out := &harBody{Type: r.Headers.Get("Content-Type"), Text: r.Body}
	if media, _, err := mime.ParseMediaType(out.Type); err == nil && media == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(r.Body); err == nil {
			out.Params = pairs(form)
		}
	}
	return out
}

// pairs are the values of a header or a form, by name.
func pairs(of map[string][]string) []harPair {
	out := []harPair{}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		for _, v := range of[name] {
			out = append(out, harPair{name, v})
		}
	}
	return out
}
