package conformance

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// line is one line of a saved transcript: exactly one member is set.
type line struct {
	Header   *Header                `json:"header,omitempty"`
	Exchange *Exchange              `json:"exchange,omitempty"`
	Event    *Event                 `json:"event,omitempty"`
	Secret   *namedSecret           `json:"secret,omitempty"`
	Pools    map[string]traits.Pool `json:"pools,omitempty"`
}

type namedSecret struct {
	Name string `json:"name"`
	traits.Secret
}

// Save writes a transcript as JSON lines, the header first. It holds no secret.
func (t *Transcript) Save(w io.Writer) error {
	enc := json.NewEncoder(w)
	lines := []line{{Header: &t.Header}}
	for _, x := range t.Exchanges {
		lines = append(lines, line{Exchange: x})
	}
	for i := range t.Events {
		lines = append(lines, line{Event: &t.Events[i]})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Secrets)) {
		lines = append(lines, line{Secret: &namedSecret{name, t.Secrets[name]}})
	}
	lines = append(lines, line{Pools: t.Pools})
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// maxLine bounds a line of a saved transcript, in bytes.
const maxLine = 4 << 20

// Load reads a saved transcript. Errors name the line.
func Load(r io.Reader) (*Transcript, error) {
	t := &Transcript{Secrets: map[string]traits.Secret{}}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	for n := 1; sc.Scan(); n++ {
		var l line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d is not a line of a transcript: %w", n, strict.JSON(err))
		}
		if n == 1 && (l.Header == nil || l.Header.Schema != TranscriptSchema) {
			return nil, fmt.Errorf("line 1 does not say %q: not a transcript, or one of another version", TranscriptSchema)
		}
		if l.Event != nil && (l.Event.Kind == EventDecision) != (l.Event.Decision != nil) {
			return nil, fmt.Errorf("line %d is no event: what was decided belongs to a decision", n)
		}
		t.take(l)
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	if t.Header.Schema == "" {
		return nil, fmt.Errorf("the transcript is empty")
	}
	return t, nil
}

// formerNames are scenarios by the names that older transcripts have.
var formerNames = map[string]string{"pollForms of a form": "spellings of a form"}

// formerSteps are steps by the names that older transcripts have.
var formerSteps = map[string]string{
	"with letters of the other case, of one case":   "with upper and lower case swapped, in a code of one case",
	"with letters of the other case, of both cases": "with upper and lower case swapped, in a code of both cases",
	"with a line break behind it":                   "with a line break after it",
}

func (t *Transcript) take(l line) {
	switch {
	case l.Header != nil:
		t.Header = *l.Header
	case l.Exchange != nil:
		l.Exchange.Scenario = cmp.Or(formerNames[l.Exchange.Scenario], l.Exchange.Scenario)
		l.Exchange.Step = cmp.Or(formerSteps[l.Exchange.Step], l.Exchange.Step)
		l.Exchange.lenient = &t.Header.Target.Lenient
		if r := l.Exchange.Response; r != nil {
			r.reading = read(r.Body)
		}
		t.Exchanges = append(t.Exchanges, l.Exchange)
	case l.Event != nil:
		l.Event.Scenario = cmp.Or(formerNames[l.Event.Scenario], l.Event.Scenario)
		t.Events = append(t.Events, *l.Event)
	case l.Secret != nil:
		t.Secrets[l.Secret.Name] = l.Secret.Secret
	case l.Pools != nil:
		t.Pools = l.Pools
	}
}
