//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// replacements are what stands in for parts of the HTTP client, by build tag: each
// part has to earn its lines.
var replacements = []string{"hostclient", "nosendrecv", "noraw"}

// client measures dfcheck with and without its own HTTP client, its way of sending
// and receiving in one go, and its system calls that the scheduler is not told of.
func (b *bench) client() error {
	s, err := b.serve("-interval", "5")
	if err != nil {
		return err
	}
	defer s.stop()
	for _, tag := range replacements {
		if err := b.buildWith(tag); err != nil {
			return err
		}
	}
	for _, at := range []struct {
		name    string
		devices int
	}{{"10k", 50_000}, {"max", 800_000}} {
		ours, _, err := b.crowd(s, at.devices, 12*time.Second)
		if err != nil {
			return err
		}
		for _, tag := range replacements {
			theirs, _, err := b.crowdOf("dfcheck-"+tag, s, at.devices, 12*time.Second)
			if err != nil {
				return fmt.Errorf("%s: %w", tag, err)
			}
			b.note(tag+"-"+at.name, theirs.perRequest()/ours.perRequest())
		}
	}
	return nil
}

// buildWith makes dfcheck with a build tag.
func (b *bench) buildWith(tag string) error {
	name := "dfcheck-" + tag
	if b.tools[name] != "" {
		return nil
	}
	path := filepath.Join(b.lab, name)
	if out, err := exec.Command("go", "build", "-tags", tag, "-o", path, "./cmd/dfcheck").CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	b.tools[name] = path
	return nil
}
