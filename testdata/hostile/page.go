package hostile

import (
	"fmt"
	"net/http"
	"strings"
)

// pages are verification pages.
var pages = []Behaviour{
	page("page-of-10000-forms", "has a page of 10,000 forms", func() string {
		var b strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&b, `<form id=f%d><input name=i%d id=i%d form=f%d><label for=i%d>x</label></form>`, i, i, i, i, i)
		}
		return b.String()
	}),
	page("page-of-20000-hidden-fields", "has a page of 20,000 secrets in hidden fields", func() string {
		var b strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&b, `<input type=hidden value=secret%08d>`, i)
		}
		return b.String() + "<p>" + strings.Repeat("much text ", 10_000)
	}),
	page("page-of-50000-fields", "has a page of 50,000 fields", func() string {
		return strings.Repeat("<input form=x name=y>", 50_000)
	}),
	page("page-deep", "has a page of elements 100,000 deep", func() string {
		return strings.Repeat("<div>", 100_000) +
			"deep"
	}),
	page("page-of-64-MB", "has a page of 64 MB", func() string { return strings.Repeat("<p>much ", 8<<20) }),
	page("page-that-goes-on", "has a page that goes on to itself by script for ever", func() string {
		return `<script>setTimeout(() => location.href = location.pathname + "?" + Math.random(), 10)</script>`
	}),
	page("page-that-reloads", "has a page that loads itself again before it is there", func() string {
		return `<meta http-equiv=refresh content=0><script>location.reload()</script>`
	}),
	page("page-of-dialogs", "has a page that opens dialogs for ever", func() string {
		return `<script>for (;;) alert("\u001b[2J")</script>`
	}),
	page("page-that-computes", "has a page whose script never ends",
		func() string { return `<script>for (;;);</script>` }),
	page("page-that-grows", "has a page that grows for ever", func() string {
		return `<script>setInterval(() => { for (let i = 0; i < 1000; i++) document.body.append(document.createElement("input")) })</script>`
	}),
	page("page-of-windows", "has a page that opens windows for ever", func() string {
		return `<script>setInterval(() => open(location.href), 10)</script>`
	}),
	page("page-of-control-characters", "has a page whose title and words are escape sequences", func() string {
		return "<title>\x1b[2J\u202etitle\x1b]0;owned\x07</title><h1>\x1b[31m</h1>" +
			"<label>\x1b[2J<input name=\"\x1b[1m\"></label><button>\x1b[0m</button>"
	}),
	{Name: "page-of-bytes", About: "has a page that is no text", On: Page, alter: func(_ *Server, _ *http.Request,
		a *answer) {
		a.become(http.StatusOK, "image/png", "\x89PNG\r\n\x1a\n"+strings.Repeat("\x00\xff\x1b", 10_000))
	}},
	{Name: "page-to-download", About: "has a page to be saved, which never ends", On: Page, write: func(x *spoilt,
		a *answer) bool {
		a.become(http.StatusOK, "application/octet-stream", "")
		a.header.Set("Content-Disposition", `attachment; filename="../../owned"`)
		x.say(a.head(-1) + "\r\n")
		return x.pour("a", "a")
	}},
	{Name: "page-of-cookies", About: "sets 2,000 cookies with its page", On: Page, alter: func(_ *Server,
		_ *http.Request, a *answer) {
		for i := range 2000 {
			a.header.Add("Set-Cookie", fmt.Sprintf("cookie%d=secret-%d; Path=/", i, i))
		}
	}},
	{Name: "decision-without-end", About: "answers a decision with a body that never ends", On: Decision,
		write: func(x *spoilt, a *answer) bool {
			a.status = http.StatusBadRequest
			x.say(a.head(-1) + "\r\n")
			return x.pour("\x1b[2J", "a")
		}},
	{Name: "decision-byte-a-second", About: "answers a decision at one byte a second", On: Decision + Page,
		write: func(x *spoilt, a *answer) bool { return x.drip(a.head(len(a.body)) + "\r\n" + string(a.body)) }},
	{Name: "decision-of-control-characters", About: "refuses a decision in escape sequences", On: Decision,
		alter: func(_ *Server, _ *http.Request, a *answer) {
			a.become(http.StatusBadRequest, "text/plain", "\x1b[2Jno\x1b]0;owned\x07")
		}},
}

func page(name, about string, body func() string) Behaviour {
	return Behaviour{Name: name, About: about, On: Page, alter: func(_ *Server, _ *http.Request, a *answer) {
		a.become(http.StatusOK, "text/html; charset=utf-8", "<!doctype html><body>"+body())
	}}
}
