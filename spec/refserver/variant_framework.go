package refserver

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/spec"
)

// frameworkVariants serve the device flow as it should be and leave what no
// device sends to their framework, which knows nothing of OAuth.
var frameworkVariants = []Fault{
	framework("behind-django", "A Django application with REST framework.", django,
		map[string]string{"DF-HTTP-005": "ruling R25: the missing slash is added by a 301"}),
	framework("behind-express", "An Express application with body-parser and method-override.", express,
		map[string]string{
			"DF-HTTP-001": "ruling R25: a route that has no GET is not found",
			"DF-HTTP-003": "ruling R25: X-HTTP-Method-Override is obeyed, and the other method has no route",
		}),
	framework("behind-aspnet", "An ASP.NET Core application, with problem details.", aspnet, nil),
	framework("behind-rails", "A Rails application, with Rack's method override and host authorization.", rails,
		map[string]string{
			"DF-HTTP-001": "ruling R25: a route that has no GET is not found",
			"DF-HTTP-003": "ruling R25: _method is obeyed, and the other method has no route",
			"DF-HTTP-004": "ruling R25: a route that has no OPTIONS is not found",
		}),
	framework("behind-spring", "A Spring application behind its firewall.", spring, nil),
}

// An oddity is what is odd about a request, "" when a device could have sent it.
type oddity string

const (
	oddMethod   oddity = "method"
	oddOverride oddity = "override"
	oddHost     oddity = "host"
	oddSlash    oddity = "slash"
	oddAccept   oddity = "accept"
	oddType     oddity = "type" // the media type is none of the contract's
	oddBody     oddity = "body" // it does not parse as what it is called
	oddText     oddity = "text" // NUL, broken UTF-8 or broken escapes
)

// framework is a server whose framework answers odd requests. A nil answer
// leaves the request to OAuth code.
func framework(name, doc string, answers func(odd oddity, r *http.Request) *reply, also map[string]string) Fault {
	return Fault{Name: name, Doc: doc, Also: also, Wrap: func(next http.Handler) http.Handler {
		return withBody(func(w http.ResponseWriter, r *http.Request, body []byte) {
			if odd := oddities(r, body); odd != "" {
				if a := answers(odd, r); a != nil {
					a.send(w)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// withBody reads the body for a handler and leaves it there to be read again.
func withBody(serve func(w http.ResponseWriter, r *http.Request, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := new(bytes.Buffer)
		body.ReadFrom(http.MaxBytesReader(w, r.Body, maxDrained))
		r.Body = io.NopCloser(bytes.NewReader(body.Bytes()))
		serve(w, r, body.Bytes())
	})
}

// reply is an answer as a framework sends it.
type reply struct {
	status          int
	mediaType, text string
	header          map[string]string
}

func (a *reply) send(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if a.mediaType != "" {
		w.Header().Set("Content-Type", a.mediaType)
	}
	w.WriteHeader(a.status)
	w.Write([]byte(a.text))
}

func htmlPage(status int, text string) *reply {
	return &reply{status, "text/html; charset=utf-8", "<!doctype html><h1>" + text + "</h1>", nil}
}

func jsonText(status int, text string) *reply { return &reply{status, "application/json", text, nil} }

// endpoint is the last part of the path of one of the two operations, and whether
// a final slash is there or missing that should not be; "" for any other path.
func endpoint(path string) (name string, otherSlash bool) {
	name = strings.TrimSuffix(path[strings.LastIndex(strings.TrimSuffix(path, "/"), "/")+1:], "/")
	switch name {
	case "device-authorization":
		return name, !strings.HasSuffix(path, "/")
	case "device_authorization", "token":
		return name, strings.HasSuffix(path, "/")
	}
	return "", false
}

func oddities(r *http.Request, body []byte) oddity {
	name, otherSlash := endpoint(r.URL.Path)
	if name == "" {
		return ""
	}
	label := r.Header.Get("Content-Type")
	mediaType, args, err := mime.ParseMediaType(label)
	form := url.Values{}
	var formErr error
	if mediaType == string(spec.Form) {
		form, formErr = url.ParseQuery(string(body))
	}
	known := mediaType == string(spec.Form) || mediaType == string(spec.JSON) || mediaType == string(spec.Multipart)
	accept := r.Header.Get("Accept")
	switch {
	case strings.HasSuffix(r.Host, ".invalid"):
		return oddHost
	case r.Method != http.MethodPost:
		return oddMethod
	case r.Header.Get("X-HTTP-Method-Override") != "" || form.Get("_method") != "":
		return oddOverride
	case otherSlash:
		return oddSlash
	case accept != "" && !strings.Contains(accept, "json") && accept != "*/*":
		return oddAccept
	case err != nil || !known:
		return oddType
	case mediaType == string(spec.JSON) && !isObject(body), mediaType == string(spec.Multipart) &&
		!isMultipart(body, args["boundary"]):
		return oddBody
	case formErr != nil, !wholeText(form, body):
		return oddText
	}
	return ""
}

func isObject(body []byte) bool {
	var v map[string]any
	return json.Unmarshal(body, &v) == nil && v != nil
}

func isMultipart(body []byte, boundary string) bool {
	_, err := decodeMultipart(body, boundary)
	return err == nil
}

// wholeText reports whether no value is broken UTF-8 or has NUL in it.
func wholeText(form url.Values, body []byte) bool {
	whole := utf8.Valid(body) && !bytes.ContainsRune(body, 0) && !bytes.Contains(body, []byte(`\u0000`)) &&
		!bytes.Contains(body, []byte(`\ud800`))
	for _, values := range form {
		for _, v := range values {
			whole = whole && utf8.ValidString(v) && !strings.Contains(v, "\x00")
		}
	}
	return whole
}

func django(odd oddity, r *http.Request) *reply {
	switch odd {
	case oddHost:
		return htmlPage(400, "Bad Request (400)")
	case oddMethod:
		if r.Method == http.MethodOptions {
			return &reply{200, "application/json", `{"name":"Token","renders":["application/json"]}`,
				map[string]string{"Allow": "POST, OPTIONS"}}
		}
		return &reply{405, "application/json", `{"detail":"Method \"` + r.Method + `\" not allowed."}`,
			map[string]string{"Allow": "POST, OPTIONS"}}
	case oddSlash:
		if strings.HasSuffix(r.URL.Path, "/") {
			return htmlPage(404, "Not Found")
		}
		return &reply{301, "text/html", "", map[string]string{"Location": r.URL.Path + "/"}}
	case oddAccept:
		return jsonText(406, `{"detail":"Could not satisfy the request Accept header."}`)
	case oddType:
		return jsonText(415, `{"detail":"Unsupported media type in request."}`)
	case oddBody:
		return jsonText(400, `{"detail":"JSON parse error - Expecting value: line 1 column 1 (char 0)"}`)
	case oddText:
		return jsonText(400, `{"client_id":["Null characters are not allowed."]}`)
	}
	return nil
}

func express(odd oddity, r *http.Request) *reply {
	missing := htmlPage(404, "Cannot "+r.Method+" "+r.URL.Path)
	switch odd {
	case oddMethod:
		if r.Method == http.MethodOptions {
			return &reply{200, "text/html; charset=utf-8", "POST", map[string]string{"Allow": "POST"}}
		}
		return missing
	case oddOverride:
		if r.Header.Get("X-HTTP-Method-Override") != "" {
			return missing
		}
	case oddType: // body-parser leaves it alone, and OAuth finds no client
		return &reply{401, "application/json; charset=utf-8", `{"error":"invalid_client"}`,
			map[string]string{"WWW-Authenticate": "Basic"}}
	case oddBody:
		return htmlPage(400, "SyntaxError: Unexpected token in JSON at position 0")
	case oddText:
		return htmlPage(400, "URIError: Failed to decode param")
	}
	return nil
}

func aspnet(odd oddity, r *http.Request) *reply {
	problem := func(status int, title string) *reply {
		text, _ := json.Marshal(map[string]any{"type": "https://tools.ietf.org/html/rfc9110", "title": title,
			"status": status})
		return &reply{status, "application/problem+json; charset=utf-8", string(text), nil}
	}
	switch odd {
	case oddHost:
		return htmlPage(400, "Bad Request - Invalid Hostname")
	case oddMethod:
		return &reply{405, "", "", map[string]string{"Allow": "POST"}}
	case oddAccept:
		return &reply{406, "", "", nil}
	case oddType:
		return problem(415, "Unsupported Media Type")
	case oddBody, oddText:
		return problem(400, "One or more validation errors occurred.")
	}
	return nil
}

func rails(odd oddity, r *http.Request) *reply {
	switch odd {
	case oddHost:
		return htmlPage(403, "Blocked host: "+r.Host)
	case oddMethod, oddOverride, oddSlash:
		return htmlPage(404, "The page you were looking for doesn't exist")
	case oddAccept:
		return &reply{406, "", "", nil}
	case oddType: // the parameters stay empty
		return jsonText(401, `{"error":"invalid_client","error_description":"Client authentication failed"}`)
	case oddBody, oddText:
		return htmlPage(400, "Your browser sent a request that this server could not understand")
	}
	return nil
}

func spring(odd oddity, r *http.Request) *reply {
	plain := func(status int) *reply {
		text, _ := json.Marshal(map[string]any{"status": status, "error": http.StatusText(status), "path": r.URL.Path})
		return jsonText(status, string(text))
	}
	switch odd {
	case oddHost, oddBody, oddText:
		return plain(400)
	case oddMethod:
		a := plain(405)
		a.header = map[string]string{"Allow": "POST"}
		return a
	case oddSlash:
		return plain(404)
	case oddAccept:
		return &reply{406, "", "", nil}
	case oddType:
		return plain(415)
	}
	return nil
}
