package strict

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type client struct {
	ID     string `yaml:"id"`
	Secret string `yaml:"secret_env,omitempty"`
}

type inlined struct {
	Scope string `yaml:"scope"`
}

// renamed has a key that was once called otherwise.
type renamed struct {
	Limit int `yaml:"max_in_flight" was:"most"`
}

func TestRenamedKeys(t *testing.T) {
	for doc, want := range map[string]string{
		"most: 3": "", "max_in_flight: 3": "",
		"max_in_flight: 3\nmost: 3": `f.yaml:2: key "most" is the old name of "max_in_flight", which is given too; leave one of them out`,
		"most: 3\nmax_in_flight: 3": `f.yaml:2: key "max_in_flight" is given twice, first on line 1`,
		"mots: 3":                   `f.yaml:1: unknown key "mots"; the nearest known key is "max_in_flight"`,
		"most: x":                   `f.yaml:1: "max_in_flight" must be a whole number; got the text "x"`,
	} {
		var got renamed
		err := Decode([]byte(doc), "f.yaml", &got)
		if want == "" && (err != nil || got.Limit != 3) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %+v, %v, want %s", doc, got, err, want)
		}
	}
}

type level int

func (l *level) UnmarshalText(b []byte) error { *l = level(len(b)); return nil }

type config struct {
	Host    string            `yaml:"host"`
	Port    int               `yaml:"port"`
	Client  *client           `yaml:"client"`
	Others  []client          `yaml:"others"`
	Headers map[string]string `yaml:"headers"`
	MaxWait time.Duration     `yaml:"max_wait"`
	Free    any               `yaml:"free"`
	Level   level             `yaml:"level"`
	inlined `yaml:",inline"`
}

func TestDecode(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"HOST": "h.example", "PORT": "8080", "ID": "0123", "EMPTY": "",
			"TRICK": "a: b\nc: ${HOST}"}[name]
		return v, ok
	}
	for _, test := range []struct {
		name, doc string
		want      config
		problems  []string // one per line of the error, in order
	}{
		{name: "empty document keeps defaults", doc: "# nothing\n", want: config{Host: "default"}},
		{
			name: "every kind of value",
			doc: "host: a\nport: 1\nclient: {id: x}\nothers: [{id: y}]\nheaders: {X-Any: v}\nmax_wait: 3m\nscope: " +
				"s\nlevel: abc\n",
			want: config{Host: "a", Port: 1, Client: &client{ID: "x"}, Others: []client{{ID: "y"}},
				Headers: map[string]string{"X-Any": "v"},
				MaxWait: 3 * time.Minute, inlined: inlined{"s"}, Level: 3},
		},
		{
			name: "unknown keys name line, place and nearest key, all at once",
			doc:  "hots: a\nclient:\n  idd: x\nothers:\n  - secret-env: A\nscpoe: b\n",
			want: config{Host: "default", Client: &client{}, Others: []client{{}}},
			problems: []string{
				`f.yaml:1: unknown key "hots"; the nearest known key is "host"`,
				`f.yaml:3: unknown key "idd" in "client"; the nearest known key is "id"`,
				`f.yaml:5: unknown key "secret-env" in "others[0]"; the nearest known key is "secret_env"`,
				`f.yaml:6: unknown key "scpoe"; the nearest known key is "scope"`,
			},
		},
		{
			name: "a repeated key is refused, in free-form maps too",
			doc:  "host: a\nheaders: {A: '1', A: '2'}\nhost: b\n",
			want: config{Host: "b", Headers: map[string]string{"A": "2"}},
			problems: []string{`f.yaml:2: key "A" is given twice in "headers", first on line 2`,
				`f.yaml:3: key "host" is given twice, first on line 1`},
		},
		{
			name:     "a wrong type names the line",
			doc:      "host: a\nport: many\n",
			want:     config{Host: "a"},
			problems: []string{`f.yaml:2: "port" must be a whole number; got the text "many"`},
		},
		{
			name:     "broken YAML names the line",
			doc:      "host: a\nport: [1\n",
			want:     config{Host: "default"},
			problems: []string{"f.yaml:"},
		},
		{
			name:     "one document only",
			doc:      "host: a\n---\nhost: b\n",
			want:     config{Host: "a"},
			problems: []string{"f.yaml:2: a second YAML document"},
		},
		{
			name: "environment: strings stay strings, numbers become numbers, maps and lists included",
			doc: "host: https://${HOST}/${EMPTY}\nport: ${PORT}\nclient: {id: \"${ID}\"}\nheaders: {X: '$${HOST}'}\nothers: " +
				"[id: $ID]\nscope: ${TRICK}\nfree: [\"${PORT}\"]\n",
			want: config{Host: "https://h.example/", Port: 8080, Client: &client{ID: "0123"},
				Headers: map[string]string{"X": "${HOST}"},
				Others:  []client{{ID: "$ID"}}, inlined: inlined{"a: b\nc: ${HOST}"}, Free: []any{"8080"}},
		},
		{
			name:     "an unset variable is named",
			doc:      "host: a\nscope: ${NOWHERE}\n",
			want:     config{Host: "a"},
			problems: []string{`f.yaml:2: environment variable "NOWHERE" is not set`},
		},
		{
			name: "anchors and merge keys",
			doc:  "client: &c {id: x}\nothers: [*c, {<<: *c, secret_env: E}]\n",
			want: config{Host: "default", Client: &client{ID: "x"}, Others: []client{{ID: "x"}, {ID: "x", Secret: "E"}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := config{Host: "default"}
			err := Decode([]byte(test.doc), "f.yaml", &got, ExpandEnv(env))
			if d := cmp.Diff(test.want, got, cmp.AllowUnexported(config{}, inlined{})); d != "" {
				t.Errorf("decoded (-want +got):\n%s", d)
			}
			var lines []string
			if err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(test.problems) {
				t.Fatalf("problems = %q, want %q", lines, test.problems)
			}
			for i, want := range test.problems {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("problem %d = %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

// TestMisfits gives every kind of value what does not belong there. No error may
// speak of Go, or repeat what a variable holds.
func TestMisfits(t *testing.T) {
	type shaped struct {
		config   `yaml:",inline"`
		Numbers  []int             `yaml:"numbers"`
		Names    []string          `yaml:"names"`
		Yes      bool              `yaml:"yes"`
		Share    float64           `yaml:"share"`
		Seed     uint64            `yaml:"seed"`
		Any      map[string]any    `yaml:"any"`
		Nested   map[string]client `yaml:"nested"`
		Optional *int              `yaml:"optional"`
	}
	env := func(string) (string, bool) { return "s3cret", true }
	for doc, want := range map[string]string{
		"client: tv\n":                 `f:1: "client" must be a mapping like {id: …, secret_env: …}; got the text "tv"`,
		"client: [a]\n":                `f:1: "client" must be a mapping like {id: …, secret_env: …}; got a list`,
		"host: {a: b}\n":               `f:1: "host" must be a text; got a mapping`,
		"host: [a]\n":                  `f:1: "host" must be a text; got a list`,
		"port: many\n":                 `f:1: "port" must be a whole number; got the text "many"`,
		"port: 1.5\n":                  `f:1: "port" must be a whole number; got 1.5`,
		"port: 99999999999999999999\n": `f:1: "port" must be a whole number; got 99999999999999999999`,
		"seed: -1\n":                   `f:1: "seed" must be a whole number that is not negative; got -1`,
		"share: x\n":                   `f:1: "share" must be a number; got the text "x"`,
		"yes: perhaps\n":               `f:1: "yes" must be true or false; got the text "perhaps"`,
		"others: {id: a}\n":            `f:1: "others" must be a list like [{id: …, secret_env: …}]; got a mapping`,
		"others: [a]\n":                `f:1: "others[0]" must be a mapping like {id: …, secret_env: …}; got the text "a"`,
		"numbers: 5\n":                 `f:1: "numbers" must be a list of numbers like [1, 2]; got 5`,
		"numbers: [x]\n":               `f:1: "numbers[0]" must be a whole number; got the text "x"`,
		"names: a\n":                   `f:1: "names" must be a list like [one, two]; got the text "a"`,
		"headers: x\n":                 `f:1: "headers" must be a mapping like {name: value}; got the text "x"`,
		"headers: {a: [b]}\n":          `f:1: "headers.a" must be a text; got a list`,
		"any: x\n":                     `f:1: "any" must be a mapping like {name: value}; got the text "x"`,
		"nested: {a: b}\n":             `f:1: "nested.a" must be a mapping like {id: …, secret_env: …}; got the text "b"`,
		"optional: x\n":                `f:1: "optional" must be a whole number; got the text "x"`,
		"max_wait: 30\n":               `f:1: "max_wait" must be a time such as 90s or 3m; got 30`,
		"max_wait: soon\n":             `f:1: "max_wait" must be a time such as 90s or 3m; got the text "soon"`,
		"level: [a]\n":                 `f:1: "level" must be a text; got a list`,
		"port: ${SECRET}\n":            `f:1: "port" must be a whole number; got the text "${SECRET}"`,
		"host: a\n? [b]\n: c\n":        `f:2: "a key" must be a text; got a list`,
		"- a\n":                        `f:1: the file must be a mapping like {numbers: …, names: …, yes: …, …}; got a list`,
		"words\n":                      `f:1: the file must be a mapping like {numbers: …, names: …, yes: …, …}; got the text "words"`,
	} {
		var got shaped
		err := Decode([]byte(doc), "f", &got, ExpandEnv(env))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", doc, err, want)
		}
	}
}

func TestBlanks(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"EMPTY": "", "SPACES": " \t", "SET": "x"}[name]
		return v, ok
	}
	for doc, want := range map[string]string{
		"host: \"\"\n":                     `f:1: "host" is empty; give it a value, or leave the key out`,
		"host: '  '\n":                     `f:1: "host" is empty; give it a value, or leave the key out`,
		"host:\n":                          `f:1: "host" is empty; give it a value, or leave the key out`,
		"host: null\n":                     `f:1: "host" is empty; give it a value, or leave the key out`,
		"others: [{id: a}, {id: ''}]\n":    `f:1: "others[1].id" is empty; give it a value, or leave the key out`,
		"host: ${EMPTY}\n":                 `f:1: environment variable "EMPTY" is empty, and nothing else stands there`,
		"host: \"${SPACES}${EMPTY}\"\n":    `f:1: environment variable "EMPTY" is empty, and nothing else stands there`,
		"headers: {X: \"${EMPTY}\"}\n":     `f:1: environment variable "EMPTY" is empty, and nothing else stands there`,
		"host: ${SET}${EMPTY}\nscope: s\n": "",
		"client: {secret_env: ''}\n":       "", // excepted
		"headers: {X: ''}\n":               "", // free form
		"client:\n":                        "", // its keys are commented out
	} {
		var got config
		err := Decode([]byte(doc), "f", &got, ExpandEnv(env), NoBlanks("client"))
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: %v\nwant %s", doc, err, want)
		}
	}
}

func TestDecodeWithoutExpansion(t *testing.T) {
	var c config
	if err := Decode([]byte("host: ${HOST}\n"), "f.yaml", &c); err != nil || c.Host != "${HOST}" {
		t.Errorf("host = %q, %v; a reference is ordinary text unless ExpandEnv is given", c.Host, err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"DF-POLL-003", "DF-POLL-013", "DF-SEC-003", "host", "hsat"}
	for word, want := range map[string]string{
		"DF-POLL-03":  "DF-POLL-003", // one letter dropped
		"df-sec-003":  "DF-SEC-003",  // case is free
		"hsot":        "host",        // neighbours swapped are one edit, as the one to "hsat" is
		"DF-POLL-023": "DF-POLL-003", // the first of equals
		"host":        "host",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("nearest of nothing = %q", got)
	}
}

func TestAliasesAreWalkedOnce(t *testing.T) {
	// Nine levels of nine references each: walked naively, 9^9 visits.
	doc := "free:\n  - &a0 [x]\n"
	for i := 1; i < 10; i++ {
		prev := "*a" + string(rune('0'+i-1))
		doc += "  - &a" + string(rune('0'+i)) + " [" + strings.TrimSuffix(strings.Repeat(prev+",", 9), ",") + "]\n"
	}
	done := make(chan error, 1)
	go func() {
		var c config
		done <- Decode([]byte(doc), "f.yaml", &c)
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("an alias bomb was accepted")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("an alias bomb keeps the decoder busy")
	}
}
