package refserver

import (
	"encoding/json"
	"net/http"
	"strings"
)

// proxyVariants stand behind something that adds to every answer.
var proxyVariants = []Fault{
	{
		Name: "behind-a-balancer", Doc: "Every answer sets the cookie of a load balancer, and every error names a contact.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			a.header.Add("Set-Cookie", "SERVERID=node1; Path=/")
			var body map[string]any
			if json.Unmarshal(a.body, &body) != nil || body["error"] == nil {
				return
			}
			body["support"] = "support@auth.example"
			a.body, _ = json.Marshal(body) // it was JSON
		}),
	},
	{
		Name: "catch-all-page", Doc: "Whatever is not there is the start page of an application, under 200.",
		Contract: "rfc8628",
		Also:     map[string]string{"DF-DISC-002": "ruling R32: a page where metadata would be"},
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/.well-known/") {
					htmlPage(http.StatusOK, "Welcome").send(w)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	},
}
