package approve

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
)

// FuzzPage: whatever page a server shows, a recipe goes on or says why not, in words
// that a terminal can show and without what the page keeps from sight.
func FuzzPage(f *testing.F) {
	for _, page := range []string{scripted,
		`<form action="/x" method=post><input name=user_code><input type=hidden name=csrf value="a secret of it"><button>Continue</button></form>`,
		`<table><form id=a><tr><td><input form=a type=radio name=r value=1><select name=s><option>x</select></form>`,
		`<label for=a>Code</label><input id=a><a href="javascript:x()">Go</a><a href="http://[::1">Go</a>`,
		`<base href="file:///"><form action="?"><input type=image name=i formmethod=get formaction="//b.example"></form>`,
		"<title>\x1b[2J</title><template><button>Allow</button></template>", "<button form=b>Allow", "\x00", ""} {
		f.Add(page, "user_code", "Continue")
	}
	u, err := url.Parse("https://a.example/device?x=1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, field, button string) {
		p, err := readPage(u, 200, strings.NewReader(text))
		if err != nil {
			return
		}
		p.hides("a secret of it")
		for _, said := range []string{p.describe(), p.says(), p.name(), p.address()} {
			if strings.ContainsFunc(said, unicode.IsControl) || strings.Contains(said, "a secret of it") {
				t.Errorf("told: %q", said)
			}
			if len(said) > 64<<10 {
				t.Errorf("%d bytes are told", len(said))
			}
		}
		if c := p.field(field); c != nil {
			_ = p.fill(c, "AB-CD")
		}
		if c := p.button(button, []string{field}); c != nil {
			if req, err := p.submit(t.Context(), c); err == nil && req.Method != http.MethodGet &&
				req.Method != http.MethodPost {
				t.Errorf("a form sends %s", req.Method)
			}
		}
		p.has(button)
		d := &drafter{Draft: &Draft{}, v: Verification{UserCode: "AB"}}
		d.fields(p)
		d.hidden(p)
		d.finish()
		needsScripts(p)
	})
}
