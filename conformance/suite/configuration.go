package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
)

// prepared is a suite before anything is sent.
type prepared struct {
	Options
	config  *conformance.Config
	run     conformance.Options
	ids     []string // to choose from
	session *session
}

// prepare reads what the options name. It sends nothing.
func (o Options) prepare(t *testing.T) (*prepared, error) {
	c, err := o.configuration(t)
	if err != nil {
		return nil, err
	}
	p := &prepared{Options: o, config: c, run: c.Options(o.Conformance),
		session: &session{gate: reports.ExitOptions{FailOnWarning: o.FailOnWarning, Strict: o.Strict}}}
	var errs []error
	if c.Approve.Kind == "prompt" && o.Approver == nil {
		errs = append(errs, errors.New("approve.kind is prompt, which asks a person, and a test has no terminal: "+
			"let a program decide (form, browser, http or exec), or run dfcheck conformance"))
	}
	if o.Handler != nil && c.Host != "" {
		errs = append(errs, fmt.Errorf("the host is %q and a Handler is given: the server is one or the other", c.Host))
	}
	if o.Handler == nil && c.Host == "" && (o.File != "" || o.Config != nil) {
		errs = append(errs, errors.New("the configuration names no server: give it a host:, or the Options a Handler"))
	}
	if c.Waivers != "" {
		p.session.waivers, err = waiver.Read(c.Waivers)
		errs = append(errs, err)
	}
	chosen, err := conformance.Select(checks.All(), p.run)
	for _, c := range chosen {
		p.ids = append(p.ids, c.ID)
	}
	return p, errors.Join(append(errs, err)...)
}

// configuration is that of the file or of the code, and goes to where the file's
// names are found from.
func (o Options) configuration(t *testing.T) (*conformance.Config, error) {
	switch {
	case o.File != "" && o.Config != nil:
		return nil, errors.New("both a File and a Config are given: name one of them")
	case o.Config != nil:
		c := *o.Config
		return &c, nil
	case o.File == "":
		return &conformance.Config{}, nil
	}
	folder, err := folderOf(o.File)
	if err != nil {
		return nil, err
	}
	t.Chdir(folder)
	return conformance.ReadConfig(o.File)
}

// folderOf is the folder from which a path is found: that of the test, or the
// nearest above it within the module. An absolute path is found from its own.
func folderOf(file string) (string, error) {
	if filepath.IsAbs(file) {
		return filepath.Dir(file), nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, file)); err == nil {
			return folder, nil
		}
		_, err := os.Stat(filepath.Join(folder, "go.mod"))
		if err == nil || folder == filepath.Dir(folder) {
			return "", fmt.Errorf("there is no %s in %s or above it, up to %s", file, here, folder)
		}
	}
}
