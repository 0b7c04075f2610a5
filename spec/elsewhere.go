package spec

import (
	"context"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// elsewhere notes, in one line, what is wrong with a document beyond what was
// needed of it.
func (d *document) elsewhere(data []byte) {
	n, first := mistakes(data)
	switch {
	case n == 1:
		d.note("the document has a mistake that changes nothing here: %s", first)
	case n > 1:
		d.note("the document has %d mistakes that change nothing here, the first: %s", n, first)
	}
}

// mistakes counts what a strict reader finds. The library may panic on what no
// document should hold, and its verdict is worth a note only.
func mistakes(data []byte) (n int, first string) {
	defer func() {
		if recover() != nil {
			n, first = 1, "something in it is empty that must not be"
		}
	}()
	t, err := openapi3.NewLoader().LoadFromData(data)
	if err == nil {
		err = t.Validate(context.Background(), openapi3.AllowExtraSiblingFields("pathItems"), openapi3.EnableMultiError(),
			openapi3.DisableSchemaPatternValidation(), openapi3.DisableExamplesValidation())
	}
	if err == nil {
		return 0, ""
	}
	if many, ok := err.(openapi3.MultiError); ok && len(many) > 0 {
		return len(many), firstLine(many[0]).Error()
	}
	return 1, firstLine(err).Error()
}

func (d *document) note(format string, args ...any) {
	d.notes = append(d.notes, shorten(fmt.Sprintf(format, args...), 400))
}
