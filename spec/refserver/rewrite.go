package refserver

import "net/http"

// recorded is an answer that has not been sent yet.
type recorded struct {
	status int
	header http.Header
	body   []byte
}

func (a *recorded) Header() http.Header { return a.header }

func (a *recorded) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *recorded) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

// rewrite makes a handler whose answers are changed before they are sent.
func rewrite(change func(r *http.Request, a *recorded)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := &recorded{header: http.Header{}}
			next.ServeHTTP(a, r)
			change(r, a)
			for k, v := range a.header {
				w.Header()[k] = v
			}
			w.WriteHeader(max(a.status, http.StatusOK))
			w.Write(a.body)
		})
	}
}
