package strict

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// JSON is an error of encoding/json in words of the document: which member does not
// fit, not which Go type it was read into.
func JSON(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("it is a JSON %s", wrong.Value)
		}
		return fmt.Errorf("its member %q is a JSON %s, which does not belong there", wrong.Field, wrong.Value)
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}
