package refserver

import (
	"net/http"
	"sync/atomic"
	"time"
)

// machineVariants run on a machine that has too much to do.
var machineVariants = []Fault{
	{
		Name: "stalls", Doc: "Answers take 100 to 500 ms, and every fortieth request a second more.",
		Wrap: func(next http.Handler) http.Handler {
			var n atomic.Int64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				i := n.Add(1)
				time.Sleep(time.Duration(50+i*37%200) * time.Millisecond)
				if i%40 == 0 {
					time.Sleep(time.Second)
				}
				next.ServeHTTP(w, r)
				time.Sleep(time.Duration(50+i*53%200) * time.Millisecond)
			})
		},
	},
}
