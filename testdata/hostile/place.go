package hostile

import (
	"net/http"
	"strings"
)

// linkLocal is where clouds have what their machines may know alone.
const linkLocal = "http://169.254.169.254/latest/meta-data/"

// leads are places to which a server could send the one who tests it.
var leads = []struct {
	name, about string
	to          func(s *Server, path string) string
}{
	{"elsewhere", "another host", func(s *Server, path string) string { return s.Stranger + path }},
	{"to-link-local", "a link-local address", func(*Server, string) string { return linkLocal }},
	{"to-a-private-address", "a private address", func(_ *Server, path string) string {
		return "http://10.11.12.13" +
			path
	}},
	{"to-a-file", "a file", func(*Server, string) string { return "file:///etc/passwd" }},
	{"to-a-name-of-link-local", "a name of a link-local address", func(_ *Server, path string) string {
		return "http://[::ffff:a9fe:a9fe]" + path
	}},
}

// places lead to places which nobody named.
var places = append(strangePlaces(),
	Behaviour{Name: "redirects-in-a-loop", About: "redirects everything to itself", alter: func(s *Server,
		r *http.Request, a *answer) {
		a.redirect(http.StatusTemporaryRedirect, s.URL+r.URL.Path)
	}},
	Behaviour{Name: "page-redirects-in-a-loop", About: "redirects its page to itself", On: Page, alter: func(s *Server,
		r *http.Request, a *answer) {
		a.redirect(http.StatusFound, s.URL+r.URL.Path)
	}},
	Behaviour{Name: "verification-uri-of-a-script", About: "names a verification URI that is a script", On: Authorization,
		alter: func(_ *Server, _ *http.Request, a *answer) { a.set("verification_uri", `"javascript:alert(1)"`) }},
)

func strangePlaces() (all []Behaviour) {
	for _, lead := range leads {
		to := lead.to
		all = append(all,
			Behaviour{Name: "redirects-" + lead.name, About: "redirects everything to " + lead.about,
				alter: func(s *Server, r *http.Request, a *answer) {
					a.redirect(http.StatusTemporaryRedirect, to(s, r.URL.Path))
				}},
			Behaviour{Name: "metadata-leads-" + lead.name, About: "has metadata whose endpoints are at " + lead.about,
				On: Metadata,
				alter: func(s *Server, _ *http.Request, a *answer) {
					a.set("device_authorization_endpoint", `"`+to(s, "/device_authorization")+`"`)
					a.set("token_endpoint", `"`+to(s, "/token")+`"`)
				}},
			Behaviour{Name: "verification-uri-leads-" + lead.name, About: "names a verification URI at " + lead.about,
				On: Authorization,
				alter: func(s *Server, _ *http.Request, a *answer) {
					a.set("verification_uri", `"`+to(s, "/device")+`"`)
					a.set("verification_uri_complete", `"`+to(s, "/device?user_code=A")+`"`)
				}},
			Behaviour{Name: "page-redirects-" + lead.name, About: "redirects its page to " + lead.about, On: Page,
				alter: func(s *Server, r *http.Request, a *answer) { a.redirect(http.StatusFound, to(s, r.URL.Path)) }},
			Behaviour{Name: "page-leads-" + lead.name, About: "has a page whose forms, links, images and scripts lead to " +
				lead.about,
				On: Page, alter: func(s *Server, r *http.Request, a *answer) {
					page := strings.NewReplacer(`action="`, `action="`+to(s, ""), `<body>`, `<body><img src="`+to(s, "/image")+
						`"><script src="`+to(s, "/script")+`"></script><iframe src="`+to(s, "/frame")+`"></iframe>`,
						`<head>`, `<head><link rel="stylesheet" href="`+to(s, "/style")+`">`).Replace(string(a.body))
					a.header.Del("Content-Security-Policy")
					a.body = []byte(page)
				}},
		)
	}
	return all
}

func (a *answer) redirect(status int, to string) {
	a.become(status, "text/html", "moved")
	a.header.Set("Location", to)
}
