package refserver

import (
	"net/http"
	"time"
)

// clockVariants have another time of day than whoever asks them. No text has a client
// compare the two, and a clock of its own that is set looks the same to it.
var clockVariants = []Fault{
	otherTime("clock-ahead", "The server's clock is an hour ahead.", []string{"IDTOKEN", "TOKEN", "DPOP"}, time.Hour),
	otherTime("clock-behind", "The server's clock is an hour behind.", []string{"IDTOKEN", "TOKEN", "DPOP"}, -time.Hour),
	otherTime("clock-set", "The server's clock is set ahead or back by an hour every second.",
		[]string{"IDTOKEN", "TOKEN"}, 0, time.Hour, 0, -time.Hour),
}

// otherTime is a server whose clock is ahead by one of the times, each for a second.
// Whatever of its answers has a time has that of its clock.
func otherTime(name, doc string, only []string, ahead ...time.Duration) Fault {
	shown := func(at time.Time) time.Time { return at.Add(ahead[at.Unix()%int64(len(ahead))]) }
	return Fault{Name: name, Doc: doc, Contract: "rfc8628", Only: only,
		Configure: func(c *Config) { c.OpenID, c.DPoP = true, true },
		Break: func(b *behaviour) {
			b.clock = shown
			b.token = func(s *Server) string {
				return s.is.sign(s.key, map[string]any{"jti": random(16), "exp": s.ends(time.Now()).Unix()})
			}
		},
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", shown(time.Now()).UTC().Format(http.TimeFormat))
				next.ServeHTTP(w, r)
			})
		}}
}
