package refserver

import (
	"fmt"
	"net/http"
)

// bodyVariants answer a large body before they have read it, as proxies and
// frameworks do.
var bodyVariants = []Fault{
	early("large-bodies-413-early", "A body over 1 MiB is answered 413 unread, and the connection closed.",
		http.StatusRequestEntityTooLarge, "text/html", "<h1>413 Request Entity Too Large</h1>"),
	early("large-bodies-400-early", "A body over 1 MiB is answered 400 invalid_request unread, and the connection closed.",
		http.StatusBadRequest, "application/json", `{"error":"invalid_request"}`),
	early("large-bodies-cut-off", "A body over 1 MiB ends the connection without an answer.", 0, "", ""),
}

const largeBody = 1 << 20 // bytes

// early takes the connection over, since net/http reads on before it closes one.
func early(name, doc string, status int, mediaType, text string) Fault {
	return Fault{Name: name, Doc: doc, Abuse: true, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength <= largeBody {
				next.ServeHTTP(w, r)
				return
			}
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler) // HTTP/2 has no connection to take over
			}
			defer conn.Close()
			if status != 0 {
				fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
					status, http.StatusText(status), mediaType, len(text), text)
			}
		})
	}}
}
