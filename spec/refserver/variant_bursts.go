package refserver

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// burstProxy stands in front and lets so many requests to one path through at the
// same time. To the others it answers itself, each time in another way: with a
// page, with a bare limit, or by closing the connection.
var burstProxy = Fault{
	Name: "proxy-limits-bursts",
	Doc:  "A proxy answers all but three of the requests that reach an endpoint at the same moment.", Abuse: true,
	Wrap: func(next http.Handler) http.Handler {
		var mu sync.Mutex
		inside, refused := map[string]int{}, 0
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			inside[r.URL.Path]++
			over := inside[r.URL.Path] > 3 && r.Method == http.MethodPost && r.URL.Path != pathDecision
			if over {
				refused++
			}
			way := refused % 4
			mu.Unlock()
			defer func() {
				mu.Lock()
				inside[r.URL.Path]--
				mu.Unlock()
			}()
			if !over {
				time.Sleep(time.Millisecond) // so long is its way to the server
				next.ServeHTTP(w, r)
				return
			}
			if way == 0 {
				panic(http.ErrAbortHandler)
			}
			status := []int{0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusTooManyRequests}[way]
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<html><body>%d %s</body></html>", status, http.StatusText(status))
		})
	},
}
