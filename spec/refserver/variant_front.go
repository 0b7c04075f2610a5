package refserver

import (
	"net/http"
)

// frontVariants stand behind a front that answers by itself what no device sends, in its
// own words and by its own rules.
var frontVariants = []Fault{
	front("behind-nginx", "An nginx that lets POST alone through, with pages of its own.", nginx),
	front("behind-a-gateway", "An API gateway that has no route for what no device sends, and answers in JSON.", gateway),
	front("behind-a-strict-front", "A front that knows no method but POST and GET, no chunks and no media type but forms.",
		strictFront),
}

// front is a server behind something that answers odd requests.
func front(name, doc string, answers func(odd oddity, r *http.Request) *reply) Fault {
	f := framework(name, doc, answers, map[string]string{
		"DF-HTTP-002": "ruling R150: a 405 of the front's, without Allow",
	})
	served := f.Wrap
	f.Wrap = func(next http.Handler) http.Handler {
		inner := served(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name, _ := endpoint(r.URL.Path); name == "" {
				next.ServeHTTP(w, r)
				return
			}
			if len(r.TransferEncoding) > 0 {
				if a := answers(oddChunks, r); a != nil {
					a.send(w)
					return
				}
			}
			if r.ContentLength > largeBody {
				w.Header().Set("Connection", "close")
				answers(oddLength, r).send(w)
				return
			}
			inner.ServeHTTP(w, r)
		})
	}
	return f
}

// What fronts mind, and frameworks leave to the server below them.
const (
	oddChunks oddity = "chunks" // a body without a length
	oddLength oddity = "length" // a body that is too long
)

func nginx(odd oddity, _ *http.Request) *reply {
	page := func(status int, title string) *reply {
		return &reply{status, "text/html", "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" +
			title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", nil}
	}
	switch odd {
	case oddMethod:
		return page(http.StatusMethodNotAllowed, "405 Not Allowed")
	case oddHost, oddSlash:
		return page(http.StatusNotFound, "404 Not Found")
	case oddLength:
		return page(http.StatusRequestEntityTooLarge, "413 Request Entity Too Large")
	}
	return nil
}

func gateway(odd oddity, r *http.Request) *reply {
	said := func(status int, text string) *reply { return jsonText(status, `{"message":"`+text+`"}`) }
	switch odd {
	case oddMethod:
		if r.Method == http.MethodOptions {
			return said(http.StatusForbidden, "Missing Authentication Token")
		}
		return said(http.StatusMethodNotAllowed, "Method Not Allowed")
	case oddHost:
		return said(http.StatusMisdirectedRequest, "Misdirected Request")
	case oddSlash:
		return said(http.StatusForbidden, "Missing Authentication Token")
	case oddAccept:
		return said(http.StatusNotAcceptable, "Not Acceptable")
	case oddType:
		return said(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	case oddBody, oddText:
		return said(http.StatusBadRequest, "Invalid request body")
	case oddLength:
		return said(http.StatusRequestEntityTooLarge, "Request Too Long")
	}
	return nil
}

func strictFront(odd oddity, r *http.Request) *reply {
	plain := func(status int) *reply { return &reply{status, "text/plain", http.StatusText(status), nil} }
	switch odd {
	case oddMethod:
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return plain(http.StatusMethodNotAllowed)
		}
		return plain(http.StatusNotImplemented)
	case oddHost:
		return plain(http.StatusBadRequest)
	case oddSlash:
		return plain(http.StatusNotFound)
	case oddChunks:
		return plain(http.StatusLengthRequired)
	case oddAccept:
		return plain(http.StatusNotAcceptable)
	case oddType:
		return plain(http.StatusUnsupportedMediaType)
	case oddBody, oddText:
		return plain(http.StatusBadRequest)
	case oddLength:
		return plain(http.StatusRequestEntityTooLarge)
	}
	return nil
}
