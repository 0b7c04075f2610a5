package reports

import (
	"bytes"
	"io"
)

// A Guard reads what is about to be written, a whole file or what goes to a
// stream at once, and returns an error for what nobody may see. Nothing of it is
// written then. A nil Guard lets everything pass.
type Guard func(name string, text []byte) error

// Over is write behind the guard. name is what is written, for the error.
func (g Guard) Over(name string, write func(io.Writer) error) func(io.Writer) error {
	if g == nil {
		return write
	}
	return func(w io.Writer) error {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if err := g(name, b.Bytes()); err != nil {
			return err
		}
		_, err := b.WriteTo(w)
		return err
	}
}

// Writer is w behind the guard, for text that is written piece by piece: each
// piece is read by itself, so a secret must not be cut in two by the caller.
func (g Guard) Writer(name string, w io.Writer) io.Writer {
	if g == nil {
		return w
	}
	return guarded{g, name, w}
}

type guarded struct {
	guard Guard
	name  string
	w     io.Writer
}

func (w guarded) Write(text []byte) (int, error) {
	if err := w.guard(w.name, text); err != nil {
		return 0, err
	}
	return w.w.Write(text)
}
